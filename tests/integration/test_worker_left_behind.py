"""What a consumer leaves behind that could not leave its group in time: nothing that goes on."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import ConsumerRebalanceListener
from kafka_topics import Topics
from support import until

from stream_pool.broker import JavaBroker
from stream_pool.clock import SystemClock
from stream_pool.stream import heartbeats
from stream_pool.stream.kafka import KafkaClient


class Assigned(ConsumerRebalanceListener):
    """Tells when there are partitions."""

    def __init__(self) -> None:
        self.there = asyncio.Event()

    async def on_partitions_revoked(self, revoked: object) -> None: ...

    async def on_partitions_assigned(self, assigned: object) -> None:
        self.there.set()


async def test_a_stop_that_is_given_up_leaves_no_task(own_kafka: JavaBroker, own_topics: Topics) -> None:
    """The broker does not answer the farewell: neither heartbeat nor fetch nor connection stays."""
    topic = await own_topics.create()
    before = asyncio.all_tasks()
    client = KafkaClient({"bootstrap_servers": [own_kafka.bootstrap_servers]}, "left-behind", SystemClock())
    consumer = client.consumer("left-behind", {})
    listener = Assigned()
    consumer.subscribe([topic], listener=listener)
    await consumer.start()
    await listener.there.wait()
    own_kafka.freeze()
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(consumer.stop(), 0.5)
        await until(lambda: asyncio.all_tasks() == before, lambda: f"left: {asyncio.all_tasks() - before}")
    finally:
        own_kafka.thaw()


async def test_one_that_never_began_can_be_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever of it hangs: the time limit is what comes out."""
    client = KafkaClient({"bootstrap_servers": ["127.0.0.1:1"]}, "never", SystemClock())
    consumer = client.consumer("never", {})
    monkeypatch.setattr(heartbeats, "_LET_GO_TIMEOUT_S", 0.1)
    monkeypatch.setattr(consumer, "_client", SimpleNamespace(close=asyncio.Event().wait))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(consumer.stop(), 0.1)
