"""The least that keeps a capture's pace: sleep until a record is due, send it, and so on to the end."""

import asyncio
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from stream_pool.bench.meter import Job, Meter
from stream_pool.incident.capture_file import Capture


async def send(job: Job, capture: Path) -> None:
    """Send each record as long after the first as it was, then let the meter end the process."""
    meter = Meter(job)
    records = [each.record for each in Capture(capture)]
    async with AIOKafkaProducer(bootstrap_servers=job.broker) as producer:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for record in records:
            due_s = began_s + (record.timestamp_ms - records[0].timestamp_ms) / 1_000
            await asyncio.sleep(due_s - loop.time())
            await producer.send(job.topic, record.value, record.key, 0, record.timestamp_ms)
        await producer.flush()
    meter.read(len(records))


if __name__ == "__main__":
    asyncio.run(send(Job.from_environment(), Path(sys.argv[1])))
