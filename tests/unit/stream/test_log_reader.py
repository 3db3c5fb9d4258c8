"""A group's log read from where it lies: records, snapshots, and what is no log at all."""

from collections.abc import Iterable

import pytest
from fakes import FakeClock
from support.whole_log import GROUP, WholeLog

from stream_pool.cli.verify import verify_log
from stream_pool.detection.verdict import Verdict, Verified
from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.events.raw_record import RawRecord
from stream_pool.stream.log_reader import LogReader
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.log import MemoryLog

EVENTS, SNAPSHOTS = f"{GROUP}.events", f"{GROUP}.snapshots"

WRITTEN = WholeLog(timestamp_type=0)
WRITTEN.incident()


def put(log: MemoryLog, topic: str, records: Iterable[RawRecord]) -> None:
    log.create_topic(topic)
    for each in records:
        log.append(topic, 0, each.value, each.key, each.headers, each.timestamp_ms)


@pytest.fixture
def log() -> MemoryLog:
    """A broker with the log of an incident, and its snapshots."""
    made = MemoryLog(FakeClock())
    put(made, EVENTS, WRITTEN.records)
    put(made, SNAPSHOTS, [record for _, record in WRITTEN.snapshots])
    return made


async def verdict_on(log: MemoryLog, topic: str = EVENTS) -> Verdict:
    told: list[tuple[int, int]] = []
    reader = LogReader(MemoryClient(log, "reader"), topic)
    outcome = await verify_log(topic, reader, lambda done, total, events: told.append((done, total)))
    assert all(done <= total for done, total in told)
    return outcome.verdict


async def test_records_and_snapshots_are_read_as_they_were_written(log: MemoryLog) -> None:
    """Every byte and time of them; the group is in the topic's name."""
    reader = LogReader(MemoryClient(log, "reader"), EVENTS)
    await reader.open()
    assert reader.group == GROUP
    assert (reader.first_offset, reader.end_offset) == (0, len(WRITTEN.records))
    assert [record async for record in reader.records()] == WRITTEN.records
    assert reader.snapshots.whole == WRITTEN.kept_snapshots()
    assert reader.snapshots.damaged == []


async def test_a_log_on_a_broker_is_verified(log: MemoryLog) -> None:
    """With its snapshots."""
    verdict = await verdict_on(log)
    assert isinstance(verdict, Verified), verdict
    assert (verdict.events, verdict.snapshots) == (len(WRITTEN.records), 4)


async def test_a_log_without_snapshots_is_verified() -> None:
    """Their topic need not exist."""
    log = MemoryLog(FakeClock())
    put(log, EVENTS, WRITTEN.records)
    verdict = await verdict_on(log)
    assert isinstance(verdict, Verified)
    assert verdict.snapshots == 0


async def test_a_log_whose_beginning_is_gone_is_verified_from_a_snapshot(log: MemoryLog) -> None:
    """As retention leaves it."""
    log.trim(EVENTS, 0, 10)
    verdict = await verdict_on(log)
    assert isinstance(verdict, Verified), verdict
    assert verdict.from_snapshot
    assert verdict.unchecked["skipped_events"] > 0


async def test_an_empty_log_is_verified() -> None:
    """It holds nothing that could differ."""
    log = MemoryLog(FakeClock())
    put(log, EVENTS, [])
    verdict = await verdict_on(log)
    assert isinstance(verdict, Verified)
    assert verdict.events == 0


@pytest.mark.parametrize(
    ("topic", "partitions", "code", "problem"),
    [
        pytest.param("orders", 1, ExitCode.MISUSE, "is no events topic", id="1 another name"),
        pytest.param("o.events", 3, ExitCode.MISUSE, "has 3 partitions", id="2 no one log"),
        pytest.param(
            "x.events", 0, ExitCode.TOPIC_MISSING, "does not exist, or may not be seen", id="3 not there"
        ),
        pytest.param("o.events", 1, ExitCode.MISUSE, "is no log of stream-pool", id="4 other records"),
    ],
)
async def test_what_is_no_log_is_said_to_be_none(
    topic: str, partitions: int, code: ExitCode, problem: str
) -> None:
    """With the exit code that says why."""
    log = MemoryLog(FakeClock())
    if partitions:
        log.create_topic(topic, partitions)
        log.append(topic, 0, b'{"order": 1}')
    with pytest.raises(StreamPoolError, match=problem) as raised:
        await verdict_on(log, topic)
    assert raised.value.exit_code == code
