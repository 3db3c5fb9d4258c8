"""Looks after the topics of the in-memory log."""

from collections.abc import Iterable, Mapping

from stream_pool.testing.log import MemoryLog
from stream_pool.testing.wire import Wire


class MemoryAdmin:
    """An admin that has reached the broker."""

    def __init__(self, log: MemoryLog, wire: Wire) -> None:
        self._log = log
        self._wire = wire

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        """The number of partitions of each of these topics that exists; creates none."""
        wanted = list(dict.fromkeys(topics))
        return await self._wire.ask(
            lambda: {
                topic: count for topic in wanted if (count := self._log.partition_count(topic)) is not None
            }
        )

    async def create_topic(self, topic: str, *, partitions: int, config: Mapping[str, str]) -> None:
        """Create a topic. Raises `TopicAlreadyExistsError`."""
        await self._wire.ask(lambda: self._log.create_topic(topic, partitions, config))
