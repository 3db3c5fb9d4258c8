"""The interval's signals: for each partition one contiguous range of positions, and what happened in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream_pool.clock import Clock
from stream_pool.events import PartitionSignals, SignalsSampled
from stream_pool.stream.counters import Counters, PartitionCounters
from stream_pool.stream.event_writer import EventWriter
from stream_pool.stream.offsets import OffsetTracker, PartitionProgress


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the last sample of an assigned partition ended."""

    position: int
    records: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Tally:
    """What the counters of a partition said at the last sample, whoever it was assigned to since."""

    errors: int = 0
    dead_letters: int = 0
    retries: int = 0


class SignalSampler:
    """Turns counters and positions into deltas. A partition's range begins anew where it is assigned anew."""

    def __init__(self, tracker: OffsetTracker, counters: Counters, writer: EventWriter, clock: Clock) -> None:
        self._tracker = tracker
        self._counters = counters
        self._writer = writer
        self._clock = clock
        self._sampled_at_s = clock.monotonic()
        self._places: dict[TopicPartition, _Place] = {}
        self._tallies: dict[TopicPartition, _Tally] = {}

    def sample(self) -> None:
        """Write `signals.sampled` for every partition at hand."""
        self._write(self._tracker.partitions())

    def sample_last(self, partitions: Iterable[TopicPartition]) -> None:
        """The same for partitions that are about to be given up, so that no range goes unreported."""
        leaving = list(partitions)
        self._write(leaving)
        for partition in leaving:
            self._places.pop(partition, None)

    def _write(self, partitions: list[TopicPartition]) -> None:
        now_s = self._clock.monotonic()
        interval_s, self._sampled_at_s = now_s - self._sampled_at_s, now_s
        progress = self._tracker.progress()
        entries = tuple(self._entry(p, progress[p]) for p in sorted(partitions) if p in progress)
        if entries:
            self._writer.append(SignalsSampled(*self._writer.stamp(), interval_s, entries))

    def _entry(self, partition: TopicPartition, progress: PartitionProgress) -> PartitionSignals:
        counters = self._counters.of(partition.topic, partition.partition)
        last = self._places.get(partition) or _Place(progress.start, 0, 0)
        before = self._tallies.get(partition, _Tally())
        now = self._tally(partition, counters)
        self._places[partition] = _Place(progress.position, progress.records, progress.size_bytes)
        return PartitionSignals(
            topic=partition.topic,
            partition=partition.partition,
            from_offset=last.position,
            to_offset=progress.position,
            records=progress.records - last.records,
            bytes=progress.size_bytes - last.size_bytes,
            errors=now.errors - before.errors,
            dead_letters=now.dead_letters - before.dead_letters,
            retries=now.retries - before.retries,
            latency=counters.take_latency().sparse(),
        )

    def _tally(self, partition: TopicPartition, counters: PartitionCounters) -> _Tally:
        tally = _Tally(counters.errors, counters.buried, counters.retries)
        self._tallies[partition] = tally
        return tally
