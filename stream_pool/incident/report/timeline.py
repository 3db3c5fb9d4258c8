"""The anomalies as tables: the grave ones in the order in which they opened, the others folded up by rule.

Anomalies of one rule that were concluded at once, on partitions of one topic, are one row.
"""

from collections.abc import Iterable, Mapping

from stream_pool import words
from stream_pool.events import Scalar
from stream_pool.incident.report.cited import NOTHING, Cited, together
from stream_pool.incident.report.headline import GRAVE
from stream_pool.incident.report.measures import measure_of
from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Episode, Story

MAX_ROWS = 200

_HEAD = ("", "rule", "opened", "value", "diagnosis", "evidence")
_PARTITION_RULES = "partition_"


def timeline(story: Story) -> Section:
    """The section."""
    groups = _groups(story.episodes)
    grave = [group for group in groups if group[0].severity in GRAVE]
    others = [group for group in groups if group[0].severity not in GRAVE]
    tables = []
    if grave or not others:
        tables.append(_table(story, grave, ""))
    if others:
        count = sum(map(len, others))
        rules = ", ".join(sorted({f"{group[0].severity} {group[0].rule}" for group in others}))
        tables.append(_table(story, others, f"{count:,} more: {rules}" if grave else ""))
    text = []
    if not story.episodes:
        text.append(Cell("No anomaly stands in this log."))
    if story.episodes_left_out:
        text.append(Cell(f"{story.episodes_left_out:,} more anomalies are left out here.", story.whole))
    return Section("timeline", "Timeline", tuple(text), tuple(tables if story.episodes else ()), lanes=True)


def value_of(rule: str, value: float | None) -> str:
    """A value that a rule judged by, in the rule's own unit."""
    measure = measure_of(rule)
    if measure is None and rule.startswith(_PARTITION_RULES):
        return words.quantity(value, "records")
    if measure is None:
        return words.UNKNOWN if value is None else words.figure(value)
    return words.quantity(value, measure.unit)


def expected(rule: str, low: float | None, high: float | None) -> str:
    """What would have been normal."""
    if low is None and high is None:
        return ""
    if low is None:
        return f"expected at most {value_of(rule, high)}"
    if high is None:
        return f"expected at least {value_of(rule, low)}"
    return f"expected {value_of(rule, low)} to {value_of(rule, high)}"


def _groups(episodes: Iterable[Episode]) -> list[list[Episode]]:
    groups: dict[tuple[object, ...], list[Episode]] = {}
    for episode in sorted(episodes, key=lambda each: (each.at_ms, each.ref)):
        shared, partition = episode.place
        subject = (shared, partition is None)
        key = (episode.rule, episode.severity, episode.diagnosis, subject, episode.cause_id)
        groups.setdefault(key, []).append(episode)
    return list(groups.values())


def _table(story: Story, groups: list[list[Episode]], summary: str) -> Table:
    rows = [_row(story, group) for group in groups[:MAX_ROWS]]
    if len(groups) > MAX_ROWS:
        more = Cell(f"and {len(groups) - MAX_ROWS:,} more", story.whole, tone="quiet")
        rows.append((Cell(""), more, *(Cell("") for _ in _HEAD[2:])))
    return Table(_HEAD, tuple(rows), summary)


def _row(story: Story, group: list[Episode]) -> tuple[Cell, ...]:
    first = group[0]
    openings = together(Cited.one(episode.ref) for episode in group)
    telling = max(group, key=lambda episode: episode.value)
    values = sorted({episode.value for episode in group})
    value = value_of(first.rule, values[-1])
    if len(values) > 1:
        value = f"{value_of(first.rule, values[0])} to {value}"
    cause = NOTHING if telling.cause is None else Cited.one(telling.cause)
    return (
        Cell(first.severity, openings, tone=first.severity),
        Cell(first.rule, openings, _subjects(group)),
        Cell(story.moment(first.at_ms), _ends(story, group) | openings, _lasted(story, group)),
        Cell(value, openings, expected(first.rule, first.expected_low, first.expected_high)),
        Cell(first.diagnosis, tone="quiet" if first.diagnosis == "unknown" else ""),
        Cell(_evidence(telling.evidence), Cited.one(telling.ref) | cause, tone="quiet"),
    )


def _subjects(group: list[Episode]) -> str:
    topic, _ = group[0].place
    numbers = sorted({number for _, number in (episode.place for episode in group) if number is not None})
    return f"{topic}/{', '.join(map(str, numbers))}" if numbers else topic


def _lasted(story: Story, group: list[Episode]) -> str:
    ends = [episode.resolution for episode in group]
    closed = [end.at_ms for end in ends if end is not None]
    open_ = len(ends) - len(closed)
    if not closed:
        return "still open as the log ends"
    began = group[0].at_ms
    if min(closed) == max(closed):
        told = f"to {story.moment(closed[0])}, {words.span((closed[0] - began) / 1_000)}"
    else:
        told = f"to {story.moment(min(closed))} and {story.moment(max(closed))}"
    return f"{told}; {open_} still open" if open_ else told


def _ends(story: Story, group: list[Episode]) -> Cited:
    ends = (episode.resolution for episode in group)
    return together(story.extent.last.cited if end is None else Cited.one(end.ref) for end in ends)


def _evidence(evidence: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name} {_scalar(value)}" for name, value in evidence.items())


def _scalar(value: Scalar) -> str:
    if value is None:
        return words.UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return words.figure(value)
    return f"{value:,}" if isinstance(value, int) else value
