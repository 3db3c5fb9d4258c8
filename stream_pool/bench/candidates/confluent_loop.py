"""The bare loop on librdkafka: confluent-kafka's `consume`, orjson, a commit every second."""

import time

import orjson
from confluent_kafka import Consumer, KafkaException

from stream_pool.bench.candidates.bare_loop import COMMIT_INTERVAL_S
from stream_pool.bench.meter import Job, Meter


def consume(job: Job) -> None:
    """Consume from the beginning of the topic until the meter ends the process."""
    meter = Meter(job)
    consumer = Consumer(
        {
            "bootstrap.servers": job.broker,
            "group.id": job.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([job.topic])
    count = 0
    committed_at_s = time.monotonic()
    while True:
        messages = consumer.consume(num_messages=2000, timeout=0.2)
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            orjson.loads(message.value())["customer"]["id"]
            count += 1
        if count >= meter.next_mark:
            meter.read(count)
        if messages and time.monotonic() - committed_at_s >= COMMIT_INTERVAL_S:
            consumer.commit(asynchronous=False)
            committed_at_s = time.monotonic()


if __name__ == "__main__":
    consume(Job.from_environment())
