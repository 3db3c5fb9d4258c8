"""Time to detect: the detector held against the static limits of its rules, and against the story of those
who lived through it, where the log is of the reference incident."""

from collections.abc import Iterator

from stream_pool import words
from stream_pool.incident.reference_table import FIGURE_HEAD, ROW_HEAD, figure_cells, row_cells
from stream_pool.incident.report.cited import Cited
from stream_pool.incident.report.headline import against_limit, first_about
from stream_pool.incident.report.measures import MEASURES
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Crossing, Reference, Story

MAX_ROWS = 200

_STORY = ("the story, as docs/incident-reference.md has it",)

_NO_RULES = (
    "The rules that this log was judged by are not in it: they are older than its first event, or no "
    "detector had it. What their limits are cannot be told. A log from its beginning has them, and so has a "
    "capture with --events."
)

_HEAD = ("measure", "its limit", "first over it", "the detector", "that is")


def detecting(story: Story) -> Iterator[Section]:
    """The section, where there is something to hold against something."""
    text: list[Cell] = []
    tables = []
    if story.crossings:
        in_order = sorted(story.crossings, key=lambda crossing: crossing.point.at_ms)
        tables.append(Table(_HEAD, tuple(_crossing(story, each) for each in in_order[:MAX_ROWS])))
        text += _patience(story)
        if len(in_order) > MAX_ROWS:
            text.append(Cell(f"{len(in_order) - MAX_ROWS:,} later ones are left out here.", story.whole))
    if story.reference is not None:
        tables += _against_story(story.reference)
        text.append(_told(story, story.reference))
    if not story.epochs:
        text.append(Cell(_NO_RULES))
    if text or tables:
        yield Section("detection", "Time to detect", tuple(text), tuple(tables))


def _crossing(story: Story, crossing: Crossing) -> tuple[Cell, ...]:
    measure, point = MEASURES[crossing.measure], crossing.point
    limit = Cell(words.quantity(crossing.limit, measure.unit), story.judged_by)
    over = Cell(story.moment(point.at_ms), point.cited, f"with {words.quantity(point.value, measure.unit)}")
    name = Cell(measure.title or measure.name, point.cited, crossing.subject)
    episode = first_about(story, crossing.measure, crossing.subject)
    if episode is None:
        return name, limit, over, Cell("never", tone="quiet"), Cell("")
    found = Cited.one(episode.ref)
    opened = Cell(story.moment(episode.at_ms), found, f"{episode.severity} {episode.rule}")
    return name, limit, over, opened, Cell(against_limit(episode, crossing), found | point.cited)


def _patience(story: Story) -> Iterator[Cell]:
    rules = story.epochs[0].rules if story.epochs else {}
    windows, window_s, memory_s = (rules.get(name) for name in ("open_after", "window_s", "memory_for_s"))
    if isinstance(windows, int) and isinstance(window_s, int | float):
        told = f"An anomaly opens after {windows} windows of {window_s:g} s in a row over a limit"
        if isinstance(memory_s, int | float):
            told += f", of memory after {words.span(memory_s)}"
        yield Cell(f"{told}.", story.judged_by)


def _told(story: Story, reference: Reference) -> Cell:
    return Cell(
        f"This log is of the reference incident, at scale {reference.scale:g}: "
        f"T+00:00 is {story.moment(reference.zero_ms)}. "
        "The other tables hold it against the story of those who lived through it.",
        story.judged_by,
    )


def _against_story(reference: Reference) -> Iterator[Table]:
    rows = tuple(_beside(row_cells(row), cited) for row, cited in reference.rows)
    figures = tuple(_beside(figure_cells(figure), cited) for figure, cited in reference.figures)
    yield Table(ROW_HEAD, rows)
    yield Table(FIGURE_HEAD, figures, numeric=frozenset({1, 2}))


def _beside(texts: tuple[str, ...], cited: Cited) -> tuple[Cell, ...]:
    """The first two cells are the story's, the others the log's."""
    told = tuple(Cell(text, places=_STORY) for text in texts[:2])
    return told + tuple(Cell(text, cited) for text in texts[2:])
