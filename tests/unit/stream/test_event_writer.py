"""The pen on the event log (DESIGN 2.4): in order, bounded, and honest about what it dropped."""

import asyncio

from aiokafka.errors import (
    RequestTimedOutError,
)
from event_fakes import Producer, make, observe, running
from structlog.testing import capture_logs

from stream_pool.events import ObservationsLost


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


async def test_10_has_room_while_less_than_half_the_buffer_waits() -> None:
    """By count and by bytes; for one at least, however small the buffer."""
    one = make(Producer())
    observe(one, 1)
    size = one._waiting_bytes
    for bounds, fits in (({"buffer": 10}, 5), ({"buffer": 1}, 1), ({"buffer_bytes": 4 * size}, 2)):
        writer = make(Producer(), **bounds)
        for _ in range(fits):
            assert writer.has_room
            observe(writer, 1)
        assert not writer.has_room
        assert writer.lost == 0
