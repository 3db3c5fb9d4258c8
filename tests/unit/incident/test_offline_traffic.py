"""Records for the in-memory log: when, where, and which."""

from pathlib import Path

import pytest
from support.traffic import captured, write_capture

from stream_pool.errors import MisuseError
from stream_pool.incident.capture_file import Capture
from stream_pool.incident.offline_traffic import Traffic
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace
from stream_pool.incident.survey import survey

RECORDS = [
    captured(0, 100, 1_000),
    captured(1, 40, 1_500, key=b"k"),
    captured(0, 103, 2_000, key=b"k"),
    captured(7, 0, 2_000, topic="g.events"),
    captured(0, 104, 4_000),
]


def played(
    path: Path, pace: Pace | None = None, only: Only | None = None, loops: int = 1
) -> list[tuple[float, int, int]]:
    """When, and at which partition and offset."""
    capture = Capture(path)
    begins = survey(capture, only or Only(), lambda *_: None).begins
    traffic = Traffic(capture, pace or Pace(), only or Only(), begins, loops)
    return [(due_s, record.partition, offset) for due_s, offset, record in traffic]


def test_records_stand_at_their_own_offsets(tmp_path: Path) -> None:
    """Gaps of the capture included; other topics are not played."""
    path = write_capture(tmp_path / "c.ndjson", RECORDS)
    assert played(path) == [(0, 0, 100), (0.5, 1, 40), (1, 0, 103), (3, 0, 104)]


def test_a_choice_leaves_no_gap(tmp_path: Path) -> None:
    """A gap that it makes would count as lag; one of the capture stays."""
    path = write_capture(tmp_path / "c.ndjson", RECORDS)
    assert played(path, only=Only(keys=frozenset({b"k"}))) == [(0, 1, 40), (0.5, 0, 102)]
    assert played(path, only=Only(times=((2_000, None),))) == [(0, 0, 102), (2, 0, 103)]


def test_a_further_pass_stands_behind_the_one_before(tmp_path: Path) -> None:
    """At the offsets that follow, with the same gaps."""
    path = write_capture(tmp_path / "c.ndjson", RECORDS)
    assert played(path, loops=2)[4:] == [(3, 0, 105), (3.5, 1, 41), (4, 0, 108), (6, 0, 109)]


def test_a_day_of_nothing_is_misuse_unless_it_is_shortened(tmp_path: Path) -> None:
    """One wrong timestamp would be years of virtual time."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0, 1_000), captured(0, 1, 90_000_000)])
    with pytest.raises(MisuseError, match="--max-gap"):
        played(path)
    assert played(path, Pace(max_gap_s=5)) == [(0, 0, 0), (5, 0, 1)]


def test_it_ends_where_the_file_is_damaged(tmp_path: Path) -> None:
    """Whatever the passes; what stood before was played, and the damage is told with its line."""
    path = write_capture(tmp_path / "c.ndjson", RECORDS)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]))
    capture = Capture(path)
    traffic = Traffic(capture, Pace(), Only(), {0: 100, 1: 40}, 2)
    assert [offset for _, offset, _ in traffic] == [100, 40]
    assert traffic.damage is not None
    assert traffic.damage.line == 4
