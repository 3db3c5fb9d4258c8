"""The pen on the event log (DESIGN 2.4): in order, bounded, and honest about what it dropped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    ProducerClosed,
    RecordListTooLargeError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from fakes import FakeClock
from structlog.testing import capture_logs

from stream_pool.detection.repeats import SPAN
from stream_pool.events import MemorySampled, ObservationsLost
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
    async with running(writer):
        while writer.written < 5:  # noqa: ASYNC110  # the writer has no event for it, and needs none
            await asyncio.sleep(0)
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


async def test_05_flushing_ends_in_time_and_says_what_is_lost() -> None:
    """What is left at the end of the process is lost with it, counted and said; the end is not held up."""
    producer = Producer()
    producer.down = True
    writer = make(producer)
    observe(writer, 2)
    with capture_logs() as lines:
        async with asyncio.timeout(1.0):
            await writer.flush(0.05)
    assert (writer.buffered, writer.lost) == (0, 2)
    assert lines[-1]["event"] == "events not written at the end"
    assert lines[-1]["lost"] == {"stream-pool.memory.sampled.v1": 2}
    observe(writer, 1)
    assert (writer.buffered, writer.lost) == (0, 3), "nobody writes after the end"


async def test_06_too_large_is_lost_alone() -> None:
    """An event that the topic will not take is dropped and counted; those beside it are written, once."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 2)
    writer.append(ObservationsLost(*writer.stamp(), 1, {"x" * 20_000: 1}))
    observe(writer, 2)
    await writer.flush(1.0)
    assert producer.sequences == [1, 2, 4, 5]
    assert (writer.lost, writer.written, writer.buffered) == (1, 4, 0)


async def test_07_a_lost_report_is_told_by_the_next() -> None:
    """What a report said is not lost with it."""
    producer = Producer()
    writer = make(producer)
    producer.largest = 50
    writer.append(ObservationsLost(*writer.stamp(), 7, {"a": 3, "b": 4}))
    assert await writer._write_some()
    producer.largest = 10_000
    await writer.flush(1.0)
    (told,) = producer.sent
    assert told["by_type"] == {"a": 3, "b": 4, "stream-pool.observations.lost.v1": 1}
    assert told["lost"] == 8
    assert writer.lost == 1


async def test_08_the_report_is_first_at_the_end() -> None:
    """Where time is short, the report of what is missing tells most: it is flushed before the rest."""
    producer = Producer()
    producer.down = True
    writer = make(producer, buffer=3)
    observe(writer, 5)
    producer.down = False
    await writer.flush(1.0)
    assert [each["type"].split(".")[1] for each in producer.sent] == ["observations", "memory", "memory"]
    assert producer.sent[0]["by_type"] == {"stream-pool.memory.sampled.v1": 2}


async def test_09_written_in_part() -> None:
    """Of a batch in which some failed, only those are written again, and in their order."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 5)
    producer.answers = [None, RequestTimedOutError(), None, RequestTimedOutError(), None]
    assert not await writer._write_some()
    assert (writer.written, writer.buffered) == (3, 2)
    await writer.flush(1.0)
    assert producer.sequences == [1, 3, 5, 2, 4]


WAITS = [
    KafkaConnectionError("down"),
    KafkaTimeoutError(),
    RequestTimedOutError(),
    UnknownTopicOrPartitionError(),
    NotLeaderForPartitionError(),
    TopicAuthorizationFailedError(),
    InvalidTopicError(),
    UnknownError(),
    ProducerClosed(),
    AssertionError("Unrecognized partition"),
    OSError("network is unreachable"),
]


@pytest.mark.parametrize("error", WAITS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("at_once", [True, False])
async def test_10_whatever_fails_is_waited_out(error: Exception, at_once: bool) -> None:
    """Down, slow, refused, deleted, or a fault of the client's: nothing is lost that the buffer holds, and
    the writer lives on. `at_once`: the client raises; else the acknowledgement fails."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 2)
    if at_once:
        producer.raises = error
    else:
        producer.answers = [error, error]
    assert not await writer._write_some()
    assert (writer.buffered, writer.lost) == (2, 0)
    producer.raises = None
    await writer.flush(1.0)
    assert producer.sequences == [1, 2]


@pytest.mark.parametrize(
    "error", [MessageSizeTooLargeError(), RecordListTooLargeError(), InvalidTimestampError()]
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_11_an_event_that_is_refused_is_lost(error: Exception, at_once: bool) -> None:
    """Too large or invalid: it will never be taken, so it is not tried for ever."""
    producer = Producer()
    writer = make(producer)
    observe(writer, 1)
    if at_once:
        producer.raises = error
    else:
        producer.answers = [error]
    assert await writer._write_some()
    assert (writer.buffered, writer.lost, producer.attempts) == (0, 1, 1)


async def test_12_a_refused_report_is_not_repeated_at_once() -> None:
    """Where the topic takes nothing at all, no report chases its own loss: the next is due with later events,
    and later each time."""
    producer = Producer()
    producer.largest = 10
    clock = FakeClock()
    writer = EventWriter("g.events", Identity("w", "i1"), producer, clock=clock, buffer=10)
    attempts = []
    async with running(writer):
        for _ in range(6):
            observe(writer, 1)
            while writer._waiting or writer._on_way or writer._awake.is_set():  # noqa: ASYNC110  # as above
                await asyncio.sleep(0)
            attempts.append(producer.attempts)
            clock.at_s += 3.0
    assert attempts == [2, 4, 6, 7, 9, 10], (
        "each event once; a report 0, 1, 2, 4, 8 ... seconds after the last"
    )


async def test_13_a_log_that_is_away_is_told_once_a_minute() -> None:
    """Not a line an attempt: one when it begins, one a minute, one when it is over."""
    producer = Producer()
    producer.down = True
    clock = FakeClock()
    writer = EventWriter("g.events", Identity("w", "i1"), producer, clock=clock)
    observe(writer, 1)
    with capture_logs() as lines:
        for _ in range(130):
            assert not await writer._write_some()
            clock.at_s += 1.0
        producer.down = False
        assert await writer._write_some()
    assert [line["untold"] for line in lines] == [0, 59, 59, 9]
    assert lines[-1]["event"] == "no longer: event log not written, trying again"


async def test_14_cancelled_in_mid_write() -> None:
    """What is not acknowledged is written again, in its place: twice is a repeat, lost is lost."""
    producer = Producer()
    producer.silent = True
    writer = make(producer)
    observe(writer, 2)
    async with running(writer):
        while len(producer.held) < 2:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
    assert (writer.written, writer.buffered) == (0, 2)
    assert all(ack.cancelled() for ack in producer.held)
    producer.silent = False
    await writer.flush(1.0)
    assert producer.sequences == [1, 2, 1, 2]


async def test_15_a_flush_waits_for_what_is_on_its_way() -> None:
    """The end comes after the acknowledgement of what somebody else is writing, where that comes in time."""
    producer = Producer()
    producer.silent = True
    writer = make(producer)
    observe(writer, 1)
    async with running(writer):
        while not producer.held:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
        flushing = asyncio.create_task(writer.flush(1.0))
        await asyncio.sleep(0)
        assert not flushing.done()
        producer.held[0].set_result(None)
        await flushing
    assert (writer.written, writer.lost) == (1, 0)


async def test_16_what_is_on_its_way_at_the_end_is_counted_once_it_is_known() -> None:
    """A flush that runs out of time beside a write that hangs: lost when that is cancelled, not forgotten."""
    producer = Producer()
    producer.silent = True
    writer = make(producer)
    observe(writer, 1)
    async with running(writer):
        while not producer.held:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
        await writer.flush(0.01)
    assert (writer.written, writer.lost, writer.buffered) == (0, 1, 0)


async def test_17_bounded_in_bytes() -> None:
    """Few large events are as bounded as many small ones."""
    producer = Producer()
    producer.down = True
    writer = EventWriter("g.events", Identity("w", "i1"), producer, clock=FakeClock(), buffer_bytes=5_000)
    for _ in range(10):
        writer.append(ObservationsLost(*writer.stamp(), 1, {"x" * 1_000: 1}))
    assert (writer.buffered, writer.lost) == (4, 6)
    assert not await writer._write_some()
    assert (writer.buffered, writer._waiting_bytes) == (4, sum(each.size_bytes for each in writer._waiting))


async def test_18_few_at_once() -> None:
    """No more are on their way than the fold's memory of sequences reaches back: later ones that got through
    first do not make repeats of the earlier."""
    producer = Producer()
    writer = make(producer, buffer=1_000)
    observe(writer, 200)
    producer.down = True
    assert not await writer._write_some()
    assert producer.attempts < SPAN
