"""Bars on a common axis of time, as SVG that needs no script: anomalies by rule, partitions by worker."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stream_pool import words
from stream_pool.incident.report.cited import Cited, together
from stream_pool.incident.report.headline import GRAVE
from stream_pool.incident.report.markup import attributes, tag, text
from stream_pool.incident.report.plots import COLOURS, subjects
from stream_pool.incident.report.story import Episode, Story

MAX_LANES = 40
MAX_PARTITIONS = 128
_WIDTH = 1_000
_LEAST = 2.0
_TICKS_AT_MOST = 6
_SHORT_MS = 600_000
_DAYS_MS = 3 * 86_400_000
"""From here on an axis has days."""
_STEPS_S = (1, 5, 10, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class _Bar:
    from_ms: int
    to_ms: int
    tone: str
    told: str
    cited: Cited


def anomaly_lanes(story: Story) -> str:
    """A lane for each rule and subject, a topic's partitions together; the grave ones first."""
    lanes: dict[tuple[str, str, str], list[Episode]] = {}
    for episode in story.episodes:
        lanes.setdefault((episode.severity, episode.rule, episode.place[0]), []).append(episode)
    if not lanes:
        return ""
    rows = []
    for (severity, rule, subject), episodes in sorted(
        lanes.items(), key=lambda lane: (lane[0][0] not in GRAVE, lane[1][0].at_ms, lane[0])
    )[:MAX_LANES]:
        count = len({episode.subject for episode in episodes})
        of = f"{subject}, {count} partitions" if count > 1 else episodes[0].subject
        name = tag("b", text(severity), **{"class": severity}) + text(f" {rule} ") + _quiet(of)
        rows.append(_lane(story, name, [_episode_bar(story, episode, count > 1) for episode in episodes]))
    return tag("div", "".join(rows) + _axis(story), **{"class": "lanes"})


def hold_lanes(story: Story) -> str:
    """A lane for each partition, in the colours of the workers that had it."""
    names = subjects(story, "worker")
    by_place: dict[tuple[str, int], list[_Bar]] = {}
    for hold in story.members.holds:
        told = f"{hold.topic}/{hold.partition}: {hold.worker}, {_from_to(story, hold.from_ms, hold.to_ms)}"
        tone = f"s{min(names.index(hold.worker), COLOURS)}"
        bar = _Bar(hold.from_ms, hold.to_ms, tone, told, hold.cited)
        by_place.setdefault((hold.topic, hold.partition), []).append(bar)
    if not by_place:
        return ""
    rows = [
        _lane(story, text(f"{topic}/{partition}"), bars)
        for (topic, partition), bars in sorted(by_place.items())[:MAX_PARTITIONS]
    ]
    return tag("div", "".join(rows) + _axis(story), **{"class": "lanes holds"})


def _episode_bar(story: Story, episode: Episode, many: bool) -> _Bar:
    end = episode.resolution
    to_ms = story.to_ms if end is None else end.at_ms
    cited = Cited.one(episode.ref) | (story.extent.last.cited if end is None else Cited.one(end.ref))
    told = f"{episode.rule} on {episode.subject}, {_from_to(story, episode.at_ms, to_ms)}"
    if end is None:
        told += ", still open"
    return _Bar(episode.at_ms, to_ms, f"{episode.severity}{' many' if many else ''}", told, cited)


def _lane(story: Story, name: str, bars: Iterable[_Bar]) -> str:
    bars = list(bars)
    drawn = "".join(_rect(story, bar) for bar in bars)
    origin = attributes(together(bar.cited for bar in bars))
    svg = tag("svg", drawn, viewBox=f"0 0 {_WIDTH} 10", preserveAspectRatio="none", role="img")
    return tag("div", tag("div", name, **{"class": "name"}, **origin) + svg, **{"class": "lane"})


def _rect(story: Story, bar: _Bar) -> str:
    begin, end = _x(story, bar.from_ms), _x(story, bar.to_ms)
    return tag(
        "rect",
        tag("title", text(bar.told)),
        x=f"{min(begin, _WIDTH - _LEAST):.1f}",
        y="0",
        width=f"{max(_LEAST, end - begin):.1f}",
        height="10",
        **{"class": bar.tone},
        **attributes(bar.cited),
    )


def _axis(story: Story) -> str:
    marks = "".join(
        tag("span", text(_time(at_ms, story)), style=f"left:{_x(story, at_ms) / _WIDTH:.2%}")
        for at_ms in _ticks(story)
    )
    inner = tag("div", "", **{"class": "name"}) + tag("div", marks, **{"class": "axis"})
    return tag("div", inner, **{"class": "lane axis-row", "aria-hidden": "true"})


def _ticks(story: Story) -> Iterator[int]:
    """The beginning, round times between, the end."""
    took_s = max(1.0, (story.to_ms - story.from_ms) / 1_000)
    step_ms = 1_000 * next((step for step in _STEPS_S if took_s / step <= _TICKS_AT_MOST), 7 * 86_400)
    yield story.from_ms
    at_ms = (story.from_ms // step_ms + 1) * step_ms
    while at_ms < story.to_ms:
        if min(at_ms - story.from_ms, story.to_ms - at_ms) * 7 > story.to_ms - story.from_ms:
            yield at_ms
        at_ms += step_ms
    yield story.to_ms


def _x(story: Story, at_ms: int) -> float:
    return _WIDTH * (at_ms - story.from_ms) / max(1, story.to_ms - story.from_ms)


def _time(at_ms: int, story: Story) -> str:
    took_ms = story.to_ms - story.from_ms
    if took_ms > _DAYS_MS:
        return words.day(at_ms)
    told = words.time_of_day(at_ms)
    return told if took_ms < _SHORT_MS else told[:5]


def _from_to(story: Story, from_ms: int, to_ms: int) -> str:
    return f"{story.moment(from_ms)} to {story.moment(to_ms)}"


def _quiet(subject: str) -> str:
    return tag("span", text(subject), **{"class": "quiet"})
