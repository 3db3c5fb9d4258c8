"""Workers and partitions, in and out, as tables: the lives that were seen, and who took what from whom."""

from collections import Counter
from collections.abc import Iterable

from stream_pool.incident.report.cited import Cited, Point
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Life, Move, Story

MAX_ROWS = 200
_OPEN_ROWS = 40


def workers(story: Story) -> Section:
    """The section."""
    members = story.members
    text, tables = [], []
    if members.lives:
        lives = tuple(_life(story, life) for life in members.lives[:MAX_ROWS])
        head = ("worker", "life", "first seen", "last seen", "records", "partitions")
        tables.append(Table(head, lives, _summary("lives of workers", lives), frozenset({4, 5})))
    if members.moves:
        lived = Counter(life.worker for life in members.lives)
        moves = tuple(_move(story, move, lived[move.worker] > 1) for move in members.moves[:MAX_ROWS])
        tables.append(
            Table(("at", "worker", "took", "gave up"), moves, _summary("moves of partitions", moves))
        )
    left_out = members.left_out + sum(
        max(0, len(every) - MAX_ROWS) for every in (members.lives, members.moves)
    )
    if left_out:
        text.append(Cell(f"{left_out:,} more lives and moves are left out here.", story.whole))
    return Section("workers", "Workers and partitions", tuple(text), tuple(tables), holds=True)


def _summary(what: str, rows: tuple[tuple[Cell, ...], ...]) -> str:
    return f"{len(rows):,} {what}" if len(rows) > _OPEN_ROWS else ""


def _life(story: Story, life: Life) -> tuple[Cell, ...]:
    both = life.first.cited | life.last.cited
    return (
        Cell(life.worker, life.first.cited, "owned the detector" if life.ticked else ""),
        Cell(life.incarnation, life.first.cited),
        _at(story, life.first),
        Cell("to the end of the log", life.last.cited, tone="quiet")
        if life.is_last
        else _at(story, life.last),
        Cell(f"{life.records:,}", both),
        Cell(f"{life.partitions:,}", both),
    )


def _move(story: Story, move: Move, lived_again: bool) -> tuple[Cell, ...]:
    cited = Cited.one(move.ref)
    took: dict[tuple[str, str | None], list[int]] = {}
    for topic, partition, owner in move.gained:
        took.setdefault((topic, owner), []).append(partition)
    gave: dict[str, list[int]] = {}
    for topic, partition in move.lost:
        gave.setdefault(topic, []).append(partition)
    return (
        Cell(story.moment(move.at_ms), cited),
        Cell(f"{move.worker}, life {move.incarnation}" if lived_again else move.worker, cited),
        Cell(
            "; ".join(
                f"{_places(topic, partitions)}{f' from {owner}' if owner else ''}"
                for (topic, owner), partitions in took.items()
            ),
            cited,
        ),
        Cell("; ".join(_places(topic, partitions) for topic, partitions in gave.items()), cited),
    )


def _places(topic: str, partitions: Iterable[int]) -> str:
    return f"{topic}/{', '.join(map(str, partitions))}"


def _at(story: Story, point: Point) -> Cell:
    return Cell(story.moment(point.at_ms), point.cited)
