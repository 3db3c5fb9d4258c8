"""The in-memory log by itself; what clients see of it is held in `tests/conformance/log`."""

import asyncio
import sys

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    InvalidPartitionsError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.testing.log import MemoryLog
from stream_pool.testing.records import Stored

PLACE = TopicPartition("orders", 0)
HOUR_MS = 3_600_000


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.ms = 10 * HOUR_MS

    def monotonic(self) -> float:
        return self.ms / 1_000

    def now_ms(self) -> int:
        return self.ms


def log_with(config: dict[str, str] | None = None, partitions: int = 1) -> tuple[MemoryLog, Hand]:
    clock = Hand()
    log = MemoryLog(clock)
    log.create_topic("orders", partitions, config)
    return log, clock


def test_1_a_topic_has_a_name_of_its_own_and_a_partition_at_least() -> None:
    """What is not there is an error, and never created by asking."""
    log, _ = log_with(partitions=2)
    with pytest.raises(TopicAlreadyExistsError):
        log.create_topic("orders")
    with pytest.raises(InvalidPartitionsError):
        log.create_topic("others", 0)
    for place in (TopicPartition("others", 0), TopicPartition("orders", 2), TopicPartition("orders", -1)):
        with pytest.raises(UnknownTopicOrPartitionError):
            log.bounds(place)
    assert (log.topics(), log.partition_count("others")) == (["orders"], None)


def test_2_retention_deletes_from_the_front_what_is_too_old() -> None:
    """By the records' own time, when anyone looks; offsets stay what they are."""
    log, clock = log_with({"retention.ms": str(HOUR_MS)})
    for age_ms in (2 * HOUR_MS, HOUR_MS + 1, HOUR_MS, 3 * HOUR_MS, 0):
        log.append("orders", 0, b"x", timestamp_ms=clock.ms - age_ms)
    assert log.bounds(PLACE) == (2, 5), "an old record behind a younger one stays until that goes"
    clock.ms += 1
    assert [record.offset for record in log.all_records("orders")] == [4]
    clock.ms += 2 * HOUR_MS
    assert log.bounds(PLACE) == (5, 5)
    assert log.append("orders", 0, b"x") == 5


def test_3_trim_deletes_what_is_there_at_most() -> None:
    """Deleting twice, or beyond the end, deletes no more than all."""
    log, _ = log_with()
    for _ in range(4):
        log.append("orders", 0, b"x")
    for before, bounds in [(2, (2, 4)), (1, (2, 4)), (9, (4, 4))]:
        log.trim("orders", 0, before)
        assert log.bounds(PLACE) == bounds
    with pytest.raises(OffsetOutOfRangeError):
        log.read(PLACE, 3, 1)


def test_4_a_backlog_of_one_record_costs_a_reference_each() -> None:
    """Eight bytes a record; each is read with an offset of its own."""
    log, _ = log_with()
    record = log.stored("orders", b"v" * 1_000, b"key", [("name", b"value")])
    assert log.append_many("orders", 0, record, 200_000) == 0
    assert log.append("orders", 0, b"behind") == 200_000
    assert sys.getsizeof(log._topics["orders"].partitions[0].records) < 200_000 * 10
    first, second = log.read(PLACE, 123_456, 2)
    assert (first.offset, second.offset) == (123_456, 123_457)
    assert first.value is second.value is record.value


def test_5_without_a_partition_a_key_chooses_and_else_turns_are_taken() -> None:
    """The same key goes to the same partition."""
    log, _ = log_with(partitions=3)
    assert [log.partition_for("orders", None) for _ in range(4)] == [0, 1, 2, 0]
    assert log.partition_for("orders", b"a") == log.partition_for("orders", b"a")


def test_6_a_record_larger_than_its_topic_takes_is_refused() -> None:
    """And changes nothing; the limit can be changed for what comes."""
    log, _ = log_with({"max.message.bytes": "500"})
    with pytest.raises(MessageSizeTooLargeError):
        log.append("orders", 0, b"x" * 500)
    log.set_config("orders", {"max.message.bytes": "1000"})
    assert log.append("orders", 0, b"x" * 500) == 0
    assert log.config("orders") == {"max.message.bytes": "1000"}


def test_7_who_watches_is_told_of_each_record_in_order() -> None:
    """With its place, before it can be read."""
    log, clock = log_with({"message.timestamp.type": "LogAppendTime"})
    told: list[tuple[TopicPartition, int, Stored]] = []
    log.on_append.append(lambda place, offset, kept: told.append((place, offset, kept)))
    for value in (b"a", None):
        log.append("orders", 0, value, b"key", timestamp_ms=1)
    assert [(place, offset, kept.value, kept.timestamp) for place, offset, kept in told] == [
        (PLACE, 0, b"a", clock.ms),
        (PLACE, 1, None, clock.ms),
    ]


def test_8_a_header_name_that_is_no_utf8_cannot_be_read() -> None:
    """It fails when it is read, as in aiokafka; those before it can be read alone."""
    log, _ = log_with()
    log.append("orders", 0, b"a", headers=[("größe".encode(), b"1")])
    log.append("orders", 0, b"b", headers=[(b"\xff", b"1")])
    assert log.read(PLACE, 0, 1)[0].headers == (("größe", b"1"),)
    with pytest.raises(UnicodeDecodeError):
        log.read(PLACE, 0, 2)


@given(
    st.lists(st.integers(0, 400), max_size=20), st.integers(0, 19), st.integers(1, 30), st.integers(1, 2_000)
)
def test_9_a_read_gives_a_run_and_something_where_there_is_something(
    sizes: list[int], offset: int, most: int, most_bytes: int
) -> None:
    """At most so many records, and not much more than so many bytes."""
    log, _ = log_with()
    for size in sizes:
        log.append("orders", 0, b"x" * size)
    if offset > len(sizes):
        with pytest.raises(OffsetOutOfRangeError):
            log.read(PLACE, offset, most, most_bytes)
        return
    records = log.read(PLACE, offset, most, most_bytes)
    assert [r.offset for r in records] == list(range(offset, offset + len(records)))
    assert len(records) <= most
    assert bool(records) == (offset < len(sizes))
    assert sum(len(r.value or b"") for r in records[:-1]) < most_bytes


async def test_10_commits_of_a_group_that_nobody_asked_for_are_none() -> None:
    """Asking makes no group."""
    log, _ = log_with()
    assert log.committed("nobody") == {}
    assert log.group("somebody").members == {}
    await asyncio.sleep(0)
