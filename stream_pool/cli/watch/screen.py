"""One worker for a terminal, from 80 columns and 24 lines on; more of it where there is room."""

from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stream_pool import words
from stream_pool.cli.demo.screen import curve
from stream_pool.cli.watch.figures import Figures, TopicFigures

WIDE = 120
"""From so many columns on dead letters are told by reason, and the event log has a box."""
FRAME = 4
ROWS_FIXED = 16
"""Lines that all but the topics and the log take."""
LOG_ROWS_MIN = 3


@dataclass(frozen=True, slots=True)
class Place:
    """What does not change while the worker runs."""

    group: str
    worker: str
    broker: str
    web: str
    lag_threshold_records: int
    memory_limit_bytes: int


def screen(figures: Figures, place: Place, log: tuple[str, ...], width: int, rows: int) -> RenderableType:
    """The whole screen; `log` has the last lines of it, of which as many are shown as `rows` has room for."""
    wide = width >= WIDE
    shown = log[-max(LOG_ROWS_MIN, rows - ROWS_FIXED - len(figures.topics)) :]
    lower: list[RenderableType] = [_beside(_pool(figures), _memory(figures, place)), _event_line(figures)]
    if wide:
        lower = [_beside(_pool(figures), _memory(figures, place), _event_log(figures))]
    return Panel(
        Group(
            _head(figures),
            _topics(figures, place, wide=wide),
            _curve(figures, place, width),
            Text(),
            *lower,
            Text(),
            *map(_log_line, shown),
        ),
        title=f"stream-pool worker · {place.group}",
        subtitle=Text(f"{place.worker} · {place.broker} · {place.web}", overflow="ellipsis", no_wrap=True),
    )


def _log_line(line: str) -> Text:
    text = Text.from_ansi(line, no_wrap=True, overflow="ellipsis")
    text.stylize("dim")
    return text


def _head(figures: Figures) -> Text:
    head = Text(f"up {words.duration(figures.uptime_s)}  ")
    if figures.health.healthy:
        head.append("ready", style="bold green")
    for _, detail in figures.health.reasons:
        head.append(f"not ready: {detail}  ", style="bold red")
    open_anomalies = figures.snapshot.anomalies_open
    if open_anomalies is None:
        return head.append("  anomalies: another detector's", style="dim")
    told = ", ".join(f"{rule} ({severity})" for (rule, severity), count in open_anomalies.items() if count)
    return head.append(f"  {told}" if told else "  no anomaly", style="bold red" if told else "green")


def _topics(figures: Figures, place: Place, *, wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False)
    table.add_column("topic", ratio=1, no_wrap=True, overflow="ellipsis")
    for name in ("parts", "records/s", "lag", "behind", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("dead letters" if wide else "dead", justify="right", no_wrap=not wide)
    if wide:
        table.add_column("done", justify="right", no_wrap=True)
    for topic in figures.topics:
        over = topic.lag_records is not None and topic.lag_records > place.lag_threshold_records
        cells: list[RenderableType] = [
            Text(topic.topic + (" (paused)" if topic.paused else ""), style="yellow" if topic.paused else ""),
            Text(words.count(topic.partitions)),
            Text(words.count(topic.records_per_s)),
            Text(words.count(topic.lag_records), style="bold red" if over else "green"),
            Text(words.seconds(topic.lag_seconds)),
            Text(words.seconds(topic.p99_s)),
            _letters(topic, wide=wide),
        ]
        table.add_row(*cells, *(Text(words.count(topic.records)) for _ in range(wide)))
    if not figures.topics:
        table.add_row(Text("no partition yet", style="dim"))
    return table


def _letters(topic: TopicFigures, *, wide: bool) -> Text:
    total = sum(topic.dead_letters.values())
    told = words.letters_by_reason(tuple(topic.dead_letters.items())) if wide else words.count(total)
    return Text(told, style="yellow" if total else "dim")


def _curve(figures: Figures, place: Place, width: int) -> Text:
    points = max(10, width - FRAME - len("lag "))
    over = bool(figures.lag_curve) and figures.lag_curve[-1] > place.lag_threshold_records
    line = Text("lag ", style="dim")
    return line.append(curve(figures.lag_curve, points), style="bold red" if over else "green")


def _beside(*boxes: RenderableType) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    for _ in boxes:
        grid.add_column(ratio=1)
    grid.add_row(*boxes)
    return grid


def _box(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(style="dim", no_wrap=True, min_width=10)
    table.add_column(overflow="fold")
    return table


def _pool(figures: Figures) -> Table:
    table = _box("pool")
    pool = figures.snapshot.pool
    if pool is None:
        table.add_row("", Text("this decoder has none", style="dim"))
        return table
    stats = pool.stats
    table.add_row("hit ratio", f"{words.ratio(figures.hit_ratio)} of {words.count(figures.lookups_per_s)}/s")
    table.add_row("entries", f"{words.count(stats.size)} of {words.count(stats.capacity)}")
    table.add_row("shapes", words.count(stats.shapes))
    table.add_row("bytes", f"{words.size(stats.bytes)}, {words.count(stats.evictions)} evicted")
    return table


def _memory(figures: Figures, place: Place) -> Table:
    table = _box("memory")
    sample = figures.snapshot.memory
    limit = sample.limit_bytes or place.memory_limit_bytes
    rss = sample.rss_bytes
    table.add_row("resident", f"{words.size(rss)} of {words.size(limit)}")
    table.add_row("", ProgressBar(total=limit, completed=min(rss or 0, limit), width=24))
    table.add_row("collector", f"{words.ratio(figures.gc_s_per_s)} of the time")
    table.add_row("longest", words.seconds(figures.snapshot.gc.max_s))
    return table


def _event_line(figures: Figures) -> Text:
    events, snapshot = figures.snapshot.events, figures.snapshot
    told = f"{words.count(events.written)} events, {words.count(snapshot.commits)} commits"
    line = Text(f"{told}, {words.count(snapshot.rebalances)} rebalances", style="dim")
    lost = f", {words.count(events.lost)} events lost" if events.lost else ""
    failed = f", {words.count(snapshot.commit_failures)} commits failed" if snapshot.commit_failures else ""
    return line.append(lost + failed, style="bold red")


def _event_log(figures: Figures) -> Table:
    table = _box("event log")
    events, snapshot = figures.snapshot.events, figures.snapshot
    table.add_row("events", f"{words.count(events.written)} written, {words.count(events.buffered)} wait")
    table.add_row("lost", Text(words.count(events.lost), style="bold red" if events.lost else ""))
    table.add_row(
        "commits", f"{words.count(snapshot.commits)}, {words.count(snapshot.commit_failures)} failed"
    )
    table.add_row("rebalances", words.count(snapshot.rebalances))
    return table
