"""Looks at the in-memory log from outside every group."""

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from stream_pool.testing.log import MemoryLog
from stream_pool.testing.wire import Wire


class MemoryObserver:
    """An observer; every question is one request."""

    def __init__(self, log: MemoryLog, wire: Wire) -> None:
        self._log = log
        self._wire = wire

    async def start(self) -> None:
        """Raises `KafkaConnectionError` where no broker answers."""
        if self._wire.away():
            raise KafkaConnectionError("no broker answers")
        await self._wire.way()

    async def stop(self) -> None:
        """Nothing is held."""

    async def partitions_of(self, topics: Sequence[str]) -> list[TopicPartition]:
        """Every partition of those of the topics that exist, in order."""
        return await self._wire.ask(
            lambda: [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in range(self._log.partition_count(topic) or 0)
            ]
        )

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The earliest offset kept, by partition."""
        return await self._wire.ask(lambda: {each: self._log.bounds(each)[0] for each in partitions})

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset behind the last record, by partition."""
        return await self._wire.ask(lambda: {each: self._log.bounds(each)[1] for each in partitions})

    async def committed(
        self, group: str, partitions: Sequence[TopicPartition] | None = None
    ) -> Mapping[TopicPartition, int]:
        """A group's commits on these partitions, or all of them."""
        commits = await self._wire.ask(lambda: self._log.committed(group))
        return {p: offset for p, offset in commits.items() if partitions is None or p in partitions}
