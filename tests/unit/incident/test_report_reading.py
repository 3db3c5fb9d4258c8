"""What a report is read from: logs, captures, and what is neither."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from support.whole_log import GROUP, START_MS, WholeLog

from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import CapturedRecord, CaptureHeader, CaptureWriter, Lost
from stream_pool.incident.report import Story, sections, story_of, take_letters
from stream_pool.incident.report.letters import LetterBook, in_full

EVENTS = f"{GROUP}.events"
LETTERS = f"{GROUP}.dead-letters"

LOG = WholeLog()
LOG.incident()


def quietly(done: int, total: int | None, number: int) -> None:
    assert total is None or 0 <= done <= total


def order(offset: int, version: str | None) -> RawRecord:
    headers = () if version is None else (("baggage", f"tenant=a,schema_version={version}".encode()),)
    return RawRecord(offset, START_MS + offset, 0, None, headers, b"{}")


def letter(offset: int) -> RawRecord:
    return RawRecord(offset, START_MS, 1, None, (("stream-pool.reason", b"tombstone"),), None)


def capture(path: Path, *topics: str, from_ms: int | None = None, of: str = "orders") -> Path:
    header = CaptureHeader(
        "c",
        of,
        {0: (0, 4)},
        from_ms,
        None,
        START_MS,
        GROUP,
        None,
        {topic: {0: (0, 9)} for topic in topics},
    )
    with CaptureWriter(path, header) as writer:
        for offset, version in enumerate((None, "3.1", "3.1", "3.2")):
            writer.write(CapturedRecord(of, 0, order(offset, version)))
        if EVENTS in topics:
            for record in LOG.records:
                writer.write(CapturedRecord(EVENTS, 0, record))
        if LETTERS in topics:
            writer.write(CapturedRecord(LETTERS, 0, letter(0)))
    return path


def same(one: Story, other: Story) -> bool:
    """But for where they were read, and what a capture has besides."""
    first, second = (
        replace(story, extent=replace(story.extent, source="", is_whole=None), schema_versions=())
        for story in (one, other)
    )
    return first == second


@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz"])
def test_a_log_file_is_told(tmp_path: Path, name: str) -> None:
    """By its own name, whose group is in it; snapshots are passed over."""
    story = story_of(LOG.save(tmp_path / name), quietly)
    assert (story.extent.source, story.extent.group, story.extent.events) == (name, GROUP, len(LOG.records))
    assert {episode.rule for episode in story.episodes} == {"lag", "error_ratio"}


@pytest.mark.parametrize("name", ["c.ndjson", "c.ndjson.gz", "c.ndjson.zst"])
def test_a_capture_with_its_events_tells_the_same(tmp_path: Path, name: str) -> None:
    """And which schema versions came when."""
    story = story_of(capture(tmp_path / name, EVENTS), quietly)
    assert same(story, story_of(LOG.save(tmp_path / "log.ndjson"), quietly))
    assert [(each.version, each.records, each.place) for each in story.schema_versions] == [
        ("3.1", 2, "orders/0/1"),
        ("3.2", 1, "orders/0/3"),
    ]


def test_what_kcat_wrote_of_a_log_is_told_too(tmp_path: Path) -> None:
    """It has no header: the topic's name says whose log it is."""
    path = tmp_path / "kcat.json"
    path.write_bytes(
        b"".join(
            orjson.dumps(
                {
                    "topic": EVENTS,
                    "partition": 0,
                    "offset": record.offset,
                    "tstype": "logappend",
                    "ts": record.timestamp_ms,
                    "headers": [text for name, value in record.headers for text in (name, value.decode())],  # type: ignore[union-attr]  # events have no null
                    "key": record.key.decode(),  # type: ignore[union-attr]  # nor these
                    "payload": record.value.decode(),  # type: ignore[union-attr]
                }
            )
            + b"\n"
            for record in LOG.records
        )
    )
    assert same(story_of(path, quietly), story_of(LOG.save(tmp_path / "log.ndjson"), quietly))


def test_a_capture_without_events_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(MisuseError, match="--events"):
        story_of(capture(tmp_path / "c.ndjson"), quietly)


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    """Telling both."""
    (tmp_path / "x.ndjson").write_text('{"a": 1}\n')
    for path in (tmp_path / "x.ndjson", tmp_path / "missing.ndjson"):
        with pytest.raises(MisuseError, match="neither a log nor a capture"):
            story_of(path, quietly)


@pytest.mark.parametrize("name", ["log.ndjson", "c.ndjson", "c.ndjson.zst"])
def test_a_file_that_was_cut_off_is_told_up_to_there(tmp_path: Path, name: str) -> None:
    """And where that is."""
    path = LOG.save(tmp_path / name) if name.startswith("log") else capture(tmp_path / name, EVENTS)
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    story = story_of(path, quietly)
    assert story.extent.events > 0
    assert story.extent.damage is not None
    assert "line" in story.extent.damage


def test_dead_letters_are_those_of_their_topic(tmp_path: Path) -> None:
    """In a capture of more, and in one of them alone."""
    book = LetterBook("x", in_full)
    assert take_letters(capture(tmp_path / "c.ndjson", EVENTS, LETTERS), book, quietly) is None
    assert book.count == 1
    alone = CaptureHeader("c", LETTERS, {0: (0, 2)}, None, None, START_MS)
    with CaptureWriter(tmp_path / "d.ndjson", alone) as writer:
        for offset in (1, 2):
            writer.write(CapturedRecord(LETTERS, 0, letter(offset)))
    assert take_letters(tmp_path / "d.ndjson", book, quietly) is None
    assert book.count == 3


def test_of_a_capture_from_a_time_on_the_story_begins_there(tmp_path: Path) -> None:
    """With the rules of before, and without what was over by then."""
    whole = story_of(capture(tmp_path / "all.ndjson", EVENTS), quietly)
    ends = sorted(each.resolution.at_ms for each in whole.episodes if each.resolution is not None)
    from_ms = ends[0] + 1
    story = story_of(capture(tmp_path / "c.ndjson", EVENTS, from_ms=from_ms), quietly)
    assert story.from_ms >= from_ms > whole.from_ms
    assert story.epochs == whole.epochs
    assert story.extent.events < whole.extent.events
    assert [each.id for each in story.episodes] == [
        each.id for each in whole.episodes if each.resolution is None or each.resolution.at_ms >= from_ms
    ]


@pytest.mark.parametrize("of", ["orders.events", "orders.dead-letters"])
def test_a_groups_topics_are_found_beside_orders_of_such_a_name(tmp_path: Path, of: str) -> None:
    """The first line of a capture says whose they are."""
    path = capture(tmp_path / "c.ndjson", EVENTS, LETTERS, of=of)
    assert story_of(path, quietly).extent.events == len(LOG.records)
    book = LetterBook("x", in_full)
    take_letters(path, book, quietly)
    assert list(book.reasons) == ["tombstone"]


def test_what_a_capture_has_not_is_told(tmp_path: Path) -> None:
    """Ranges that were gone, of the log and of the orders, and that capturing was stopped."""
    header = CaptureHeader("c", "orders", {0: (0, 9)}, None, None, 0, GROUP, None, {EVENTS: {0: (0, 999)}})
    writer = CaptureWriter(tmp_path / "c.ndjson", header)
    writer.lose(Lost("orders", 0, 0, 4, "retention deleted them"))
    for record in LOG.records:
        writer.write(CapturedRecord(EVENTS, 0, record))
    writer.lose(Lost(EVENTS, 0, 900, 910, "retention deleted them"))
    writer.close(is_whole=False)
    story = story_of(tmp_path / "c.ndjson", quietly)
    extent = story.extent
    assert (extent.gone_offsets, extent.gone_ranges, extent.is_whole) == (14, 2, False)
    (log,) = [each for each in sections(story) if each.key == "log"]
    rows = {row[0].text: f"{row[1].text} | {row[1].more}" for row in log.tables[0].rows}
    assert rows["gone before they were captured"] == "14 offsets | in 2 ranges"
    assert rows["capture"] == "stopped early: it ends before what it was to have | "


def test_of_what_has_all_nothing_of_this_is_told(tmp_path: Path) -> None:
    """A whole capture, and a log file, which knows no holes."""
    for path in (capture(tmp_path / "c.ndjson", EVENTS), LOG.save(tmp_path / "log.ndjson")):
        (log,) = [each for each in sections(story_of(path, quietly)) if each.key == "log"]
        assert not {row[0].text for row in log.tables[0].rows} & {"capture", "gone before they were captured"}
