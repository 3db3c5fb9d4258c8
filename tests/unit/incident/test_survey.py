"""What a first reading of a capture finds."""

from pathlib import Path

from support.traffic import captured, write_capture

from stream_pool.events import Latency, PartitionSignals, SignalsSampled, encode
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import Capture, CapturedRecord
from stream_pool.incident.only import Only
from stream_pool.incident.survey import survey


def signals(offset: int, from_offset: int, to_offset: int, latency_s: float) -> CapturedRecord:
    """An event of ten seconds in which one partition's range was done."""
    records = to_offset - from_offset
    latency = Latency(((0, records),), latency_s * records, latency_s)
    entry = PartitionSignals("orders", 0, from_offset, to_offset, records, 1, 0, 0, 0, latency)
    event = encode(SignalsSampled("w", "1", offset, 10.0, (entry,)), id=f"{offset}", source="w", time_ms=0)
    return CapturedRecord("g.events", 0, RawRecord(offset, 0, 1, event.key, event.headers, event.value))


def test_it_counts_what_will_be_played(tmp_path: Path) -> None:
    """By choice and topic, with the span of time and each partition's beginning."""
    records = [
        captured(2, 7, 5_000, key=b"k"),
        captured(0, 100, 4_000, b"12"),
        captured(0, 101, -1),
        captured(0, 102, 9_000, None, key=b"k"),
        signals(0, 100, 102, 0.1),
    ]
    path = write_capture(tmp_path / "c.ndjson.gz", records)
    found = survey(Capture(path), Only(partitions=frozenset({0})), lambda *_: None)
    assert (found.records, found.left_out, found.others, found.bytes) == (3, 1, 1, 15)
    assert (found.first_ms, found.last_ms, found.span_s) == (4_000, 9_000, 5.0)
    assert (found.begins, found.partitions, found.damage) == ({0: 100, 2: 7}, 3, None)


def test_a_part_of_a_topic_has_the_partitions_of_the_whole(tmp_path: Path) -> None:
    """Where the capture says how many there were."""
    path = write_capture(tmp_path / "c.ndjson", [captured(2, 7)], partition_count=12)
    assert survey(Capture(path), Only(), lambda *_: None).partitions == 12


def test_it_hears_what_the_group_took(tmp_path: Path) -> None:
    """From the events in the capture, by the ranges that they tell of."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 100), signals(0, 100, 110, 0.25)])
    found = survey(Capture(path), Only(), lambda *_: None)
    assert found.recorded
    assert not survey(Capture(write_capture(tmp_path / "d.ndjson", [captured(0, 0)])), Only(), print).recorded


def test_it_ends_where_the_file_is_damaged(tmp_path: Path) -> None:
    """With the figures of what stood before."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 100), captured(0, 101)])
    path.write_bytes(path.read_bytes()[:-40])
    found = survey(Capture(path), Only(), lambda *_: None)
    assert found.records == 2
    assert found.damage is not None


def test_of_kcat_s_lines_it_finds_the_partitions(tmp_path: Path) -> None:
    """No header tells of them."""
    path = tmp_path / "kcat.json"
    line = '{"topic":"orders","partition":%d,"offset":%d,"tstype":"create","ts":%d,"key":null,"payload":"{}"}'
    path.write_text("\n".join(line % each for each in [(3, 7, 1_000), (0, 5, 2_000), (3, 8, 3_000)]) + "\n")
    found = survey(Capture(path), Only(), lambda *_: None)
    assert (found.records, found.begins, found.partitions, found.span_s) == (3, {3: 7, 0: 5}, 4, 2.0)
