"""Replays, as lines for a person."""

from collections.abc import Iterator

from stream_pool.cli.replay.offline import Outcome
from stream_pool.incident.offline_figures import AnomalyFigure, Figures
from stream_pool.words import duration, ratio, seconds, size


def offline_to_text(outcome: Outcome) -> str:
    """The lines that a replay with no broker ends with."""
    surveyed, played = outcome.surveyed, outcome.played
    traffic = f"{duration(surveyed.span_s)} of traffic in {outcome.took_s:.1f} s"
    if outcome.speed is None:
        traffic = f"a part of {traffic}: nobody was left to read"
    else:
        traffic += f", {outcome.speed:.0f} x real time"
    lines = [
        f"{played.records:,} records of {outcome.file} through {outcome.app}"
        f" ({outcome.workers} worker{'s' * (outcome.workers > 1)}): {traffic}",
        *(f"  {name:<11}{told}" for name, told in _figures(played.figures)),
    ]
    lines += [f"  left out   {surveyed.left_out:,}: not chosen by --only"] * bool(surveyed.left_out)
    lines += surveyed.missing.lines()
    lines += [f"worker {fault.worker} stopped: {fault.reason}: {fault.message}" for fault in played.faults]
    if played.damage is not None:
        lines.append(f"damaged: {outcome.file}, {played.damage}; what stood before it was replayed")
    if outcome.out is not None:
        lines.append(f"the log is in {outcome.out}; stream-pool verify {outcome.out} proves it")
    return "\n".join(lines)


def _figures(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "outcomes", ", ".join(f"{name} {count:,}" for name, count in figures.outcomes.items())
    if figures.redelivered:
        yield "again", f"{figures.redelivered:,} were delivered more than once, and count once"
    drained = (
        "never drained" if figures.drain_s is None else f"drained {figures.drain_s:.0f} s after the last"
    )
    yield "lag", f"{figures.lag_peak_records:,} at {duration(figures.lag_peak_at_s)}, {drained}"
    yield "latency", f"P50 {seconds(figures.latency_p50_s)}, P99 {seconds(figures.latency_p99_s)}"
    if figures.pool_hit_ratio is not None:
        hits, strings = ratio(figures.pool_hit_ratio), size(figures.pool_bytes_peak)
        yield "pool", f"{hits} hits, {figures.pool_capacity_peak:,} entries, {strings}"
    for anomaly in figures.anomalies:
        yield "anomaly", anomaly_line(anomaly)
    if not figures.anomalies:
        yield "anomalies", "none"


def anomaly_line(anomaly: AnomalyFigure) -> str:
    """One anomaly: what, of whom, from when to when."""
    until = "the end" if anomaly.resolved_s is None else duration(anomaly.resolved_s)
    return (
        f"{anomaly.severity} {anomaly.rule} of {anomaly.subject} ({anomaly.diagnosis}),"
        f" {duration(anomaly.opened_s)} to {until}"
    )
