"""Records onto a topic as fast as one client can.

They go in record batches made by hand (`create_batch`, `send_batch`), since sending them one by one would
take longer than the bench.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

BATCH_BYTES = 512 * 1024


class Message(NamedTuple):
    """A record that is to be written. `timestamp_ms` None: the time of writing."""

    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


async def fill(servers: str, topic: str, messages: Iterable[Message]) -> None:
    """Write them, in order within each partition.

    Raises `aiokafka.errors.KafkaError` where the broker refuses.
    """
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, max_batch_size=BATCH_BYTES, max_request_size=4 * BATCH_BYTES
    )
    await producer.start()
    try:
        builders: dict[int, Any] = {}
        for message in messages:
            at = message.partition
            builder = builders.get(at)
            if builder is None or not _appended(builder, message):
                if builder is not None:
                    await producer.send_batch(builder, topic, partition=at)
                builders[at] = producer.create_batch()
                _appended(builders[at], message)
        for at, builder in builders.items():
            await producer.send_batch(builder, topic, partition=at)
        await producer.flush()
    finally:
        await producer.stop()


def _appended(builder: Any, message: Message) -> bool:
    """Whether there was room for it."""
    _, key, value, timestamp_ms, headers = message
    appended = builder.append(timestamp=timestamp_ms, key=key, value=value, headers=list(headers))
    return appended is not None
