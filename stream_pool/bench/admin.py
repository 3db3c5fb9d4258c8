"""What benches ask of a broker beside the load: an admin client that is closed again, topics, and commits."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

PATIENCE_S = 30.0
AGAIN_S = 0.2


@asynccontextmanager
async def admin_of(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for the length of a block. Raises `KafkaError` where no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def create_topic(
    servers: str, topic: str, partitions: int, config: Mapping[str, str] | None = None
) -> None:
    """Make a topic with one replica, and settings of its own."""
    async with admin_of(servers) as admin:
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))])


async def delete_topics(servers: str, topics: Collection[str]) -> None:
    """Delete topics, and what is in them."""
    async with admin_of(servers) as admin:
        await admin.delete_topics(list(topics))


async def commits_of(servers: str, group: str) -> dict[TopicPartition, int]:
    """The offsets that a group has committed. A broker that was just thawed is given time to find itself.

    Raises `KafkaError` where it takes too long.
    """
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            async with admin_of(servers) as admin:
                offsets = await admin.list_consumer_group_offsets(group)
        except KafkaError as error:
            if not error.retriable or time.monotonic() > give_up_s:
                raise
            await asyncio.sleep(AGAIN_S)
        else:
            return {place: entry.offset for place, entry in offsets.items()}
