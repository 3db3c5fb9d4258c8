"""Reads what the worker writes, the event log and the dead letters, into the model."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from stream_pool.cli.demo.model import DemoModel
from stream_pool.cli.demo.plan import DemoPlan
from stream_pool.events import read_record

POLL_MS = 200
QUIET_POLLS_AT_THE_END = 3
"""The embedded broker's end offsets are too low, so the end is where nothing more comes."""


class Tail:
    """A reader without a group: it sees everything and commits nothing."""

    def __init__(self, plan: DemoPlan, bootstrap_servers: str, model: DemoModel) -> None:
        self._events_topic = plan.events_topic
        self._topic = plan.topic
        self._partitions = [
            TopicPartition(plan.events_topic, 0),
            TopicPartition(plan.dead_letters_topic, 0),
        ]
        self._model = model
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            client_id="stream-pool-demo-tail",
        )

    async def start(self) -> None:
        """Connect, and begin at the beginning."""
        await self._consumer.start()
        self._consumer.assign(self._partitions)

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def follow(self) -> None:
        """Read on until cancelled."""
        while True:
            await self._poll()

    async def read_to_end(self) -> None:
        """Read until nothing more comes; for when nobody writes any more."""
        quiet = 0
        while quiet < QUIET_POLLS_AT_THE_END:
            quiet = 0 if await self._poll() else quiet + 1

    async def _poll(self) -> bool:
        batches = await self._consumer.getmany(timeout_ms=POLL_MS)
        for partition, records in batches.items():
            take = self._take_event if partition.topic == self._events_topic else self._take_letter
            for record in records:
                take(record)
            await asyncio.sleep(0)
        return bool(batches)

    def _take_event(self, record: Any) -> None:
        self._model.apply(read_record(record.offset, record.timestamp, record.headers, record.value))

    def _take_letter(self, record: Any) -> None:
        headers = dict(record.headers)
        if headers["stream-pool.topic"].decode() == self._topic:
            self._model.dead_letter(
                int(headers["stream-pool.partition"]),
                int(headers["stream-pool.offset"]),
                headers["stream-pool.reason"].decode(),
            )
