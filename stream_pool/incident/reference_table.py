"""The reference incident's two tables as text, the same on a terminal and on a page."""

from stream_pool.incident.reference_findings import Figure, Row
from stream_pool.words import UNKNOWN, clock

ROW_HEAD = ("what", "story", "in the log", "by", "ahead")
FIGURE_HEAD = ("figure", "story", "run", "")


def row_cells(row: Row) -> tuple[str, ...]:
    """A line of the story, under `ROW_HEAD`."""
    by = f"{row.severity} {row.rule}" if row.severity else ("no rule" if row.rule is None else UNKNOWN)
    ahead = UNKNOWN
    if row.rule is not None and row.story_s is not None and row.found_s is not None:
        ahead_s = int(row.story_s) - int(row.found_s)  # of the whole seconds that stand beside it
        sign = "-" if ahead_s < 0 else ""
        ahead = f"{sign}{abs(ahead_s) // 60}:{abs(ahead_s) % 60:02}"
    story = "not told" if row.story_s is None else clock(row.story_s)
    return (row.what, story, clock(row.found_s), by, ahead)


def figure_cells(figure: Figure) -> tuple[str, ...]:
    """A figure of the story and of the run, under `FIGURE_HEAD`."""
    told, run = (_value(value, figure.unit) for value in (figure.story, figure.run))
    return (figure.what, told, run, "" if figure.close else "not the story's")


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return f"{value:.3%}" if value < 0.01 else f"{value:.1%}"
    return f"{value:.2f} s" if unit == "s" else f"{value:,.0f}"
