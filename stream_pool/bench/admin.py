"""What benches ask of a broker beside the load: an admin client that is closed again, and topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@asynccontextmanager
async def admin_of(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for the length of a block. Raises `KafkaError` where no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def create_topic(servers: str, topic: str, partitions: int) -> None:
    """Make a topic with one replica."""
    async with admin_of(servers) as admin:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
