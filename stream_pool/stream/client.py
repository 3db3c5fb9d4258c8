"""What the stream room asks of Kafka: four small ports, and the client that makes them.

aiokafka fills them in production (`stream/kafka.py`), the in-memory log of `stream_pool.testing` elsewhere;
one conformance suite holds both to the same behaviour. Errors are aiokafka's on either side.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from stream_pool.stream.offsets import Record
from stream_pool.stream.topic_id import TopicId

Headers = Sequence[tuple[str, bytes | None]]


class Consumer(Protocol):
    """A consumer in a group. aiokafka's `AIOKafkaConsumer` has all but `topic_ids` and `commits`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None: ...

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, TopicId | None]:
        """The id of each of these topics that there is now; None where the broker tells none."""
        ...

    def partitions_for_topic(self, topic: str) -> Collection[int] | None:
        """A topic's partitions, as the client last knew it; None where it was not there."""
        ...

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> Mapping[TopicPartition, Sequence[Record]]: ...

    async def position(self, partition: TopicPartition) -> int: ...

    async def commit(self, offsets: Mapping[TopicPartition, int | tuple[int, str]]) -> None:
        """Commit offsets, or pairs of an offset and its metadata."""
        ...

    async def commits(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """What the group has committed on these partitions."""
        ...

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]: ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...


class Found(Protocol):
    """Where a time was found in a partition."""

    @property
    def offset(self) -> int: ...


class Reader(Protocol):
    """A consumer of given partitions, in no group. aiokafka's `AIOKafkaConsumer` has all of it."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> Mapping[TopicPartition, Sequence[Record]]: ...

    async def position(self, partition: TopicPartition) -> int: ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]: ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]: ...

    async def offsets_for_times(
        self, timestamps: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, Found | None]: ...


class Producer(Protocol):
    """A started producer. aiokafka's `AIOKafkaProducer` has all of it."""

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Headers | None = None,
    ) -> "asyncio.Future[Any]":
        """Hand a message over; the future is done when the broker has acknowledged it."""
        ...

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Headers | None = None,
    ) -> Any: ...

    async def stop(self) -> None: ...


class Observer(Protocol):
    """Looks on from outside every group."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def partitions_of(self, topics: Sequence[str]) -> list[TopicPartition]:
        """Every partition of these topics, in order."""
        ...

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]: ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]: ...

    async def committed(
        self, group: str, partitions: Sequence[TopicPartition] | None = None
    ) -> Mapping[TopicPartition, int]:
        """A group's commits on these partitions, or every one that the broker has."""
        ...


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as the broker has it. `config` has Kafka's names, those that a default decides among them."""

    partitions: int
    replicas: int
    config: Mapping[str, str]


class Admin(Protocol):
    """Looks after topics."""

    async def cluster_id(self) -> str | None:
        """What the cluster calls itself, if it says."""
        ...

    async def broker_count(self) -> int:
        """How many brokers the cluster shows."""
        ...

    async def describe(self, topics: Iterable[str]) -> dict[str, FoundTopic]:
        """Those of these topics that exist and may be seen; creates none.

        Raises `KafkaError` where their configuration may not be read.
        """
        ...

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        """The number of partitions of each of these topics that exists; creates none."""
        ...

    async def create_topic(self, topic: str, *, partitions: int, config: Mapping[str, str]) -> None:
        """Create a topic. Raises `TopicAlreadyExistsError`, or another `KafkaError`."""
        ...


class Client(Protocol):
    """Makes the four for one worker. Making a client connects to nothing."""

    def consumer(self, group: str, options: Mapping[str, Any]) -> Consumer:
        """A consumer of `group`, not started. `options` are names of aiokafka's consumer options."""
        ...

    async def producer(self, name: str, *, linger_ms: int) -> Producer:
        """A started producer. Raises `KafkaError` where no broker answers."""
        ...

    def observer(self, name: str) -> Observer:
        """An observer, not started."""
        ...

    def admin(self, *, timeout_s: float) -> AbstractAsyncContextManager[Admin]:
        """An admin on the first broker that answers in time. Raises `BrokerUnavailable`."""
        ...

    def records(self, partition: TopicPartition, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
        """The records of [start, stop), in order, as they come, read from outside every group.

        Raises `KafkaError` where the broker refuses, `OffsetOutOfRangeError` where it has them no more.
        """
        ...
