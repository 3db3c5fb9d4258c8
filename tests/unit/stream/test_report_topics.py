"""Reports from topics: the same as from a file, read from outside every group."""

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeClock
from support.whole_log import GROUP, WholeLog

from stream_pool.cli.report import take_topic_letters, topic_story
from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.report import story_of
from stream_pool.incident.report.letters import LetterBook, in_full
from stream_pool.stream.errors import TopicMissing
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.log import MemoryLog

EVENTS, LETTERS = f"{GROUP}.events", f"{GROUP}.dead-letters"

WRITTEN = WholeLog(timestamp_type=0)
WRITTEN.incident()


@pytest.fixture
def client() -> MemoryClient:
    """A broker with the log of an incident, and dead letters in two partitions."""
    log = MemoryLog(FakeClock())
    log.create_topic(EVENTS)
    for each in WRITTEN.records:
        log.append(EVENTS, 0, each.value, each.key, each.headers, each.timestamp_ms)
    log.create_topic(LETTERS, 2)
    for partition in (0, 1, 1):
        log.append(LETTERS, partition, b"{}", None, (("stream-pool.reason", b"r"),), 1)
    return MemoryClient(log, "report")


def tell(done: int, total: int | None, number: int) -> None:
    assert total is None or done <= total


async def test_a_topic_tells_what_a_file_does(client: MemoryClient, tmp_path: Path) -> None:
    """But for its name."""
    told = await topic_story(client, EVENTS, 1.0, tell)
    from_file = story_of(WRITTEN.save(tmp_path / "log.ndjson"), tell)
    assert told == replace(from_file, extent=replace(from_file.extent, source=EVENTS))


async def test_a_topic_that_is_no_log_is_refused(client: MemoryClient) -> None:
    """By its name, or because it is not there."""
    with pytest.raises(MisuseError):
        await topic_story(client, "orders", 1.0, tell)
    with pytest.raises(TopicMissing):
        await topic_story(client, "other.events", 1.0, tell)


async def test_every_partition_of_dead_letters_is_read(client: MemoryClient) -> None:
    """To its end."""
    book = LetterBook(LETTERS, in_full)
    await take_topic_letters(client, LETTERS, 1.0, book, tell)
    assert book.count == 3
    with pytest.raises(TopicMissing):
        await take_topic_letters(client, "g.none", 1.0, book, tell)


def test_a_record_without_our_headers_is_known_by_its_place() -> None:
    """So that two of them are not taken for one."""
    book = LetterBook(LETTERS, in_full)
    for partition in (0, 1):
        book.take(LETTERS, partition, RawRecord(0, 0, 1, None, (), b""))
    assert (book.count, book.repeated) == (2, 0)
