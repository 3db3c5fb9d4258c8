"""Orders at an even rate, whatever becomes of the broker: what could not be sent meanwhile follows.

Orders are those of every bench, 17 levels deep, each new, and go to the partition of their key. What the
broker acknowledged is counted: nothing else was promised to anybody. Poison carries a header that says so,
and keeps it in the dead letters, so that a copy that a retry has made is known for what it is.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from stream_pool.incident import OrderGenerator
from stream_pool.incident.poison import REASONS, not_json
from stream_pool.stream.metadata_pace import pace_metadata

POISON_HEADER = "bench-soak-poison"
POISON_REASON = REASONS["not_json"]

TICK_S = 0.02
AT_ONCE = 100
"""Orders that are made before others have their turn: where there is much to follow, or a fault is due."""

BATCH_BYTES = 256 * 1024
"""Of one partition: what waits while the broker is away, and what follows in one request."""

SEND_TIMEOUT_MS = 60_000
"""Longer than a broker is away; a record that waits for longer was never acknowledged."""

Place = tuple[int, int]
"""Partition and offset."""


class Traffic:
    """Writes orders of this seed to `topic`, which has records up to `ends`. Made, it connects to nothing."""

    def __init__(self, servers: str, topic: str, seed: int, ends: Mapping[int, int]) -> None:
        self._topic = topic
        self._orders = OrderGenerator(seed)
        self._ending = False
        self._producer = AIOKafkaProducer(
            bootstrap_servers=servers,
            acks="all",
            linger_ms=10,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=SEND_TIMEOUT_MS,
        )
        pace_metadata(self._producer.client)
        self._task: asyncio.Task[None] | None = None
        self.acknowledged = 0
        self.refused = 0
        self.ends = dict(ends)
        """Behind the newest acknowledged record of each partition."""
        self.poison: set[Place] = set()

    @asynccontextmanager
    async def at(self, rate: float) -> AsyncIterator[None]:
        """Send so many records a second, for the length of the block or until `finish`.

        Raises `aiokafka.errors.KafkaError` where no broker answers.
        """
        async with self._producer:
            self._task = asyncio.create_task(self._send_evenly(rate))
            try:
                yield
            finally:
                self._task.cancel()
                await asyncio.wait([self._task])

    def watch(self) -> None:
        """Raise what ended it, if anything did."""
        if self._task is not None and self._task.done() and not self._ending:
            self._task.result()

    async def burst(self, count: int, partition: int) -> None:
        """Poison, one after the other, to one partition; return when it has been acknowledged."""
        acks = []
        for _ in range(count):
            order = self._orders.order()
            ack = await self._producer.send(
                self._topic,
                not_json(order.value),
                order.key,
                partition,
                headers=[*order.headers, (POISON_HEADER, b"1")],
            )
            ack.add_done_callback(self._note)
            acks.append(ack)
        self.poison.update((told.partition, told.offset) for told in await asyncio.gather(*acks))

    async def finish(self) -> None:
        """Send no more, and wait until all that was sent has been acknowledged, or given up."""
        self._ending = True
        if self._task is not None:
            await self._task
        await self._producer.flush()

    async def _send_evenly(self, rate: float) -> None:
        began_s = time.monotonic()
        sent = 0
        while not self._ending:
            due = int((time.monotonic() - began_s) * rate)
            for _ in range(min(due - sent, AT_ONCE)):
                await self._send_one()
                sent += 1
            await asyncio.sleep(TICK_S if sent >= due else 0)

    async def _send_one(self) -> None:
        order = self._orders.order()
        try:
            ack = await self._producer.send(self._topic, order.value, order.key, headers=list(order.headers))
        except KafkaError:
            self.refused += 1
        else:
            ack.add_done_callback(self._note)

    def _note(self, ack: "asyncio.Future[RecordMetadata]") -> None:
        if ack.cancelled() or ack.exception() is not None:
            self.refused += 1
            return
        told = ack.result()
        self.acknowledged += 1
        self.ends[told.partition] = max(self.ends.get(told.partition, 0), told.offset + 1)
