"""The charts as data for the page's script: plain objects, times in ms from the log's beginning.

Each point has the places of its events in one table of them all, which holds what ids begin with only once.
"""

from collections.abc import Iterable
from typing import Any

from stream_pool.incident.report.cited import EventRef, Point
from stream_pool.incident.report.headline import GRAVE
from stream_pool.incident.report.measures import GROUPS, Chart, Group, Measure, measure_of
from stream_pool.incident.report.sections import charts_of
from stream_pool.incident.report.series import Series
from stream_pool.incident.report.story import Story

COLOURS = 8
_DIGITS = 6
_BANDS = 60


class Events:
    """The events that points name, each once; `heads` are what their ids begin with, up to the last slash."""

    def __init__(self) -> None:
        self.heads: dict[str, int] = {}
        self.places: dict[EventRef, int] = {}

    def place(self, ref: EventRef) -> int:
        return self.places.setdefault(ref, len(self.places))

    def table(self) -> list[tuple[int, int, str]]:
        """Offset, number of the head, and the rest of the id."""
        rows = []
        for offset, id_ in self.places:
            head, slash, tail = id_.rpartition("/")
            rows.append((offset, self.heads.setdefault(head + slash, len(self.heads)), tail))
        return rows


def plots(story: Story) -> dict[str, Any]:
    """All that the script is given."""
    events = Events()
    charts = [_chart(story, group, chart, events) for group in GROUPS for chart in charts_of(story, group)]
    table = events.table()
    return {
        "from": story.from_ms,
        "to": max(story.to_ms, story.from_ms + 1_000),
        "charts": charts,
        "events": table,
        "heads": list(events.heads),
    }


def colour_of(story: Story, group: Group, subject: str) -> str:
    """The colour of a topic or a worker, the same in every chart: one of the style's properties."""
    place = subjects(story, group.by).index(subject)
    return f"s{min(place, COLOURS)}"


def subjects(story: Story, by: str) -> list[str]:
    """Every topic, or every worker, that a chart shows or that held a partition."""
    found = {
        series.subject
        for group in GROUPS
        if group.by == by
        for chart in group.charts
        for measure in chart.measures
        for series in story.series.get(measure.key, ())
    }
    if by == "worker":
        found |= {hold.worker for hold in story.members.holds}
    return sorted(found)


def _chart(story: Story, group: Group, chart: Chart, events: Events) -> dict[str, Any]:
    about = {episode.subject for episode in story.episodes if episode.severity in GRAVE}
    series = [
        _series(story.from_ms, each, measure, _colour(story, group, chart, number, each), number > 0, events)
        | {"bold": number == 0 and (group.by == "topic" or each.subject in about)}
        for number, measure in enumerate(chart.measures)
        for each in story.series.get(measure.key, ())
    ]
    return {
        "key": chart.key,
        "unit": chart.unit,
        "floats": chart.measures[0].least,
        "series": series,
        "limits": list(limits(story, chart.measures[0])),
        "bands": list(bands(story, chart.measures[0])),
    }


def _colour(story: Story, group: Group, chart: Chart, number: int, series: Series) -> str:
    """The second measure of a topic has another colour where there is one topic only."""
    alone = len(story.series.get(chart.key, ())) == 1 and group.by == "topic"
    return f"s{number}" if alone else colour_of(story, group, series.subject)


def _series(
    from_ms: int, series: Series, measure: Measure, colour: str, dash: bool, events: Events
) -> dict[str, Any]:
    points = series.points
    return {
        "name": f"{series.subject} {measure.name}",
        "colour": colour,
        "dash": dash,
        "x": [point.at_ms - from_ms for point in points],
        "y": [_short(point.value) for point in points],
        "c": [_cited(point, events) for point in points],
        "n": {
            place: point.cited.count
            for place, point in enumerate(points)
            if point.cited.count > len(point.cited.events)
        },
    }


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.{_DIGITS}g}")


def _cited(point: Point, events: Events) -> int | list[int]:
    places = [events.place(ref) for ref in point.cited.events]
    return places[0] if len(places) == 1 else places


def limits(story: Story, measure: Measure) -> Iterable[dict[str, Any]]:
    """A measure's static limit, as long as each set of rules held."""
    for place, epoch in enumerate(story.epochs):
        limit = epoch.rules.get(measure.limit or "")
        if isinstance(limit, int | float):
            ends = story.epochs[place + 1].at_ms if place + 1 < len(story.epochs) else story.to_ms
            yield {"from": epoch.at_ms - story.from_ms, "to": ends - story.from_ms, "value": limit}


def bands(story: Story, measure: Measure) -> Iterable[dict[str, Any]]:
    """What would have been normal, as long as an anomaly about the measure was open."""
    drawn = 0
    for episode in story.episodes:
        about = measure_of(episode.rule)
        bounded = episode.expected_low is not None or episode.expected_high is not None
        if about is None or about.key != measure.key or not bounded or drawn >= _BANDS:
            continue
        drawn += 1
        end = story.to_ms if episode.resolution is None else episode.resolution.at_ms
        yield {
            "from": episode.at_ms - story.from_ms,
            "to": end - story.from_ms,
            "low": episode.expected_low,
            "high": episode.expected_high,
            "severity": episode.severity,
            "label": f"{episode.severity} {episode.rule}" if drawn <= 3 else "",
        }
