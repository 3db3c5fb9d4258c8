"""The reference incident's end: when the story tells of each thing, and when the log did."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stream_pool.cli import render_verify
from stream_pool.cli.table import table
from stream_pool.detection.verdict import Verdict, Verified
from stream_pool.events import AnomalyOpened
from stream_pool.incident.reference import LAG_STORY_S, Story
from stream_pool.incident.reference_findings import Figure, Findings, Row
from stream_pool.incident.reference_run import Played
from stream_pool.incident.reference_table import FIGURE_HEAD, ROW_HEAD, figure_cells, row_cells
from stream_pool.words import clock


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that came to its end in `took_s` of real time; the log went `out`, where one was asked for."""

    story: Story
    played: Played
    findings: Findings
    verdict: Verdict
    took_s: float
    out: Path | None

    @property
    def rows(self) -> list[Row]:
        return self.findings.rows()

    @property
    def figures(self) -> list[Figure]:
        return self.findings.figures(self.played.orders)

    @property
    def complete(self) -> bool:
        """All was found before a person did, the figures are the story's, and the log proves itself."""
        found = all(row.found_s is not None for row in self.rows)
        ahead = all(row.ahead_s is None or row.ahead_s >= 0 for row in self.rows if row.rule)
        close = all(figure.close for figure in self.figures)
        return found and ahead and close and isinstance(self.verdict, Verified)

    @property
    def speed(self) -> float:
        """The story's minutes since T+00:00 as a multiple of the real time that everything took."""
        return (self.story.until_s - LAG_STORY_S) / self.took_s


def to_text(outcome: Outcome) -> str:
    """The page."""
    played, story = outcome.played, outcome.story
    scaled = "" if story.scale == 1 else f" at scale {story.scale:g}"
    lines = [
        f"the reference incident{scaled}: {played.handled:,} orders decoded, {played.orders:,} since T+00:00,"
        f" {clock(story.until_s)} in {outcome.took_s:.0f} s of real time ({outcome.speed:.1f} x)",
        "",
        table(ROW_HEAD, [row_cells(row) for row in outcome.rows]),
        "",
        table(FIGURE_HEAD, [figure_cells(figure) for figure in outcome.figures]),
        "",
        _others(outcome),
        *render_verify.to_text(render_verify.Outcome("this log", outcome.verdict)).splitlines(),
    ]
    if outcome.out is not None:
        lines += ["", f"the log is in {outcome.out}; stream-pool verify {outcome.out} proves it again"]
    return "\n".join(lines)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The object that `--json` prints; times are seconds from T+00:00."""
    played, story = outcome.played, outcome.story
    return {
        "scale": story.scale,
        "handled": played.handled,
        "orders": played.orders,
        "virtual_s": played.virtual_s,
        "took_s": round(outcome.took_s, 2),
        "real_time_factor": round(outcome.speed, 2),
        "complete": outcome.complete,
        "rows": [asdict(row) | {"ahead_s": row.ahead_s} for row in outcome.rows],
        "figures": [asdict(figure) for figure in outcome.figures],
        "anomalies": [
            {
                "at_s": at_s,
                "event": "opened" if isinstance(anomaly, AnomalyOpened) else "resolved",
                "rule": anomaly.rule,
                "subject": anomaly.subject,
                "severity": anomaly.severity,
            }
            for at_s, anomaly in outcome.findings.anomalies
        ],
        "verify": render_verify.to_json(render_verify.Outcome("this log", outcome.verdict)),
        "out": None if outcome.out is None else str(outcome.out),
    }


def _others(outcome: Outcome) -> str:
    told = {(row.rule, row.subject) for row in outcome.rows}
    rules: dict[str, int] = {}
    for _, anomaly in outcome.findings.anomalies:
        if isinstance(anomaly, AnomalyOpened) and (anomaly.rule, anomaly.subject) not in told:
            rules[anomaly.rule] = rules.get(anomaly.rule, 0) + 1
    counts = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items())) or "none"
    return f"other anomalies: {counts}"
