"""What changed, as far as the log can know: rules, lives of workers, pools, payloads, layouts.

The log does not carry what was deployed. A deploy shows as new lives of workers, and by what comes after.
"""

from collections.abc import Iterator
from itertools import groupby

from stream_pool import words
from stream_pool.incident.report.cited import Cited, together
from stream_pool.incident.report.measures import MEASURES
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Shift, Story

MAX_ROWS = 200
_BEGINNING_MS = 60_000
"""Lives that begin so soon after the log does began before it, or with it."""

_Row = tuple[int, tuple[Cell, ...]]


def changes(story: Story) -> Section:
    """The section."""
    rows = sorted(_rows(story), key=lambda row: row[0])
    tables = []
    if rows:
        shown = tuple(cells for _, cells in rows[:MAX_ROWS])
        tables.append(Table(("at", "what", "before", "after"), shown))
    if story.epochs:
        epoch = story.epochs[-1]
        cited = Cited.one(epoch.ref)
        rules = tuple(
            (Cell(name, cited), Cell(str(value), cited)) for name, value in sorted(epoch.rules.items())
        )
        tables.append(Table(("rule", "value"), rules, "The rules that the log was judged by", frozenset({1})))
    text = Cell("The log does not say what was deployed: a deploy shows as new lives of workers.")
    return Section("changes", "What changed", (text,), tuple(tables))


def _rows(story: Story) -> Iterator[_Row]:
    for measure, shifts in groupby(story.shifts, key=lambda shift: shift.measure):
        yield _shift(measure, list(shifts))
    for epoch in story.epochs:
        cited = Cited.one(epoch.ref)
        at = Cell(words.time_of_day(epoch.at_ms), cited)
        if epoch is story.epochs[0]:
            told = f"judged by fold version {epoch.fold_version} from here on"
            yield epoch.at_ms, (at, Cell(told, cited), Cell(""), Cell(""))
        for name, before, after in epoch.changed:
            yield (
                epoch.at_ms,
                (at, Cell(f"rule {name}", cited), Cell(str(before), cited), Cell(str(after), cited)),
            )
    for life in story.members.lives:
        if life.first.at_ms - story.from_ms > _BEGINNING_MS:
            at = Cell(words.time_of_day(life.first.at_ms), life.first.cited)
            told = Cell(f"{life.worker} begins life {life.incarnation}", life.first.cited)
            yield life.first.at_ms, (at, told, Cell(""), Cell(""))
    for resizing in story.resizings:
        cited = resizing.first.cited | resizing.last.cited
        kinds = ", ".join(f"{kind}, {count}x" for kind, count in resizing.kinds)
        yield (
            resizing.first.at_ms,
            (
                Cell(
                    words.time_of_day(resizing.first.at_ms),
                    cited,
                    f"to {words.time_of_day(resizing.last.at_ms)}" if resizing.count > 1 else "",
                ),
                Cell(f"pool of {resizing.worker}, life {resizing.incarnation}", cited, kinds),
                Cell(f"{resizing.from_capacity:,} entries", resizing.first.cited),
                Cell(f"{resizing.to_capacity:,} entries", resizing.last.cited),
            ),
        )
    for version in story.schema_versions:
        places = (version.place,)
        yield (
            version.first_ms,
            (
                Cell(words.time_of_day(version.first_ms), places=places),
                Cell(f"schema version {version.version}", places=places),
                Cell(""),
                Cell(f"{version.records:,} records", places=places),
            ),
        )


def _shift(measure: str, shifts: list[Shift]) -> _Row:
    first = min(shifts, key=lambda shift: shift.after.at_ms)
    subjects = sorted(shift.subject for shift in shifts)
    about = MEASURES[measure]
    told = subjects[0] if len(subjects) == 1 else f"{len(subjects)} {about.by}s, {first.subject} first"
    cited = together(shift.after.cited for shift in shifts)
    before = together(shift.before.cited for shift in shifts)
    return (
        first.after.at_ms,
        (
            Cell(words.time_of_day(first.after.at_ms), first.after.cited),
            Cell(about.title or about.name, cited, told),
            Cell(
                _range(measure, [shift.before.value for shift in shifts]),
                before,
            ),
            Cell(_range(measure, [shift.after.value for shift in shifts]), cited),
        ),
    )


def _range(measure: str, values: list[float]) -> str:
    unit = MEASURES[measure].unit
    low, high = (words.quantity(value, unit) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"
