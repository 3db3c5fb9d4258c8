"""Which offsets may be committed: contiguous prefixes of delivered records, one log a partition.

The idea: what the consumer delivers is registered as a *delivery*, a run of records of one partition, and
every handler of the topic gets a *claim* on it. Claims advance; a partition's committable position is the
end of the unbroken prefix of records that every claim is done with. Offsets may have holes (compaction,
transaction markers), so the order is that of delivery, never arithmetic on offsets.

The limits: nothing here awaits or knows a client. A partition that is dropped refuses further deliveries
until it is assigned anew; a claim of a forgotten partition can still be advanced by its owner, to no
effect. Both are structural, since a prefix that jumps over a dropped delivery is a lost record.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka import TopicPartition


class Record(Protocol):
    """What is asked of a consumed record (aiokafka's `ConsumerRecord` has it)."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Delivery:
    """One run of records of one partition as the consumer handed it out.

    `polled_at_s` is monotonic: the start of the latency "from poll to done". `forgotten`: what was not done
    of it is another consumer's.
    """

    __slots__ = ("claims", "forgotten", "partition", "polled_at_s", "records", "size_bytes")

    def __init__(self, partition: TopicPartition, records: Sequence[Record], polled_at_s: float) -> None:
        assert records, "an empty delivery has no position"
        self.partition = partition
        self.records = records
        self.polled_at_s = polled_at_s
        self.size_bytes = _size_bytes(records)
        self.claims: list[Claim] = []
        self.forgotten = False

    @property
    def end(self) -> int:
        """The position behind the last record."""
        return self.records[-1].offset + 1

    def done_count(self) -> int:
        """Records that every claim is done with, from the first on."""
        return min(claim.count for claim in self.claims)


def _size_bytes(records: Sequence[Record]) -> int:
    return sum([len(value) for record in records if (value := record.value) is not None])


class Claim:
    """One handler's work on one delivery. `count` records of it are done, from the first on.

    `held` from `begin` to `release`: while its owner may still touch it. `dropped`: the owner is asked to
    leave off, at once where it has not begun, else behind the record at hand.
    """

    __slots__ = ("_on_release", "count", "delivery", "dropped", "held")

    def __init__(self, delivery: Delivery, on_change: Callable[["Claim"], None]) -> None:
        self.delivery = delivery
        self.count = 0
        self.held = False
        self.dropped = False
        self._on_release = on_change

    @property
    def done(self) -> bool:
        return self.count == len(self.delivery.records)

    def begin(self) -> bool:
        """Take up the work; False where it was dropped meanwhile and must not be done."""
        self.held = not self.dropped
        return self.held

    def advance(self, count: int) -> None:
        """Say that the first `count` records are done."""
        assert self.count <= count <= len(self.delivery.records), (self.count, count)
        self.count = count

    def release(self) -> None:
        """Say that the owner touches it no more, done or not."""
        self.held = False
        self._on_release(self)


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """Where a partition stands.

    `records` and `size_bytes` count what was done since it was assigned, at `start`.
    """

    start: int
    position: int
    committed: int | None
    records: int
    size_bytes: int
    in_flight_records: int
    in_flight_bytes: int


class _PartitionLog:
    """Deliveries of one partition in order, and the position behind the finished ones."""

    __slots__ = ("base", "bytes_done", "committed", "deliveries", "drained", "records_done", "start")

    def __init__(self, position: int, committed: int | None) -> None:
        self.start = position
        self.base = position
        self.committed = committed
        self.deliveries: deque[Delivery] = deque()
        self.records_done = 0
        self.bytes_done = 0
        self.drained = False

    def settle(self) -> list[Delivery]:
        """Take finished deliveries off the front and return them."""
        finished = []
        while self.deliveries and self.deliveries[0].done_count() == len(self.deliveries[0].records):
            delivery = self.deliveries.popleft()
            self.base = delivery.end
            self.records_done += len(delivery.records)
            self.bytes_done += delivery.size_bytes
            finished.append(delivery)
        return finished

    def head_count(self) -> int:
        return self.deliveries[0].done_count() if self.deliveries else 0

    def position(self) -> int:
        """The first offset that is not done."""
        count = self.head_count()
        if not count:
            return self.base
        head = self.deliveries[0]
        return head.records[count].offset if count < len(head.records) else head.end

    def held(self) -> bool:
        """Whether a handler is at work on a delivery of this partition."""
        return any(claim.held for delivery in self.deliveries for claim in delivery.claims)


class OffsetTracker:
    """All partitions of one consumer. Pure bookkeeping; the source awaits and commits.

    `on_finished` is called with each delivery that every handler is done with, and `on_release` whenever a
    handler let go of a claim: records may have left the buffer, so that a paused topic can go on, and a
    drain may be over.
    """

    def __init__(self, on_finished: Callable[[Delivery], None], on_release: Callable[[], None]) -> None:
        self._logs: dict[TopicPartition, _PartitionLog] = {}
        self._records: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self._on_finished = on_finished
        self._on_release = on_release

    def assign(self, partition: TopicPartition, position: int, committed: int | None) -> None:
        """Begin to track a partition at a position (the next offset to be read).

        `committed` is what the group has committed: a position that differs from it is due at once.
        """
        assert partition not in self._logs, f"{partition} is tracked already"
        self._logs[partition] = _PartitionLog(position, committed)

    def deliver(
        self, partition: TopicPartition, records: Sequence[Record], polled_at_s: float, claims: int
    ) -> list[Claim] | None:
        """Register a run of records; None where the partition is not (or no longer) ours.

        A caller that gets None throws the records away: they were not committed, so they come again.
        """
        log = self._logs.get(partition)
        if log is None or log.drained:
            return None
        delivery = Delivery(partition, records, polled_at_s)
        delivery.claims = [Claim(delivery, self._released) for _ in range(claims)]
        log.deliveries.append(delivery)
        self._add(delivery, 1)
        return list(delivery.claims)

    def drain(self, partitions: Iterable[TopicPartition]) -> None:
        """Refuse further deliveries and ask every claim to leave off."""
        for partition in partitions:
            if (log := self._logs.get(partition)) is not None:
                log.drained = True
                for delivery in log.deliveries:
                    for claim in delivery.claims:
                        claim.dropped = True

    def held(self, partitions: Iterable[TopicPartition]) -> bool:
        """Whether a handler is still at work on one of the partitions."""
        return any(self._logs[p].held() for p in partitions if p in self._logs)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop tracking; what was not done is another consumer's now."""
        partitions = list(partitions)
        self.drain(partitions)
        for partition in partitions:
            if (log := self._logs.pop(partition, None)) is not None:
                for delivery in log.deliveries:
                    delivery.forgotten = True
                    self._add(delivery, -1)

    def idle(self) -> list[TopicPartition]:
        """Partitions with nothing in flight."""
        return [p for p, log in self._logs.items() if not log.deliveries and not log.drained]

    def skip_to(self, partition: TopicPartition, position: int) -> None:
        """Move an idle partition to where its consumer stands: over markers and holes at the end."""
        log = self._logs.get(partition)
        if log is not None and not log.deliveries and not log.drained:
            log.base = max(log.base, position)

    def ends(self) -> dict[TopicPartition, int]:
        """The offset behind the last record delivered, of each partition that takes deliveries."""
        return {
            p: log.deliveries[-1].end if log.deliveries else log.base
            for p, log in self._logs.items()
            if not log.drained
        }

    def partitions(self) -> list[TopicPartition]:
        return list(self._logs)

    def positions(self, partitions: Iterable[TopicPartition] | None = None) -> dict[TopicPartition, int]:
        """The committable position of each partition, moved or not."""
        chosen = self._logs if partitions is None else partitions
        return {p: self._logs[p].position() for p in chosen if p in self._logs}

    def uncommitted(self, partitions: Iterable[TopicPartition] | None = None) -> dict[TopicPartition, int]:
        """Positions that moved since they were last committed."""
        return {p: at for p, at in self.positions(partitions).items() if at != self._logs[p].committed}

    def committed(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Note that the broker acknowledged these commits."""
        for partition, offset in offsets.items():
            if (log := self._logs.get(partition)) is not None:
                log.committed = offset

    def progress(self) -> dict[TopicPartition, PartitionProgress]:
        """A snapshot of each partition."""
        return {partition: self._progress(log) for partition, log in self._logs.items()}

    def in_flight(self, topic: str) -> tuple[int, int]:
        """Records and bytes of a topic that are delivered and not done."""
        return self._records.get(topic, 0), self._bytes.get(topic, 0)

    def _progress(self, log: _PartitionLog) -> PartitionProgress:
        head = log.head_count()
        head_bytes = _size_bytes(log.deliveries[0].records[:head]) if head else 0
        return PartitionProgress(
            start=log.start,
            position=log.position(),
            committed=log.committed,
            records=log.records_done + head,
            size_bytes=log.bytes_done + head_bytes,
            in_flight_records=sum(len(d.records) for d in log.deliveries) - head,
            in_flight_bytes=sum(d.size_bytes for d in log.deliveries) - head_bytes,
        )

    def _add(self, delivery: Delivery, sign: int) -> None:
        topic = delivery.partition.topic
        self._records[topic] = self._records.get(topic, 0) + sign * len(delivery.records)
        self._bytes[topic] = self._bytes.get(topic, 0) + sign * delivery.size_bytes

    def _released(self, claim: Claim) -> None:
        if (log := self._logs.get(claim.delivery.partition)) is not None:
            for delivery in log.settle():
                self._add(delivery, -1)
                self._on_finished(delivery)
        self._on_release()
