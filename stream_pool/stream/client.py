"""What the stream room asks of a Kafka consumer.

The port that aiokafka fills here, and that a test may fill with its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiokafka import TopicPartition

from stream_pool.stream.offsets import Record


class Consumer(Protocol):
    """A consumer in a group. aiokafka's `AIOKafkaConsumer` has all of it."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None: ...

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> Mapping[TopicPartition, Sequence[Record]]: ...

    async def position(self, partition: TopicPartition) -> int: ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...

    async def committed(self, partition: TopicPartition) -> int | None: ...

    async def beginning_offsets(
        self, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]: ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...
