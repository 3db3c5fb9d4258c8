"""The sections of a report, in their order. What a log has nothing of is left out."""

from collections.abc import Iterator

from stream_pool import words
from stream_pool.incident.report.buried import buried
from stream_pool.incident.report.changes import changes
from stream_pool.incident.report.detecting import detecting
from stream_pool.incident.report.measures import GROUPS, Chart, Group
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Story
from stream_pool.incident.report.timeline import timeline
from stream_pool.incident.report.workers import workers


def sections(story: Story) -> tuple[Section, ...]:
    """Every section that has something to say."""
    return tuple(_sections(story))


def charts_of(story: Story, group: Group) -> list[Chart]:
    """The charts of a group that there is something to draw in."""
    return [chart for chart in group.charts if story.series.get(chart.key)]


def caption(story: Story, chart: Chart) -> Cell:
    """The most telling value of a chart, with the time at which it was so."""
    measure = chart.measures[0]
    every = story.series[measure.key]
    points = [(each.subject, each.lowest if measure.least else each.highest) for each in every]
    choose = min if measure.least else max
    subject, point = choose(points, key=lambda found: found[1].value)
    told = f"{measure.name} " if len(chart.measures) > 1 else ""
    told += "at least " if measure.least else "at most "
    told += f"{words.quantity(point.value, measure.unit)} at {story.moment(point.at_ms)}"
    return Cell(f"{told}, {subject}" if len(points) > 1 else told, point.cited)


def _sections(story: Story) -> Iterator[Section]:
    yield timeline(story)
    yield from detecting(story)
    for group in GROUPS:
        charts = charts_of(story, group)
        left_out = max((story.left_out.get(chart.key, 0) for chart in charts), default=0)
        text = (Cell(f"{left_out:,} more {group.by}s are not drawn.", story.whole),) if left_out else ()
        if charts:
            yield Section(group.key, group.title, text, group=group)
    yield workers(story)
    if story.letters is not None:
        yield buried(story, story.letters)
    yield changes(story)
    yield _log(story)


def _log(story: Story) -> Section:
    extent, whole = story.extent, story.whole
    first, last = extent.first.cited.events[0], extent.last.cited.events[0]
    begins, ends = (
        f"{words.day(at_ms)} {words.time_of_day(at_ms)}" for at_ms in (story.from_ms, story.to_ms)
    )
    lost = extent.lost.cited if extent.lost.value else whole
    rows = [
        (Cell("source"), Cell(extent.source, whole)),
        (Cell("events"), Cell(f"{extent.events:,}", whole, f"offsets {first.offset:,} to {last.offset:,}")),
        (
            Cell("time"),
            Cell(f"{begins} to {ends} UTC", whole, words.span((story.to_ms - story.from_ms) / 1_000)),
        ),
        (Cell("written twice"), Cell(f"{extent.repeated:,}", whole)),
        (Cell("not read"), Cell(f"{extent.skipped:,}", whole, "of unknown types, or malformed")),
        (Cell("lost by their writers"), Cell(f"{extent.lost.value:,.0f}", lost)),
    ]
    if extent.gone_ranges:
        ranges = f"in {extent.gone_ranges:,} range{'s' * (extent.gone_ranges > 1)}"
        gone = Cell(f"{extent.gone_offsets:,} offsets", whole, ranges, tone="bad")
        rows.append((Cell("gone before they were captured"), gone))
    if extent.is_whole is False:
        told = "stopped early: it ends before what it was to have"
        rows.append((Cell("capture"), Cell(told, whole, tone="bad")))
    if extent.damage is not None:
        rows.append((Cell("damage"), Cell(extent.damage, whole, tone="bad")))
    text = Cell("A report takes a log as it is; stream-pool verify proves whether it follows from itself.")
    return Section("log", "The log", (text,), (Table(("", ""), tuple(rows)),))
