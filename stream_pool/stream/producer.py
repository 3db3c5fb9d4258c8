"""Producers for what the worker writes itself: its events and its dead letters.

They wait for all in-sync replicas and are not idempotent: aiokafka's idempotent producer counts a batch that
the broker refused (too large, invalid) into its sequence, so that everything after it is refused as out of
order, for as long as the process lives. A retry inside the client may write a message twice; readers of the
log drop repeats, and a dead letter says which record it is of.
"""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError


async def start_producer(
    connection: Mapping[str, Any], *, client_id: str, linger_ms: int
) -> AIOKafkaProducer:
    """Start a producer on `connection` (aiokafka's options: `bootstrap_servers`, later its security).

    Raises `aiokafka.errors.KafkaError` where no broker answers.
    """
    producer = AIOKafkaProducer(
        **connection, client_id=client_id, linger_ms=linger_ms, request_timeout_ms=10_000, acks="all"
    )
    try:
        await producer.start()
    except KafkaError:
        await producer.stop()
        raise
    return producer
