"""What the soak asks of the broker beside its traffic, each time on a connection of its own: it restarts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from stream_pool.bench.admin import admin_of
from stream_pool.clock import SystemClock
from stream_pool.stream.client import Observer
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.topics import EVENTS_CONFIG

REFUSED_BYTES = 100
"""`max.message.bytes` of an events topic that refuses every event."""


def client(servers: str) -> KafkaClient:
    """The worker's own client, for reading a log."""
    return KafkaClient({"bootstrap_servers": servers.split(",")}, "bench-soak", SystemClock())


async def refuse_events(servers: str, topic: str, *, refused: bool) -> None:
    """Have the events topic refuse everything, or take it again. Raises `aiokafka.errors.KafkaError`.

    Its other settings are told again, since what is left out goes back to the broker's default.
    """
    config = EVENTS_CONFIG | ({"max.message.bytes": str(REFUSED_BYTES)} if refused else {})
    async with admin_of(servers) as admin:
        answers = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    for answer in answers:
        for code, message, *_ in answer.resources:
            if code:
                raise for_code(code)(message)


async def ends(servers: str, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Where the partitions end."""
    places = [TopicPartition(topic, partition) for partition in partitions]
    async with _observer(servers) as observer:
        return {place.partition: end for place, end in (await observer.end_offsets(places)).items()}


async def committed(servers: str, group: str, topic: str) -> dict[int, int]:
    """Where the group would go on; a partition without a commit is left out."""
    async with _observer(servers) as observer:
        commits = await observer.committed(group)
    return {place.partition: offset for place, offset in commits.items() if place.topic == topic}


@asynccontextmanager
async def _observer(servers: str) -> AsyncIterator[Observer]:
    observer = client(servers).observer("bench-soak")
    await observer.start()
    try:
        yield observer
    finally:
        await observer.stop()
