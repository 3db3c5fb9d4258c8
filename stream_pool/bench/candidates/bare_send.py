"""The least that a producer can do with a capture's records, read beforehand: `send` in a loop, then `flush`.

The first mark ends the warm-up; the last is read when all is acknowledged.
"""

import asyncio
import gc
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from stream_pool.bench.meter import Job, Meter
from stream_pool.incident.capture_file import Capture


async def send(job: Job, capture: Path) -> None:
    """Send all to the topic until the meter ends the process."""
    meter = Meter(job)
    end = job.marks[-1]
    captured = [(each.partition, each.record, list(each.record.headers)) for each in Capture(capture)]
    gc.collect()
    gc.freeze()  # what lies ready is no part of what sending costs
    producer = AIOKafkaProducer(bootstrap_servers=job.broker)
    await producer.start()
    sent = []
    for partition, record, headers in captured:
        sent.append(
            await producer.send(job.topic, record.value, record.key, partition, record.timestamp_ms, headers)
        )
        if len(sent) == meter.next_mark != end:
            meter.read(len(sent))
    await producer.flush()
    for each in sent:
        each.result()
    meter.read(end)


if __name__ == "__main__":
    asyncio.run(send(Job.from_environment(), Path(sys.argv[1])))
