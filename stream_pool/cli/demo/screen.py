"""The demo for a terminal: one screen that is drawn again and again."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stream_pool import words
from stream_pool.cli.demo.model import View

BARS = " ▁▂▃▄▅▆▇█"
CURVE_POINTS = 60
HAPPENINGS_MIN = 3
ROWS_OF_THE_REST = 21
STYLES = {
    "phase": "bold cyan",
    "opened": "bold red",
    "resolved": "green",
    "pool": "magenta",
    "lost": "bold red",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not change while the demo runs."""

    broker: str
    metrics_url: str
    scaling: str
    orders: int
    lag_threshold_records: int


def screen(view: View, setting: Setting, rows: int) -> RenderableType:
    """The whole screen at one moment; as many of the last happenings as `rows` lines have room for."""
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    head.add_row(
        Text(f"{words.clock(view.at_s)}  {view.phase}", style="bold cyan"),
        ProgressBar(total=setting.orders, completed=view.sent),
        Text(f"{view.sent:,} of {setting.orders:,} orders sent"),
    )
    figures = Table.grid(expand=True, padding=(0, 2))
    figures.add_column(ratio=1)
    figures.add_column(ratio=1)
    figures.add_row(_worker(view, setting), _pool(view))
    return Panel(
        Group(
            head,
            Text(),
            figures,
            _lag_curve(view, setting),
            Text(),
            _happenings(view, max(HAPPENINGS_MIN, rows - ROWS_OF_THE_REST)),
            Text(),
            _foot(setting),
        ),
        title="stream-pool demo",
        subtitle=Text(f"{setting.broker} · {setting.metrics_url}"),
    )


def curve(values: tuple[int, ...], points: int = CURVE_POINTS) -> str:
    """The last values as a row of bars, the highest of them full; anything above 0 is seen."""
    shown = values[-points:]
    top = max(shown, default=0)
    if not top:
        return BARS[0] * len(shown)
    return "".join(BARS[-(-value * (len(BARS) - 1) // top)] for value in shown)


def _lag_curve(view: View, setting: Setting) -> Text:
    line = Text("lag ", style="dim")
    return line.append(curve(view.lag_history), style=_lag_style(view, setting))


def _lag_style(view: View, setting: Setting) -> str:
    over = view.lag_records is not None and view.lag_records > setting.lag_threshold_records
    return "bold red" if over else "green"


def _figures(title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _worker(view: View, setting: Setting) -> Table:
    table = _figures("worker")
    lag = f"{words.count(view.lag_records)} records, {words.seconds(view.lag_seconds)}"
    table.add_row("in", f"{words.count(view.sent_per_s)} records/s")
    table.add_row("out", f"{words.count(view.processed_per_s)} records/s")
    table.add_row("lag", Text(lag, style=_lag_style(view, setting)))
    table.add_row("p99 poll to done", words.seconds(view.p99_s))
    table.add_row("dead letters", words.count(view.dead_letters))
    table.add_row("memory", words.size(view.rss_bytes))
    return table


def _pool(view: View) -> Table:
    pool = view.pool
    table = _figures("pool")
    table.add_row("hit ratio", words.ratio(pool.hit_ratio))
    table.add_row("lookups", f"{words.count(pool.lookups_per_s)}/s")
    table.add_row("size", f"{words.count(pool.size)} of {words.count(pool.capacity)}")
    table.add_row("evicted", words.count(pool.evictions))
    table.add_row("shapes", words.count(pool.shapes))
    return table


def _happenings(view: View, shown: int) -> Table:
    table = _figures("what happened")
    for happening in view.happenings[-shown:]:
        line = Text(happening.text, style=STYLES[happening.kind], no_wrap=True, overflow="ellipsis")
        table.add_row(words.clock(happening.at_s), line)
    return table


def _foot(setting: Setting) -> Text:
    return Text(setting.scaling, style="dim italic")
