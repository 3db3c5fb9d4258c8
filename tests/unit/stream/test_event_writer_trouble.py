"""The event log in trouble (DESIGN 2.4): down, slow, full or refused, it stops nobody; loss is counted."""

import asyncio

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
from event_fakes import Missing, Producer, make, observe, running
from fakes import FakeClock
from structlog.testing import capture_logs

from stream_pool.detection.repeats import SPAN
from stream_pool.events import ObservationsLost
from stream_pool.stream.event_writer import EventWriter, Identity

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
    writer = make(producer, clock)
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
    writer = make(producer, clock)
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
    writer = make(producer, buffer_bytes=5_000)
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


@pytest.mark.parametrize(
    ("error", "told"),
    [(UnknownTopicOrPartitionError(), 1), (NotLeaderForPartitionError(), 1), (RequestTimedOutError(), 0)],
)
async def test_19_a_missing_topic_is_told(error: Exception, told: int) -> None:
    """Who can make the topic anew learns that it is not there; of other trouble not."""
    producer = Producer()
    producer.answers = [error]
    missing = Missing()
    writer = EventWriter("g.events", Identity("w", "i1"), producer, clock=FakeClock(), on_missing=missing)
    observe(writer, 1)
    assert not await writer._write_some()
    assert missing.told == told
