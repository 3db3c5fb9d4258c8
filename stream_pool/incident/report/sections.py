"""The sections of a report, in their order. What a log has nothing of is left out."""

from collections.abc import Iterator

from stream_pool import words
from stream_pool.incident.reference_table import FIGURE_HEAD, ROW_HEAD, figure_cells, row_cells
from stream_pool.incident.report.changes import changes
from stream_pool.incident.report.cited import NOTHING, Cited, Point
from stream_pool.incident.report.headline import against_limit, first_about
from stream_pool.incident.report.measures import GROUPS, MEASURES, Chart
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Letters, Life, Move, Story
from stream_pool.incident.report.timeline import timeline

MAX_ROWS = 200


def sections(story: Story) -> tuple[Section, ...]:
    """Every section that has something to say."""
    return tuple(_sections(story))


def caption(story: Story, chart: Chart) -> Cell:
    """The most telling value of a chart, with the time at which it was so."""
    measure = chart.measures[0]
    every = story.series.get(measure.key, ())
    points = [(each.subject, each.lowest if measure.least else each.highest) for each in every]
    if not points:
        return Cell("nothing in this log")
    choose = min if measure.least else max
    subject, point = choose(points, key=lambda found: found[1].value)
    told = f"{measure.name} " if len(chart.measures) > 1 else ""
    least = "at least" if measure.least else "at most"
    return Cell(
        f"{told}{least} {words.quantity(point.value, measure.unit)} at {words.time_of_day(point.at_ms)}, {subject}",
        point.cited,
    )


def _sections(story: Story) -> Iterator[Section]:
    yield timeline(story)
    yield from _detection(story)
    for group in GROUPS:
        charts = [chart for chart in group.charts if story.series.get(chart.key)]
        left_out = max((story.left_out.get(chart.key, 0) for chart in charts), default=0)
        text = (Cell(f"{left_out:,} {group.by}s more are not drawn.", _whole(story)),) if left_out else ()
        if charts:
            yield Section(group.key, group.title, text, group=group)
    yield _members(story)
    if story.letters is not None:
        yield _letters(story.letters)
    yield changes(story)
    yield _log(story)


def _detection(story: Story) -> Iterator[Section]:
    rows = []
    for crossing in sorted(story.crossings, key=lambda crossing: crossing.point.at_ms):
        measure = MEASURES[crossing.measure]
        episode = first_about(story, crossing.measure, crossing.subject)
        found = NOTHING if episode is None else Cited.one(episode.ref)
        rows.append(
            (
                Cell(f"{measure.rule}: {measure.name}", crossing.point.cited, crossing.subject),
                Cell(words.quantity(crossing.limit, measure.unit), _rules(story)),
                _at(crossing.point, words.quantity(crossing.point.value, measure.unit)),
                Cell("not in the log", tone="quiet")
                if episode is None
                else Cell(words.time_of_day(episode.at_ms), found, f"{episode.severity} {episode.rule}"),
                Cell("")
                if episode is None
                else Cell(against_limit(episode, crossing), found | crossing.point.cited),
            )
        )
    tables = []
    text = []
    if rows:
        head = ("measure", "its limit", "first over it", "the detector", "that is")
        tables.append(Table(head, tuple(rows[:MAX_ROWS])))
        text += _patience(story)
    reference = story.reference
    if reference is not None:
        tables.append(
            Table(
                ROW_HEAD,
                tuple(tuple(Cell(text, cited) for text in row_cells(row)) for row, cited in reference.rows),
            )
        )
        tables.append(
            Table(
                FIGURE_HEAD,
                tuple(
                    tuple(Cell(text, cited) for text in figure_cells(figure))
                    for figure, cited in reference.figures
                ),
                numeric=frozenset({1, 2}),
            )
        )
        at = words.time_of_day(reference.zero_ms)
        text.append(
            Cell(
                f"This log is of the reference incident, at scale {reference.scale:g}: T+00:00 is {at}, and the"
                " second table holds it against the story of those who lived through it.",
                _rules(story),
            )
        )
    if tables:
        yield Section("detection", "Time to detect", tuple(text), tuple(tables))


def _patience(story: Story) -> Iterator[Cell]:
    rules = story.epochs[0].rules if story.epochs else {}
    windows, window_s, memory_s = (rules.get(name) for name in ("open_after", "window_s", "memory_for_s"))
    if isinstance(windows, int) and isinstance(window_s, int | float):
        told = f"A limit has to be passed in {windows} windows of {window_s:g} s in a row before an anomaly opens"
        if isinstance(memory_s, int | float):
            told += f", memory for {words.span(memory_s)}"
        yield Cell(f"{told}.", _rules(story))


def _members(story: Story) -> Section:
    members = story.members
    tables = []
    if members.lives:
        rows = tuple(_life(life) for life in members.lives[:MAX_ROWS])
        head = ("worker", "life", "first seen", "last seen", "records", "partitions")
        summary = "" if len(rows) <= 40 else f"{len(rows):,} lives of workers"
        tables.append(Table(head, rows, summary, frozenset({4, 5})))
    if members.moves:
        rows = tuple(_move(move) for move in members.moves[:MAX_ROWS])
        summary = "" if len(rows) <= 40 else f"{len(rows):,} moves of partitions"
        tables.append(Table(("at", "worker", "took", "gave up"), rows, summary))
    text = []
    if members.left_out:
        text.append(Cell(f"{members.left_out:,} more moves and lives are left out here.", _whole(story)))
    return Section("workers", "Workers and partitions", tuple(text), tuple(tables), holds=True)


def _life(life: Life) -> tuple[Cell, ...]:
    both = life.first.cited | life.last.cited
    detector = "owned the detector" if life.ticked else ""
    return (
        Cell(life.worker, life.first.cited, detector),
        Cell(life.incarnation, life.first.cited),
        _at(life.first),
        Cell("to the end of the log", life.last.cited, tone="quiet") if life.is_last else _at(life.last),
        Cell(f"{life.records:,}", both),
        Cell(f"{life.partitions:,}", both),
    )


def _move(move: Move) -> tuple[Cell, ...]:
    cited = Cited.one(move.ref)
    by_owner: dict[tuple[str, str | None], list[int]] = {}
    for topic, partition, owner in move.gained:
        by_owner.setdefault((topic, owner), []).append(partition)
    took = [
        f"{topic}/{_numbers(partitions)}" + (f" from {owner}" if owner else "")
        for (topic, owner), partitions in by_owner.items()
    ]
    lost: dict[str, list[int]] = {}
    for topic, partition in move.lost:
        lost.setdefault(topic, []).append(partition)
    gave = [f"{topic}/{_numbers(partitions)}" for topic, partitions in lost.items()]
    return (
        Cell(words.time_of_day(move.at_ms), cited),
        Cell(move.worker, cited, f"life {move.incarnation}"),
        Cell("; ".join(took), cited),
        Cell("; ".join(gave), cited),
    )


def _letters(letters: Letters) -> Section:
    rows = []
    for reason in letters.reasons:
        sample = reason.sample
        about = [sample.exception or "", sample.message or ""]
        if sample.error_offset is not None:
            about.append(f"at byte {sample.error_offset}")
        rows.append(
            (
                Cell(reason.reason, places=(sample.place,)),
                Cell(f"{reason.count:,}", places=(sample.place, reason.last_place)),
                Cell(words.time_of_day(reason.first_ms), places=(sample.place,)),
                Cell(words.time_of_day(reason.last_ms), places=(reason.last_place,)),
                Cell(
                    sample.value,
                    more=", ".join(filter(None, (f"{sample.of}, {sample.size_bytes:,} bytes", *about))),
                    tone="code",
                    places=(sample.place,),
                ),
            )
        )
    told = f"{letters.count:,} dead letters in {letters.source}"
    if letters.repeated:
        told += f", {letters.repeated:,} of them written twice"
    places = tuple(
        place for reason in letters.reasons[:1] for place in (reason.sample.place, reason.last_place)
    )
    text = [Cell(f"{told}.", places=places)]
    if letters.redacted:
        text.append(
            Cell("Of values only the form is shown: their keys, and how long each text and number is.")
        )
    if letters.left_out:
        text.append(Cell(f"{letters.left_out:,} were of further reasons.", places=places))
    head = ("reason", "letters", "first", "last", "the first of them")
    return Section("letters", "Dead letters", tuple(text), (Table(head, tuple(rows), "", frozenset({1})),))


def _log(story: Story) -> Section:
    extent = story.extent
    whole = _whole(story)
    first, last = extent.first.cited.events[0], extent.last.cited.events[0]
    rows = [
        (Cell("source"), Cell(extent.source, whole)),
        (Cell("events"), Cell(f"{extent.events:,}", whole, f"offsets {first.offset:,} to {last.offset:,}")),
        (
            Cell("time"),
            Cell(
                f"{words.day(extent.first.at_ms)} {words.time_of_day(extent.first.at_ms)} to "
                f"{words.day(extent.last.at_ms)} {words.time_of_day(extent.last.at_ms)} UTC",
                whole,
                words.span((extent.last.at_ms - extent.first.at_ms) / 1_000),
            ),
        ),
        (Cell("written twice"), Cell(f"{extent.repeated:,}", whole)),
        (Cell("not read"), Cell(f"{extent.skipped:,}", whole, "of unknown types, or malformed")),
        (
            Cell("lost by their writers"),
            Cell(f"{extent.lost.value:,.0f}", extent.lost.cited if extent.lost.value else whole),
        ),
    ]
    if extent.damage is not None:
        rows.append((Cell("damage"), Cell(extent.damage, whole, tone="bad")))
    text = Cell("stream-pool verify proves whether the log follows from itself; a report takes it as it is.")
    return Section("log", "The log", (text,), (Table(("", ""), tuple(rows)),))


def _at(point: Point, more: str = "") -> Cell:
    return Cell(words.time_of_day(point.at_ms), point.cited, more)


def _numbers(partitions: list[int]) -> str:
    return ", ".join(map(str, partitions))


def _rules(story: Story) -> Cited:
    return Cited.one(story.epochs[0].ref) if story.epochs else _whole(story)


def _whole(story: Story) -> Cited:
    return story.extent.first.cited | story.extent.last.cited
