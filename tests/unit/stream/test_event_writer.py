"""The pen on the event log: in order, bounded, and honest about what it dropped."""

import asyncio
from typing import Any

import orjson
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from fakes import FakeClock

from stream_pool.events import MemorySampled, ObservationsLost
from stream_pool.stream.event_writer import EventWriter, Identity


class Producer:
    """Acknowledges what it is sent, unless it is down."""

    def __init__(self) -> None:
        self.down = False
        self.largest = 10_000
        self.sent: list[dict[str, Any]] = []

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: Any
    ) -> "asyncio.Future[Any]":
        assert (topic, partition) == ("g.events", 0)
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if len(value) > self.largest:
            ack.set_exception(MessageSizeTooLargeError())
        elif self.down:
            ack.set_exception(KafkaConnectionError("down"))
        else:
            self.sent.append({"type": dict(headers)["ce_type"].decode(), **orjson.loads(value)})
            ack.set_result(None)
        return ack


def make(producer: Producer, buffer: int = 10) -> EventWriter:
    return EventWriter("g.events", Identity("w", "i1"), producer, clock=FakeClock(), buffer=buffer)


def observe(writer: EventWriter, count: int) -> None:
    for _ in range(count):
        writer.append(MemorySampled(*writer.stamp(), 1, None))


async def test_01_in_order_and_numbered() -> None:
    """Every observation carries the worker, its incarnation and a rising sequence."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 3)
    await writer.flush(1.0)
    stamps = [(each["worker"], each["incarnation"], each["sequence"]) for each in producer.sent]
    assert stamps == [("w", "i1", 1), ("w", "i1", 2), ("w", "i1", 3)]
    assert (writer.written, writer.lost, writer.buffered) == (3, 0, 0)


async def test_02_waits_while_the_log_is_away() -> None:
    """What could not be written is written later, once, in its place."""
    producer = Producer()
    writer = make(producer)
    producer.down = True
    observe(writer, 2)
    assert not await writer._write_some()
    assert writer.buffered == 2
    producer.down = False
    observe(writer, 1)
    await writer.flush(1.0)
    assert [each["sequence"] for each in producer.sent] == [1, 2, 3]


async def test_03_bounded_and_reported() -> None:
    """The oldest are dropped when the buffer is full, and `observations.lost` says how many of which type."""
    producer = Producer()
    writer = make(producer, buffer=4)
    producer.down = True
    observe(writer, 7)
    assert (writer.buffered, writer.lost) == (4, 3)
    producer.down = False
    running = asyncio.create_task(writer.run())
    async with asyncio.timeout(5):
        while writer.written < 5:  # noqa: ASYNC110  # the writer has no event for it, and needs none
            await asyncio.sleep(0)
    running.cancel()
    assert [each["sequence"] for each in producer.sent] == [4, 5, 6, 7, 8]
    lost = producer.sent[-1]
    assert lost["type"] == "stream-pool.observations.lost.v1"
    assert (lost["lost"], lost["by_type"]) == (3, {"stream-pool.memory.sampled.v1": 3})


async def test_04_appending_never_waits() -> None:
    """A log that is away for ever costs a bounded buffer and nothing else."""
    producer = Producer()
    producer.down = True
    writer = make(producer, buffer=100)
    observe(writer, 10_000)
    assert (writer.buffered, writer.lost) == (100, 9_900)


async def test_05_flushing_ends_in_time() -> None:
    """What is left at the end of the process is lost with it, and the end is not held up."""
    producer = Producer()
    producer.down = True
    writer = make(producer)
    observe(writer, 1)
    async with asyncio.timeout(1.0):
        await writer.flush(0.05)
    assert writer.buffered == 1


async def test_06_too_large_is_lost_alone() -> None:
    """An event that the topic will not take is dropped and counted; those beside it are written."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 2)
    writer.append(ObservationsLost(*writer.stamp(), 1, {"x" * 20_000: 1}))
    observe(writer, 2)
    await writer.flush(1.0)
    assert {each["sequence"] for each in producer.sent} == {1, 2, 4, 5}
    assert (writer.lost, writer.buffered) == (1, 0)


async def test_07_a_lost_report_is_told_by_the_next() -> None:
    """What a report said is not lost with it."""
    producer = Producer()
    writer = make(producer)
    producer.largest = 50
    writer.append(ObservationsLost(*writer.stamp(), 7, {"a": 3, "b": 4}))
    await writer.flush(1.0)
    producer.largest = 10_000
    writer._report_lost()
    await writer.flush(1.0)
    (told,) = producer.sent
    assert told["by_type"] == {"a": 3, "b": 4, "stream-pool.observations.lost.v1": 1}
    assert told["lost"] == 8
    assert writer.lost == 1
