"""Producers for what the worker writes itself: its events and its dead letters.

Both are idempotent and wait for all in-sync replicas, so that a retry inside the client writes nothing
twice. A broker that has no producer ids (the embedded one) gets a plain producer, said once in the log.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownError, UnsupportedVersionError

log = structlog.get_logger(__name__)


async def start_producer(
    connection: Mapping[str, Any], *, client_id: str, linger_ms: int
) -> AIOKafkaProducer:
    """Start a producer on `connection` (aiokafka's options: `bootstrap_servers`, later its security).

    Raises `aiokafka.errors.KafkaError` where no broker answers.
    """
    common = {**connection, "client_id": client_id, "linger_ms": linger_ms, "request_timeout_ms": 10_000}
    producer = AIOKafkaProducer(**common, enable_idempotence=True)
    try:
        await producer.start()
    except (UnknownError, UnsupportedVersionError) as refused:
        await producer.stop()
        log.warning("idempotent producer refused by the broker, writing without", error=repr(refused))
    except KafkaError:
        await producer.stop()
        raise
    else:
        return producer
    producer = AIOKafkaProducer(**common, acks="all")
    try:
        await producer.start()
    except KafkaError:
        await producer.stop()
        raise
    return producer
