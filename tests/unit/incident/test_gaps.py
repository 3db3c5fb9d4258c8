"""What a capture has no record of."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from captures import HEADER, at

from stream_pool.incident.capture_file import Capture, CaptureDamaged, CaptureWriter, Lost
from stream_pool.incident.gaps import Gaps, Missing

TEN = replace(HEADER, partitions={0: (0, 10), 1: (0, 0)}, others={"g.events": {0: (0, 99)}})


def written(path: Path, lines: Sequence[int | Lost], *, is_whole: bool = True) -> Path:
    """A capture of records at these offsets, and of what was lost, in their order."""
    with CaptureWriter(path, TEN) as writer:
        for each in lines:
            if isinstance(each, Lost):
                writer.lose(each)
            else:
                writer.write(at(each))
        writer.write(at(50, topic="g.events"))
        writer.close(is_whole=is_whole)
    return path


def missing(path: Path) -> Missing:
    """What is missing, as far as the file can be read."""
    capture = Capture(path)
    gaps = Gaps(capture)
    try:
        for each in capture:
            if each.topic == "orders":
                gaps.take(each.partition, each.record.offset)
    except CaptureDamaged:
        pass
    return gaps.missing()


LOST = Lost("orders", 0, 4, 7, "retention deleted them")


@pytest.mark.parametrize(
    ("lines", "is_whole", "expected"),
    [
        pytest.param([*range(10)], True, Missing(0, 0, True), id="1 nothing"),
        pytest.param([0, 1, 2, 7, 8, 9], True, Missing(0, 4, True), id="2 in the middle"),
        pytest.param([2, 3, 4, 5, 6], True, Missing(0, 5, True), id="3 at both ends"),
        pytest.param([], True, Missing(0, 10, True), id="4 all of it"),
        pytest.param([0, 1, 2, 3, LOST, 7, 8, 9], True, Missing(3, 0, True), id="5 what was gone"),
        pytest.param([0, 3, LOST, 8], True, Missing(3, 4, True), id="6 both"),
        pytest.param(
            [0, 1, 2], False, Missing(0, 0, False), id="7 what was not captured any more is neither"
        ),
        pytest.param([0, 2, 3, LOST], False, Missing(3, 1, False), id="8 nor where something was lost last"),
        pytest.param([Lost("g.events", 0, 0, 50, "x"), *range(10)], True, Missing(0, 0, True), id="9 others"),
    ],
)
def test_what_is_missing(tmp_path: Path, lines: list[int | Lost], is_whole: bool, expected: Missing) -> None:
    """Of offsets 0 to 9 of one partition."""
    assert missing(written(tmp_path / "c", lines, is_whole=is_whole)) == expected


def test_of_a_damaged_file_what_was_read_counts(tmp_path: Path) -> None:
    """What stood behind the damage nobody knows."""
    path = written(tmp_path / "c", [0, 3])
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert missing(path) == Missing(0, 2, None)
