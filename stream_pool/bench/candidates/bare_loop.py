"""The least that a consumer can do: fetch, decode with orjson, read a field, count, commit every second."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer

from stream_pool.bench.meter import Job, Meter

COMMIT_INTERVAL_S = 1.0

Fetched = dict[Any, list[Any]]
"""Records by partition, as `getmany` gives them."""


def decode_and_count(fetched: Fetched) -> int:
    """One record at a time; none is kept."""
    count = 0
    for records in fetched.values():
        for record in records:
            orjson.loads(record.value)["customer"]["id"]
            count += 1
    return count


async def consume(job: Job, handle: Callable[[Fetched], int]) -> None:
    """Consume from the beginning of the topic until the meter ends the process."""
    meter = Meter(job)
    consumer = AIOKafkaConsumer(
        job.topic,
        bootstrap_servers=job.broker,
        group_id=job.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1 << 20,
    )
    await consumer.start()
    count = 0
    committed_at_s = time.monotonic()
    while True:
        count += handle(await consumer.getmany(timeout_ms=200, max_records=2000))
        if count >= meter.next_mark:
            meter.read(count)
        if time.monotonic() - committed_at_s >= COMMIT_INTERVAL_S:
            await consumer.commit()
            committed_at_s = time.monotonic()


if __name__ == "__main__":
    asyncio.run(consume(Job.from_environment(), decode_and_count))
