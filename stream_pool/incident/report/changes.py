"""What changed, as far as the log can know: deploys, rules, lives of workers, pools, payloads, layouts."""

from collections.abc import Iterator
from itertools import groupby

from stream_pool import words
from stream_pool.incident.report import deploys
from stream_pool.incident.report.cited import Cited, together
from stream_pool.incident.report.measures import MEASURES
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Epoch, Life, Resizing, SchemaVersion, Shift, Story

MAX_ROWS = 200
_BEGINNING_MS = 60_000
"""Lives that are first seen so soon after the log begins may have begun before it, or with it."""

_NONE = Cell("")

_Row = tuple[int, tuple[Cell, ...]]
"""When it was, to sort by, and its cells."""


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
    text = list(deploys.told(story))
    if len(rows) > MAX_ROWS:
        text.append(Cell(f"{len(rows) - MAX_ROWS:,} later changes are left out here.", story.whole))
    return Section("changes", "What changed", tuple(text), tuple(tables))


def _rows(story: Story) -> Iterator[_Row]:
    for measure, shifts in groupby(story.shifts, key=lambda shift: shift.measure):
        yield _shift(story, measure, list(shifts))
    for epoch in story.epochs:
        yield from _epoch(story, epoch, is_first=epoch is story.epochs[0])
    for life, before in deploys.successions(story.members.lives):
        if before is not None and _began(story, life, before):
            yield _life(story, life, before)
    for resizing in story.resizings:
        yield _resizing(story, resizing)
    for version in story.schema_versions:
        yield _version(story, version)


def _row(
    story: Story, at_ms: int, cited: Cited, what: Cell, before: Cell = _NONE, after: Cell = _NONE
) -> _Row:
    return at_ms, (Cell(story.moment(at_ms), cited), what, before, after)


def _began(story: Story, life: Life, before: Life) -> bool:
    """Whether a life is one that began in the story, and not one that was there already."""
    is_early = life.first.at_ms - story.from_ms <= _BEGINNING_MS
    if life.build is None or before.build is None:
        return not is_early or life.worker == before.worker
    if life.build.ref < story.extent.first.cited.events[0]:
        return False
    return not is_early or bool(deploys.changed(before.build, life.build))


def _life(story: Story, life: Life, before: Life) -> _Row:
    cited = life.first.cited
    begins = f"{life.worker} begins life {life.incarnation}"
    if before.build is None or life.build is None:
        return _row(story, life.first.at_ms, cited, Cell(begins, cited))
    was, now = Cited.one(before.build.ref), Cited.one(life.build.ref)
    changed = deploys.changed(before.build, life.build)
    if not changed:
        return _row(story, life.first.at_ms, cited, Cell(f"{begins}, of the same build", was | now))
    return _row(
        story,
        life.first.at_ms,
        cited,
        Cell(f"deploy: {begins}", now),
        Cell(", ".join(f"{name} {old or 'not set'}" for name, old, _ in changed), was),
        Cell(", ".join(f"{name} {new or 'not set'}" for name, _, new in changed), now),
    )


def _epoch(story: Story, epoch: Epoch, *, is_first: bool) -> Iterator[_Row]:
    cited = Cited.one(epoch.ref)
    if is_first:
        told = f"judged by fold version {epoch.fold_version} from here on"
        yield _row(story, epoch.at_ms, cited, Cell(told, cited))
    for name, before, after in epoch.changed:
        what = Cell(f"rule {name}", cited)
        yield _row(story, epoch.at_ms, cited, what, Cell(str(before), cited), Cell(str(after), cited))


def _resizing(story: Story, resizing: Resizing) -> _Row:
    first, last = resizing.first, resizing.last
    cited = first.cited | last.cited
    kinds = ", ".join(f"{kind}, {count}x" for kind, count in resizing.kinds)
    if resizing.count > 1:
        kinds += f", the last at {story.moment(last.at_ms)}"
    return _row(
        story,
        first.at_ms,
        first.cited,
        Cell(f"pool of {resizing.worker}, life {resizing.incarnation}", cited, kinds),
        Cell(f"{resizing.from_capacity:,} entries", first.cited),
        Cell(f"{resizing.to_capacity:,} entries", last.cited),
    )


def _version(story: Story, version: SchemaVersion) -> _Row:
    """From a record of the captured topic, which is no event."""
    places = (version.place,)
    return (
        version.first_ms,
        (
            Cell(story.moment(version.first_ms), places=places),
            Cell(f"schema version {version.version}", places=places),
            _NONE,
            Cell(f"{version.records:,} records", places=places),
        ),
    )


def _shift(story: Story, measure: str, shifts: list[Shift]) -> _Row:
    first = min(shifts, key=lambda shift: shift.after.at_ms)
    about = MEASURES[measure]
    subject = first.subject if len(shifts) == 1 else f"{len(shifts)} {about.by}s, {first.subject} first"
    before = together(shift.before.cited for shift in shifts)
    after = together(shift.after.cited for shift in shifts)
    return _row(
        story,
        first.after.at_ms,
        first.after.cited,
        Cell(about.title or about.name, after, subject),
        Cell(_range(measure, [shift.before.value for shift in shifts]), before),
        Cell(_range(measure, [shift.after.value for shift in shifts]), after),
    )


def _range(measure: str, values: list[float]) -> str:
    unit = MEASURES[measure].unit
    low, high = (words.quantity(value, unit) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"
