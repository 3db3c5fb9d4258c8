"""Lag, against what the broker says itself."""

import asyncio
import shutil
import subprocess

import pytest
from support import Lab, until

from stream_pool.broker import Broker
from stream_pool.broker.kafka_home import cached_jars
from stream_pool.events import LagSampled


async def test_lag_is_what_the_broker_says_also_while_the_consumer_is_stalled(
    kafka: Broker, lab: Lab
) -> None:
    """Records behind, by kafka-consumer-groups and by our metric, while a handler holds on and after."""
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(20)], partitions=2)
    held = await lab.cluster.produce(topic, [{"do": "hold"}])
    worker = await lab.worker("each_async", topic, max_poll_records=1, buffer_records=5).ready()
    await lab.handled(held, "began")
    places += await lab.cluster.produce(topic, [{"n": n} for n in range(100)], partitions=2)
    for lag in (51, 101):
        await worker.shows(lag, "stream_pool_lag_records", topic=topic, partition="0")
        told = await by_the_broker(lab, topic)
        assert told[0] == lag
        others = await worker.metric("stream_pool_lag_records", topic=topic, partition="1")
        assert others == told[1]
        places += await lab.cluster.produce(topic, [{"n": n} for n in range(50)])
    assert await worker.metric("stream_pool_lag_seconds", topic=topic, partition="0") > 0
    lab.open_gate()
    await lab.handled(places)
    for partition in "01":
        await worker.shows(0, "stream_pool_lag_records", topic=topic, partition=partition)
    assert await by_the_broker(lab, topic) == {0: 0, 1: 0}

    async def ends_at_zero() -> bool:
        polls = [logged.event for logged in await lab.events("lag.sampled")]
        assert all(isinstance(poll, LagSampled) for poll in polls)
        most = max(part.lag_records or 0 for poll in polls for part in poll.partitions)
        return most >= 101 and all(part.lag_records == 0 for part in polls[-1].partitions)

    await until(ends_at_zero, "the log does not show the lag come and go")


async def by_the_broker(lab: Lab, topic: str) -> dict[int, int]:
    """LAG by partition as Kafka's own command prints it."""
    if (java := shutil.which("java")) is None or not cached_jars().is_dir():
        pytest.skip("needs Java and Kafka's jars, for kafka-consumer-groups")
    command = [java, "-cp", f"{cached_jars()}/*", "-XX:TieredStopAtLevel=1"]
    command += ["org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"]
    command += ["--bootstrap-server", lab.cluster.servers, "--describe", "--group", lab.group]
    ran = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=True
    )
    rows = [line.split() for line in ran.stdout.splitlines() if topic in line]
    return {int(row[2]): int(row[5]) for row in rows}
