"""The least that a consumer can do: `getmany`, again and again, and nothing with what it gives."""

import asyncio

from aiokafka import AIOKafkaConsumer

from stream_pool.bench.meter import Job, Meter


async def consume(job: Job) -> None:
    """Consume from the beginning of the topic until the meter ends the process."""
    meter = Meter(job)
    consumer = AIOKafkaConsumer(job.topic, bootstrap_servers=job.broker, auto_offset_reset="earliest")
    await consumer.start()
    count = 0
    while True:
        count += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        if count >= meter.next_mark:
            meter.read(count)


if __name__ == "__main__":
    asyncio.run(consume(Job.from_environment()))
