"""Lag, latency, traffic, errors and payload of each topic, window by window, as the detector sums them up.

A window ends where a tick of the detector ended one, so that what is drawn is what was judged. Each record
counts once, by `stream_pool.signals`. The lag is that of the detector's polls; where there are none, what the
workers last said of their own partitions.
"""

from dataclasses import dataclass, field
from functools import partial

from stream_pool.detection.lately import Lately
from stream_pool.events import LagSampled, PartitionLag, SignalsSampled
from stream_pool.incident.report.cited import Cited, Citing, EventRef, Point
from stream_pool.incident.report.measures import (
    DONE,
    ERRORS,
    LAG_RECORDS,
    LAG_SECONDS,
    LATENCY_P50,
    LATENCY_P99,
    PRODUCED,
    RECORD_BYTES,
)
from stream_pool.incident.report.recorded import Recorded
from stream_pool.incident.report.story import Total
from stream_pool.signals import Coverage, Slice

MAX_PARTITIONS = 10_000
MAX_TOPICS = 1_000

_SILENT_WINDOWS = 3


@dataclass(slots=True)
class _Topic:
    window: Slice = field(default_factory=Slice)
    citing: Citing = field(default_factory=Citing)
    total: Slice = field(default_factory=Slice)
    cited: Citing = field(default_factory=Citing)


@dataclass(slots=True)
class _Poll:
    """The end of every partition of a topic at one poll."""

    at_ms: int
    ends: dict[int, int]
    cited: Cited


@dataclass(slots=True)
class Golden:
    """Gathers one log's signals and lag."""

    recorded: Recorded
    topics: dict[str, _Topic] = field(default_factory=dict)
    coverages: Lately[tuple[str, int], Coverage] = field(default_factory=lambda: Lately(MAX_PARTITIONS))
    polls: dict[str, _Poll] = field(default_factory=dict)
    unpolled: int | None = None
    """Windows since the detector's last poll; None before its first."""
    own_lags: dict[tuple[str, int], tuple[PartitionLag, EventRef]] = field(default_factory=dict)

    def signals(self, event: SignalsSampled, ref: EventRef, at_ms: int) -> None:
        """A worker's interval."""
        seen: set[str] = set()
        for part in event.partitions:
            topic = self.topics.get(part.topic)
            if topic is None:
                if len(self.topics) >= MAX_TOPICS:
                    continue
                topic = self.topics[part.topic] = _Topic()
            begin = partial(Coverage, part.from_offset)
            coverage = self.coverages.touch((part.topic, part.partition), at_ms, begin)
            topic.window.add(part, coverage.cover(part.from_offset, part.to_offset))
            if part.topic not in seen:
                seen.add(part.topic)
                topic.citing.add(ref)
                topic.cited.add(ref)

    def lag(self, event: LagSampled, ref: EventRef, at_ms: int) -> None:
        """A poll: the detector's is the group's, a worker's one of its own partitions."""
        if event.observer == "worker":
            for lag in event.partitions[: MAX_PARTITIONS - len(self.own_lags)]:
                self.own_lags[lag.topic, lag.partition] = (lag, ref)
            return
        self.unpolled = 0
        by_topic: dict[str, list[PartitionLag]] = {}
        for lag in event.partitions:
            by_topic.setdefault(lag.topic, []).append(lag)
        for topic, lags in by_topic.items():
            cited = Cited.one(ref)
            self._lag(topic, lags, at_ms, cited)
            self._produced(topic, {lag.partition: lag.end_offset for lag in lags}, at_ms, cited)

    def close(self, at_ms: int, took_s: float, *, is_whole: bool) -> None:
        """The window ends here, `took_s` after the last one did. What came in one that is not whole says
        nothing of a rate: workers report on longer stretches."""
        for name, topic in self.topics.items():
            window, citing = topic.window, topic.citing
            topic.total.absorb(window)
            topic.window, topic.citing = Slice(), Citing()
            if citing.count:
                self._window(name, window, at_ms, took_s if is_whole else None, citing.cited())
        if self.unpolled is None or self.unpolled >= _SILENT_WINDOWS:
            self._own(at_ms)
        if self.unpolled is not None:
            self.unpolled += 1
        self.own_lags.clear()

    def totals(self) -> tuple[Total, ...]:
        """What became of every topic's records so far."""
        totals = []
        for name, topic in sorted(self.topics.items()):
            whole = Slice()
            whole.absorb(topic.total)
            whole.absorb(topic.window)
            totals.append(
                Total(
                    name,
                    whole.records,
                    whole.errors,
                    whole.dead_letters,
                    whole.retries,
                    topic.cited.cited(),
                )
            )
        return tuple(totals)

    def _window(self, topic: str, window: Slice, at_ms: int, took_s: float | None, cited: Cited) -> None:
        add, minimum = self.recorded.add, self.recorded.limits.get("min_records")
        judged = not isinstance(minimum, int) or window.records >= minimum
        if took_s:
            add(DONE.key, topic, Point(at_ms, window.records / took_s, cited))
        if (errors := window.error_ratio) is not None:
            add(ERRORS.key, topic, Point(at_ms, errors, cited), judged=judged)
            add(RECORD_BYTES.key, topic, Point(at_ms, window.bytes / window.records, cited))
        for measure, share in ((LATENCY_P99, 0.99), (LATENCY_P50, 0.5)):
            if (latency_s := window.latency.quantile(share)) is not None:
                add(measure.key, topic, Point(at_ms, latency_s, cited), judged=judged)

    def _lag(self, topic: str, lags: list[PartitionLag], at_ms: int, cited: Cited) -> None:
        records = [lag.lag_records for lag in lags if lag.lag_records is not None]
        seconds = [lag.lag_seconds for lag in lags if lag.lag_seconds is not None]
        if records:
            self.recorded.add(LAG_RECORDS.key, topic, Point(at_ms, sum(records), cited))
        if seconds:
            self.recorded.add(LAG_SECONDS.key, topic, Point(at_ms, max(seconds), cited))

    def _produced(self, topic: str, ends: dict[int, int], at_ms: int, cited: Cited) -> None:
        last = self.polls.get(topic)
        if last is not None and at_ms <= last.at_ms:
            return
        if last is not None and last.ends.keys() == ends.keys():
            came = sum(end - last.ends[partition] for partition, end in ends.items())
            if came >= 0:
                rate = came * 1_000 / (at_ms - last.at_ms)
                self.recorded.add(PRODUCED.key, topic, Point(at_ms, rate, last.cited | cited))
        if last is not None or len(self.polls) < MAX_TOPICS:
            self.polls[topic] = _Poll(at_ms, ends, cited)

    def _own(self, at_ms: int) -> None:
        """The lag that the workers told of, where nobody polled for the group."""
        told: dict[str, list[tuple[PartitionLag, EventRef]]] = {}
        for (topic, _), lag in self.own_lags.items():
            told.setdefault(topic, []).append(lag)
        for topic, lags in told.items():
            citing = Citing()
            for ref in sorted({ref for _, ref in lags}):
                citing.add(ref)
            self._lag(topic, [lag for lag, _ in lags], at_ms, citing.cited())
