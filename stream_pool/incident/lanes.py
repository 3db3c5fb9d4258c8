"""Records on their way to a topic: batches that fill while those before them are under way.

The idea: a partition is a lane. Records go into its open batch; a task of its own hands that over as soon as
the client takes it, which it does when the batch before it has left. So a record waits for nothing where
there is time, and batches are full where there is none. `put` waits while the open batch is full: at most
four batches of each partition are in memory.

Batches are aiokafka's own: a record in one costs a tenth of what `send` takes, and a tombstone without a key,
which `send` refuses, may be in it.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiokafka.errors import KafkaError

Headers = list[tuple[str, bytes | None]]
"""A list, of all sequences, is what a batch takes."""


class BatchProducer(Protocol):
    """What is asked of a started producer (`AIOKafkaProducer` has it)."""

    def create_batch(self) -> Any: ...

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[Any]": ...


@dataclass(slots=True)
class _Sent:
    """A batch that was not acknowledged yet: `first` is the number of its first record, which is `place`."""

    first: int
    place: str


class SendFailed(Exception):
    """A batch was refused, or nobody answered; `error` says which. `place` is the first record in it."""

    def __init__(self, error: Exception, place: str, partition: int) -> None:
        super().__init__(f"the batch of partition {partition} that begins with {place}: {error!r}")
        self.error = error
        self.place = place


class Lanes:
    """The lanes of one topic. `close` ends its tasks."""

    def __init__(self, producer: BatchProducer, topic: str) -> None:
        self.failure: SendFailed | None = None
        self._producer = producer
        self._topic = topic
        self._lanes: dict[int, _Lane] = {}

    async def put(
        self,
        partition: int,
        number: int,
        place: str,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        """Take a record; `number` rises from record to record. Waits while its lane is full.

        Raises `SendFailed` once any batch has failed.
        """
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = _Lane(self, self._producer, self._topic, partition)
        while not lane.put(number, place, timestamp_ms, key, value, headers):
            await lane.has_room()
            if self.failure is not None:
                break
        if self.failure is not None:
            raise self.failure

    def acknowledged(self, numbers: int) -> int:
        """Of `numbers` records that were put, as many as are acknowledged with all before them."""
        return min((lane.first for lane in self._lanes.values() if lane.first is not None), default=numbers)

    async def flush(self) -> None:
        """Wait until all is acknowledged. Raises `SendFailed`."""
        for lane in self._lanes.values():
            await lane.flush()
        if self.failure is not None:
            raise self.failure

    async def close(self) -> None:
        """Send nothing more."""
        tasks = [lane.task for lane in self._lanes.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def fail(self, failure: SendFailed) -> None:
        """A batch has failed: let everyone who waits know."""
        self.failure = self.failure or failure
        for lane in self._lanes.values():
            lane.wake()


class _Lane:
    """One partition."""

    def __init__(self, lanes: Lanes, producer: BatchProducer, topic: str, partition: int) -> None:
        self._lanes = lanes
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._open: Any = None
        self._opened = _Sent(0, "")
        self._under_way: deque[_Sent] = deque()
        self._is_ready = asyncio.Event()
        self._is_taken = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.task = asyncio.create_task(self._send())

    @property
    def first(self) -> int | None:
        """The number of the first record that is not acknowledged; None: all are."""
        if self._under_way:
            return self._under_way[0].first
        return None if self._open is None else self._opened.first

    def put(
        self,
        number: int,
        place: str,
        timestamp_ms: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> bool:
        """Take a record into the open batch; False where that is full."""
        if self._open is None:
            self._open = self._producer.create_batch()
            self._opened = _Sent(number, place)
            self._is_ready.set()
            self._is_idle.clear()
        taken = self._open.append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
        return taken is not None

    async def has_room(self) -> None:
        """Wait until the open batch has gone, or something failed."""
        self._is_taken.clear()
        await self._is_taken.wait()

    async def flush(self) -> None:
        """Wait until all is acknowledged, or something failed."""
        while self._lanes.failure is None and not self._is_idle.is_set():
            await self._is_idle.wait()

    def wake(self) -> None:
        self._is_taken.set()
        self._is_idle.set()

    async def _send(self) -> None:
        while True:
            await self._is_ready.wait()
            self._is_ready.clear()
            batch, self._open = self._open, None
            sent = self._opened
            self._under_way.append(sent)
            self._is_taken.set()
            batch.close()
            try:
                future = await self._producer.send_batch(batch, self._topic, partition=self._partition)
            except Exception as error:  # whatever it is: a lane that dies in silence is waited for for ever
                self._lanes.fail(SendFailed(error, sent.place, self._partition))
                return
            future.add_done_callback(partial(self._answered, sent))

    def _answered(self, sent: _Sent, done: "asyncio.Future[Any]") -> None:
        """A broker answers the batches of one partition in their order."""
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            cause = error if isinstance(error, Exception) else KafkaError("cancelled")
            self._lanes.fail(SendFailed(cause, sent.place, self._partition))
            return
        self._under_way.remove(sent)
        if not self._under_way and self._open is None:
            self._is_idle.set()
