"""The verdict in one sentence: what happened, from when to when, how far behind, what failed; and who saw it.

It is put together from the anomalies in the log and from what was measured. The detector is held against the
static limits of its own rules: when was a measure first over its limit, and when did an anomaly open?
"""

from collections.abc import Iterable

from stream_pool import words
from stream_pool.incident.report.cited import Cited
from stream_pool.incident.report.measures import (
    LAG_RECORDS,
    LAG_SECONDS,
    LATENCY_P99,
    MEASURES,
    MEMORY,
    measure_of,
)
from stream_pool.incident.report.parts import Cell, Headline
from stream_pool.incident.report.story import Crossing, Episode, Story

_SAYING = {
    "lag": "fell behind",
    "latency": "slowed down",
    "error": "failed orders",
    "memory": "ran short of memory",
    "partition_stop": "stopped",
    "partition_stall": "stalled",
    "partition_rewind": "went back over old orders",
    "traffic": "saw other traffic",
    "payload": "met other payloads",
}
_SAID_AT_MOST = 4
GRAVE = ("P1", "P2")


def headline(story: Story) -> Headline:
    """The sentence, the detector's part and the figures of a story."""
    grave = [episode for episode in story.episodes if episode.severity in GRAVE] or list(story.episodes)
    if not grave:
        return Headline(_quiet(story), (), _figures(story))
    return Headline(tuple(_sentence(story, grave)), tuple(_detector(story, grave)), _figures(story))


def first_about(story: Story, measure: str, subject: str) -> Episode | None:
    """The first anomaly about a measure of a subject."""
    return next(
        (
            episode
            for episode in story.episodes
            if (found := measure_of(episode.rule)) is not None
            and (found.key, episode.subject) == (measure, subject)
        ),
        None,
    )


def against_limit(episode: Episode, crossing: Crossing) -> str:
    """By how much the detector was before, or after, the measure's passing of its limit."""
    ahead_s = (crossing.point.at_ms - episode.at_ms) / 1_000
    if abs(ahead_s) < 1:
        return "at the same time"
    return f"{words.span(ahead_s)} {'before' if ahead_s > 0 else 'after'}"


def _quiet(story: Story) -> tuple[Cell, ...]:
    return (
        Cell("Nothing was found wrong with "),
        Cell(story.extent.group, story.extent.first.cited),
        Cell(" from "),
        Cell(f"{words.day(story.from_ms)} {words.time_of_day(story.from_ms)}", story.extent.first.cited),
        Cell(" to "),
        Cell(story.moment(story.to_ms), story.whole),
        *_behind(story),
        *_outcome(story),
        Cell("."),
    )


def _sentence(story: Story, grave: list[Episode]) -> Iterable[Cell]:
    first = min(grave, key=lambda episode: episode.at_ms)
    ends = [episode.resolution for episode in grave]
    resolved = [end for end in ends if end is not None]
    yield Cell(story.extent.group, Cited.one(first.ref))
    yield Cell(f" {_sayings(grave)}", Cited.one(first.ref))
    yield Cell(" from ")
    yield Cell(story.moment(first.at_ms), Cited.one(first.ref))
    yield Cell(" ")
    if len(resolved) == len(ends):
        last = max(resolved, key=lambda end: end.at_ms)
        yield Cell(f"to {story.moment(last.at_ms)}", Cited.one(last.ref))
        end_ms, end = last.at_ms, Cited.one(last.ref)
    else:
        yield Cell("to the end of the log")
        end_ms, end = story.to_ms, story.extent.last.cited
    yield Cell(f" ({words.span((end_ms - first.at_ms) / 1_000)})", Cited.one(first.ref) | end)
    yield from _behind(story)
    yield from _outcome(story)
    yield Cell(".")


def _sayings(grave: list[Episode]) -> str:
    said: dict[str, None] = {}
    for episode in sorted(grave, key=lambda episode: episode.at_ms):
        found = [stem for stem in _SAYING if episode.rule.startswith(stem)]
        said[_SAYING[max(found, key=len)] if found else f"broke the rule {episode.rule}"] = None
    *others, last = list(said)[:_SAID_AT_MOST]
    return f"{', '.join(others)} and {last}" if others else last


def _behind(story: Story) -> Iterable[Cell]:
    highest = story.highest(LAG_RECORDS.key)
    if highest is None:
        return
    yield Cell(": at most ")
    yield Cell(words.quantity(highest[1].value, LAG_RECORDS.unit), highest[1].cited)
    yield Cell(" behind")


def _outcome(story: Story) -> Iterable[Cell]:
    total = story.total
    if not total.records:
        return
    letters = f"{total.dead_letters:,}" if total.dead_letters else "none"
    yield Cell(", ")
    yield Cell(f"{total.errors:,} of {total.records:,} failed", total.cited)
    yield Cell(", ")
    yield Cell(f"{letters} dead-lettered", total.cited)


def _detector(story: Story, grave: list[Episode]) -> Iterable[Cell]:
    first = min(grave, key=lambda episode: episode.at_ms)
    yield Cell("The detector spoke first at ")
    yield Cell(story.moment(first.at_ms), Cited.one(first.ref))
    yield Cell(f": {first.severity} {first.rule} on {first.subject}", Cited.one(first.ref))
    if first.diagnosis != "unknown":
        yield Cell(f", {first.diagnosis}")
    measure = measure_of(first.rule)
    crossing = None if measure is None else _crossing(story, measure.key, first.subject)
    if measure is not None and crossing is not None:
        unit = MEASURES[crossing.measure].unit
        yield Cell(", ")
        yield Cell(against_limit(first, crossing), Cited.one(first.ref) | crossing.point.cited)
        yield Cell(" the limit of ")
        yield Cell(words.quantity(crossing.limit, unit), _rules(story, first))
        yield Cell(" was passed")
    yield Cell(".")


def _figures(story: Story) -> tuple[tuple[str, Cell], ...]:
    figures = []
    for name, measure in (
        ("Records behind", LAG_RECORDS),
        ("Time behind", LAG_SECONDS),
        ("Latency, P99", LATENCY_P99),
        ("Memory of a worker", MEMORY),
    ):
        if (highest := story.highest(measure.key)) is not None:
            subject, point = highest
            told = words.quantity(point.value, measure.unit).removesuffix(" records")
            more = f"at most, {story.moment(point.at_ms)}"
            if len(story.series[measure.key]) > 1:
                more += f", {subject}"
            figures.append((name, Cell(told, point.cited, more)))
    total = story.total
    if total.records:
        share = words.ratio(total.errors / total.records)
        failed = Cell(share, total.cited, f"{total.errors:,} of {total.records:,} records")
        letters = Cell(f"{total.dead_letters:,}", total.cited, "by the workers' own count")
        figures += [("Failed", failed), ("Dead letters", letters)]
    return tuple(figures)


def _crossing(story: Story, measure: str, subject: str) -> Crossing | None:
    return next(
        (each for each in story.crossings if (each.measure, each.subject) == (measure, subject)), None
    )


def _rules(story: Story, episode: Episode) -> Cited:
    """The event that says by which rules an episode was judged; its own, where that is gone."""
    before = [epoch.ref for epoch in story.epochs if epoch.at_ms <= episode.at_ms]
    return Cited.one(before[-1] if before else episode.ref)
