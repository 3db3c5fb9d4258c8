"""Looks after the topics of the in-memory log."""

from collections.abc import Iterable, Iterator, Mapping

from stream_pool.stream.client import FoundTopic
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.wire import Wire


class MemoryAdmin:
    """An admin that has reached the broker."""

    def __init__(self, log: MemoryLog, wire: Wire) -> None:
        self._log = log
        self._wire = wire

    async def cluster_id(self) -> str | None:
        """It is none that another could be taken for."""
        return await self._wire.ask(lambda: None)

    async def broker_count(self) -> int:
        """There is one."""
        return await self._wire.ask(lambda: 1)

    async def describe(self, topics: Iterable[str]) -> dict[str, FoundTopic]:
        """Those of these topics that exist; `config` has what they were given."""
        wanted = list(dict.fromkeys(topics))
        return await self._wire.ask(lambda: dict(self._found(wanted)))

    def _found(self, topics: Iterable[str]) -> Iterator[tuple[str, FoundTopic]]:
        for topic in topics:
            if (partitions := self._log.partition_count(topic)) is not None:
                yield topic, FoundTopic(partitions, 1, self._log.config(topic))

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
