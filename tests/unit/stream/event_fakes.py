"""Stand-ins for the event writer: a producer in any kind of trouble, and a writer at work on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from fakes import FakeClock

from stream_pool.events import MemorySampled
from stream_pool.stream.event_writer import EventWriter, Identity


class Producer:
    """Acknowledges what it is sent, unless it is down, silent, or told to answer otherwise."""

    def __init__(self) -> None:
        self.down = False
        self.silent = False
        self.largest = 10_000
        self.answers: list[BaseException | None] = []
        self.raises: BaseException | None = None
        self.attempts = 0
        self.sent: list[dict[str, Any]] = []
        self.held: list[asyncio.Future[Any]] = []

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: Any
    ) -> "asyncio.Future[Any]":
        assert (topic, partition) == ("g.events", 0)
        self.attempts += 1
        if self.raises is not None:
            raise self.raises
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer = self.answers.pop(0) if self.answers else None
        if len(value) > self.largest:
            ack.set_exception(MessageSizeTooLargeError())
        elif self.down:
            ack.set_exception(KafkaConnectionError("down"))
        elif answer is not None:
            ack.set_exception(answer)
        else:
            self.sent.append({"type": dict(headers)["ce_type"].decode(), **orjson.loads(value)})
            if self.silent:
                self.held.append(ack)
            else:
                ack.set_result(None)
        return ack

    @property
    def sequences(self) -> list[int]:
        return [each["sequence"] for each in self.sent]


@asynccontextmanager
async def running(writer: EventWriter) -> AsyncIterator[None]:
    """The writer at work, for as long as the block lasts."""
    task = asyncio.create_task(writer.run())
    try:
        async with asyncio.timeout(5):
            yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class Missing:
    """Is told that the topic is not there."""

    def __init__(self) -> None:
        self.told = 0

    async def __call__(self) -> None:
        self.told += 1


def make(producer: Producer, clock: FakeClock | None = None, **bounds: int) -> EventWriter:
    return EventWriter(
        "g.events",
        Identity("w", "i1"),
        producer,
        clock=clock or FakeClock(),
        on_missing=Missing(),
        **{"buffer": 10, **bounds},
    )


def observe(writer: EventWriter, count: int) -> None:
    for _ in range(count):
        writer.append(MemorySampled(*writer.stamp(), 1, None))
