"""The interval's signals: for each partition one contiguous range of positions, and what happened in it.

Errors, retries and latencies are those of the records in the range, to the record, where one agent reads the
topic. Of several agents on one topic each counts its own as it settles them, and the position is the
slowest's; the retries of a record that stopped the worker come with the range before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream_pool.clock import Clock
from stream_pool.events import PartitionSignals, SignalsSampled
from stream_pool.stream.counters import Counters, Tally
from stream_pool.stream.event_writer import EventWriter
from stream_pool.stream.offsets import OffsetTracker, PartitionProgress


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the last sample of an assigned partition ended."""

    position: int
    records: int
    size_bytes: int


class SignalSampler:
    """Turns counters and positions into deltas. A partition's range begins anew where it is assigned anew."""

    def __init__(self, tracker: OffsetTracker, counters: Counters, writer: EventWriter, clock: Clock) -> None:
        self._tracker = tracker
        self._counters = counters
        self._writer = writer
        self._clock = clock
        self._sampled_at_s = clock.monotonic()
        self._places: dict[TopicPartition, _Place] = {}
        self._tallies: dict[TopicPartition, Tally] = {}

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
        """Write one event, and begin the next ranges where its ranges end: only once it is in the writer's
        hands, so that a fault on the way leaves no gap."""
        now_s = self._clock.monotonic()
        progress = self._tracker.progress()
        at_hand = [partition for partition in sorted(partitions) if partition in progress]
        if at_hand:
            entries = tuple(self._entry(partition, progress[partition]) for partition in at_hand)
            event = SignalsSampled(*self._writer.stamp(), now_s - self._sampled_at_s, entries)
            self._writer.append(event)
        self._sampled_at_s = now_s
        for partition in at_hand:
            self._begin_next(partition, progress[partition])

    def _entry(self, partition: TopicPartition, progress: PartitionProgress) -> PartitionSignals:
        counters = self._counters.of(partition.topic, partition.partition)
        last = self._places.get(partition) or _Place(progress.start, 0, 0)
        before, now = self._tallies.get(partition, Tally()), counters.tally
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
            latency=counters.interval_latency.sparse(),
        )

    def _begin_next(self, partition: TopicPartition, progress: PartitionProgress) -> None:
        counters = self._counters.of(partition.topic, partition.partition)
        self._places[partition] = _Place(progress.position, progress.records, progress.size_bytes)
        self._tallies[partition] = counters.tally
        counters.next_interval()
