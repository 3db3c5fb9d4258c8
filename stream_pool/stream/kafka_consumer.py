"""The consumer of `stream/client.py` over aiokafka's: what it asks beyond the public interface."""

from collections.abc import Collection, Mapping

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from stream_pool.stream.heartbeats import BeatingConsumer
from stream_pool.stream.topic_id import TopicId
from stream_pool.stream.topic_ids import topic_ids


class KafkaConsumer(BeatingConsumer):
    """aiokafka's consumer, which also tells the ids of topics, and a group's commits with their metadata."""

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, TopicId | None]:
        """The id of each of these topics that there is now; None where the broker tells none."""
        return await topic_ids(self._client, topics)

    async def commits(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """What the group has committed on these partitions, in one request."""
        told: dict[TopicPartition, OffsetAndMetadata]
        told = await self._coordinator.fetch_committed_offsets(list(partitions))
        return told
