"""A consumer over the in-memory log, with what the shell relies on of aiokafka's.

The idea: `getmany` waits while the partitions are dealt anew, gives nothing of a paused partition, fails once
for a partition that has no position, and gives what is there at once. One fetch is on its way at a time and
goes on when a `getmany` has given up, as aiokafka's fetcher does; a fetch asks no coordinator, so whoever was
put out of the group and has not heard of it still reads.

Limits: no prefetched records, no `auto_offset_reset` but "none", and no commits by itself.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from aiokafka import TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NoOffsetForPartitionError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from stream_pool.stream.topic_id import TopicId
from stream_pool.testing.assignment import Places
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.membership import ConsumerOptions, Membership
from stream_pool.testing.wire import Wire

Fetched: TypeAlias = "dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]"

_AWAY_S = 0.1


class MemoryConsumer:
    """A consumer of `group`. It takes part once it was subscribed and started."""

    def __init__(
        self, log: MemoryLog, group: str, client_id: str, wire: Wire, options: ConsumerOptions
    ) -> None:
        self._log = log
        self._wire = wire
        self._options = options
        self._membership = Membership(log, log.group(group), client_id, wire, options, self._assigned)
        self._topics: list[str] = []
        self._listener: Any = None
        self._order: list[TopicPartition] = []
        self._watching: dict[TopicPartition, Callable[[], None]] = {}
        self._there_s = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        self._ended = False

    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None:
        """Take part in the group for these topics, from `start` on."""
        self._topics = list(topics)
        self._listener = listener

    async def start(self) -> None:
        """Join the group, and wait for the first assignment.

        Raises `KafkaConnectionError` where no broker answers, `UnknownTopicOrPartitionError`.
        """
        if self._wire.away():
            raise KafkaConnectionError("no broker answers")
        await self._wire.way()
        for topic in self._topics:
            if self._log.partition_count(topic) is None:
                raise UnknownTopicOrPartitionError(topic)
        self._membership.start(self._topics, self._listener)
        if self._membership.places is None:
            await self._membership.assigned()

    async def stop(self) -> None:
        """Leave the group. A `getmany` that waits returns with nothing, any later one raises."""
        if self._closed:
            return
        self._closed = True
        await self._membership.stop()
        self._ended = True
        if self._membership.places is not None:
            self._unwatch(self._membership.places)
        self._wake()

    async def topic_ids(self, topics: Collection[str]) -> dict[str, TopicId | None]:
        """Those of these topics that exist, without an id: none is ever deleted here, so nobody is asked."""
        return {topic: None for topic in topics if self._log.partition_count(topic) is not None}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """A topic's partitions; None where there is no such topic."""
        count = self._log.partition_count(topic)
        return None if count is None else set(range(count))

    # --- reading

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int, max_records: int) -> Fetched:
        """What is there, at most `max_records` in all; nothing after `timeout_ms`.

        Raises `ConsumerStoppedError`, `NoOffsetForPartitionError`, `OffsetOutOfRangeError`,
        `TopicAuthorizationFailedError`.
        """
        if self._closed:
            raise ConsumerStoppedError()
        if max_records < 1:
            raise ValueError("`max_records` must be a positive Integer")
        loop = asyncio.get_running_loop()
        deadline_s: float | None = None
        while True:
            if self._membership.reassigning:
                await self._membership.assigned()
            if deadline_s is None:
                deadline_s = loop.time() + timeout_ms / 1_000
            if loop.time() >= self._there_s and (fetched := self._take(partitions, max_records)):
                self._depart()
                return fetched
            if loop.time() >= deadline_s:
                return {}
            await self._wait(deadline_s)
            if self._ended:
                return {}

    def _take(self, wanted: Iterable[TopicPartition], max_records: int) -> Fetched:
        """Read from each partition in turn; those that gave something are last the next time."""
        places = self._membership.places
        assert places is not None, "an assignment has been waited for"
        if self._wire.away():
            self._there_s = asyncio.get_running_loop().time() + _AWAY_S
            return {}
        taken: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = {}
        left = max_records
        for partition in wanted or list(self._order):
            if left == 0:
                break
            if partition not in places or places.place(partition).paused:
                continue
            try:
                records = self._read(places, partition, left)
            except KafkaError:
                if taken:
                    return taken  # the next call fails
                raise
            if records:
                taken[partition] = records
                left -= len(records)
                places.seek(partition, records[-1].offset + 1)
                self._order.remove(partition)
                self._order.append(partition)
        return taken

    def _read(
        self, places: Places, partition: TopicPartition, most: int
    ) -> "list[ConsumerRecord[bytes, bytes]]":
        if self._wire.faults.find("topic_refused", topic=partition.topic, worker=self._wire.worker):
            raise TopicAuthorizationFailedError(partition.topic)
        position = self._position(places, partition)
        if position is None:
            raise NoOffsetForPartitionError(partition)
        return self._log.read(partition, position, most, self._options.max_partition_fetch_bytes)

    def _position(self, places: Places, partition: TopicPartition) -> int | None:
        """The position; where there is none yet, the one that the group has committed."""
        place = places.place(partition)
        if place.position is None and (committed := self._membership.known_commit(partition)) is not None:
            places.seek(partition, committed)
        return place.position

    def _depart(self) -> None:
        """The next fetch is on its way."""
        seconds = self._wire.faults.draw_s(self._wire.random) + self._wire.faults.draw_s(self._wire.random)
        faults, worker = self._wire.faults, self._wire.worker
        late = (faults.find("read_late", topic=topic, worker=worker) for topic in self._topics)
        seconds += next((fault.seconds for fault in late if fault is not None), 0.0)
        for topic in self._topics:
            if (slow := faults.find("topic_slow", topic=topic, worker=worker)) is not None:
                seconds += slow.seconds
        self._there_s = asyncio.get_running_loop().time() + seconds

    async def _wait(self, until_s: float) -> None:
        """Wait for something new, for the fetch on its way, or for the time to be up."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._there_s:
            until_s = min(until_s, self._there_s)
        self._waiter = waiter = loop.create_future()
        timer = loop.call_at(until_s, self._wake)
        try:
            await waiter
        finally:
            timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _appended(self, partition: TopicPartition) -> None:
        """The broker has kept a fetch waiting, and answers it now; a paused partition is in no fetch."""
        places = self._membership.places
        if places is not None and partition in places and places.place(partition).paused:
            return
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._there_s:
            self._there_s = now_s + self._wire.faults.draw_s(self._wire.random)
        self._wake()

    def _assigned(self, before: Places | None, places: Places) -> None:
        if before is not None:
            self._unwatch(before)
        for partition in places.partitions:
            self._watching[partition] = partial(self._appended, partition)
            self._log.watch(partition, self._watching[partition])
        self._order = places.partitions
        self._depart()

    def _unwatch(self, places: Places) -> None:
        for partition in places.partitions:
            self._log.unwatch(partition, self._watching.pop(partition))

    # --- positions

    async def position(self, partition: TopicPartition) -> int:
        """The next offset to be read; waits until it is known. Raises `IllegalStateError`."""
        while True:
            places = self._held()
            if (position := self._position(places, partition)) is not None:
                return position
            await places.moved(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at an offset. Raises `IllegalStateError`."""
        if not isinstance(offset, int) or offset < 0:
            raise ValueError("Offset must be a positive integer")
        self._held().seek(partition, offset)
        self._depart()
        self._wake()

    def pause(self, *partitions: TopicPartition) -> None:
        """Read no more from these. Raises `IllegalStateError`."""
        for partition in partitions:
            self._held().place(partition).paused = True

    def resume(self, *partitions: TopicPartition) -> None:
        """Read from them again. Raises `IllegalStateError`."""
        for partition in partitions:
            self._held().place(partition).paused = False
        self._wake()

    def _held(self) -> Places:
        places = self._membership.places
        if places is None:
            raise IllegalStateError("No partitions assigned")
        return places

    # --- offsets

    async def commit(self, offsets: Mapping[TopicPartition, int | tuple[int, str]]) -> None:
        """Commit for the group; metadata are not kept.

        Raises `IllegalStateError` where a partition is not assigned, `CommitFailedError` where the group has
        gone on without this member, `KafkaError`.
        """
        places = self._held()
        for partition in offsets:
            if partition not in places:
                raise IllegalStateError(f"Partition {partition} is not assigned")
        if offsets:
            plain = {each: at if isinstance(at, int) else at[0] for each, at in offsets.items()}
            await self._membership.commit(plain)

    async def commits(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """What the group has committed on these partitions."""
        told = await asyncio.gather(*(self._membership.committed(partition) for partition in partitions))
        return {
            partition: OffsetAndMetadata(offset, "")
            for partition, offset in zip(partitions, told, strict=True)
            if offset is not None
        }

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The earliest offset kept, by partition."""
        return {partition: bounds[0] for partition, bounds in (await self._bounds(partitions)).items()}

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset behind the last record, by partition."""
        return {partition: bounds[1] for partition, bounds in (await self._bounds(partitions)).items()}

    async def _bounds(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        return await self._wire.ask(lambda: {each: self._log.bounds(each) for each in partitions})
