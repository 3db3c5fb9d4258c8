"""A damaged capture is read up to the damage, which is named with its line."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from captures import HEADER, NAMES, at, shared, write
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import ExitCode
from stream_pool.incident.capture_file import (
    Capture,
    CaptureDamaged,
    CapturedRecord,
    CaptureUnreadable,
    CaptureWriter,
)

THREE = [at(7), at(8), at(9)]


def read(path: Path) -> tuple[list[CapturedRecord], CaptureDamaged | None]:
    """What can be read, and what ended it."""
    got: list[CapturedRecord] = []
    try:
        for each in Capture(path):
            got.append(each)  # noqa: PERF402 - what was read before an error is wanted
    except CaptureDamaged as damaged:
        return got, damaged
    return got, None


@cache
def frames(name: str) -> tuple[bytes, list[int]]:
    """A capture in which each of three records fills a frame, and where the first four frames end."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        with CaptureWriter(path, HEADER) as writer:
            ends = [path.stat().st_size]
            for offset in (7, 8, 9):
                writer.write(at(offset, value=bytes(range(1, 120)) * 9_000))
                ends.append(path.stat().st_size)
        assert ends == sorted(set(ends))
        return path.read_bytes(), ends


@pytest.mark.parametrize("name", NAMES)
@given(place=st.integers(0, 2**20), flip=st.integers(1, 255))
@shared
def test_one_flipped_byte_is_noticed(tmp_path: Path, name: str, place: int, flip: int) -> None:
    """Wherever it is, but for bytes of a packed file that say nothing of what is in it."""
    content = bytearray(write(tmp_path / name, THREE).read_bytes())
    content[place % len(content)] ^= flip
    (path := tmp_path / f"flipped-{name}").write_bytes(content)
    try:
        got, damaged = read(path)
    except CaptureUnreadable:
        return
    assert damaged is not None or (name.endswith((".gz", ".zst")) and got == THREE)


@given(place=st.integers(1, 2**20))
@shared
def test_what_stands_before_a_cut_is_read(tmp_path: Path, place: int) -> None:
    """Every whole line before it, then the damage, with its line."""
    content = write(tmp_path / "c", THREE).read_bytes()
    cut = content[: place % len(content)]
    (path := tmp_path / "cut").write_bytes(cut)
    if b"\n" not in cut:
        with pytest.raises(CaptureUnreadable):
            Capture(path)
        return
    got, damaged = read(path)
    assert damaged is not None
    assert damaged.is_cut_off
    assert damaged.line == cut.count(b"\n") + 1
    assert damaged.exit_code == ExitCode.FINDING
    assert got == THREE[: cut.count(b"\n") - 1]


@pytest.mark.parametrize("name", NAMES[1:])
@given(place=st.integers(1, 2**20))
@shared
def test_a_cut_in_packed_bytes_loses_what_was_behind_it_alone(tmp_path: Path, name: str, place: int) -> None:
    """Each frame before it is read in full; of the one that is cut what can be unpacked."""
    content, ends = frames(name)
    cut = place % len(content)
    (path := tmp_path / name).write_bytes(content[:cut])
    try:
        got, damaged = read(path)
    except CaptureUnreadable:
        assert cut < ends[0]
        return
    assert damaged is not None
    assert damaged.is_cut_off
    assert len(got) >= sum(end <= cut for end in ends[1:])
    is_behind_all = len(got) == len(THREE) and damaged.line == len(got) + 3  # in the sum of the last frame
    assert damaged.line == len(got) + 2 or is_behind_all
    assert [each.record.offset for each in got] == [7, 8, 9][: len(got)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"nonsense", "no record", id="1 no JSON"),
        pytest.param(b"[]", "no record", id="2 no object"),
        pytest.param(b"", "no record", id="3 nothing"),
        pytest.param(b'{"partition": 0}', "without 'offset'", id="4 no offset"),
        pytest.param(b'{"offset": 0}', "without 'partition'", id="5 no partition"),
        pytest.param({"offset": True}, "no integer", id="6 offset no number"),
        pytest.param({"offset": -1}, "below 0", id="7 offset below 0"),
        pytest.param({"partition": -1}, "below 0", id="8 partition below 0"),
        pytest.param({"key": {"base64": "!"}}, "no record", id="9 no base64"),
        pytest.param({"key": {"base32": "A"}}, "without 'base64'", id="10 another base"),
        pytest.param({"key": 5}, "neither", id="11 key a number"),
        pytest.param({"headers": [["a"]]}, "no record", id="12 half a header"),
        pytest.param({"headers": [[1, "a"]]}, "no string", id="13 a header's name no string"),
        pytest.param({"topic": 5}, "no string", id="14 topic a number"),
        pytest.param({"lost": [1, 2], "why": 3}, "no string", id="15 lost without a why"),
        pytest.param({"lost": 1, "why": "x"}, "no record", id="16 lost without a range"),
        pytest.param(b'{"partition": 0, "offset": "\xff"}', "no record", id="17 no UTF-8"),
    ],
)
def test_a_line_that_is_no_record_is_damage(tmp_path: Path, line: object, problem: str) -> None:
    """Named with its line; those before it are given."""
    lines = write(tmp_path / "c", THREE).read_bytes().splitlines()
    if isinstance(line, dict):
        line = orjson.dumps(orjson.loads(lines[2]) | line)
    assert isinstance(line, bytes)
    lines[2] = line
    (tmp_path / "c").write_bytes(b"\n".join(lines) + b"\n")
    got, damaged = read(tmp_path / "c")
    assert got == THREE[:1]
    assert damaged is not None
    assert damaged.line == 3
    assert problem in damaged.problem
    assert not damaged.is_cut_off


def test_bytes_behind_the_last_line_are_damage(tmp_path: Path) -> None:
    """Another capture, too: two are not one."""
    content = write(tmp_path / "c", THREE).read_bytes()
    for behind in (b"x", b"\n", content):
        (tmp_path / "more").write_bytes(content + behind)
        got, damaged = read(tmp_path / "more")
        assert got == THREE
        assert damaged is not None
        assert damaged.line == 6


def test_a_line_taken_out_is_noticed_at_the_end(tmp_path: Path) -> None:
    """By the sum and by the count."""
    lines = write(tmp_path / "c", THREE).read_bytes().splitlines(keepends=True)
    (tmp_path / "c").write_bytes(b"".join(lines[:2] + lines[3:]))
    got, damaged = read(tmp_path / "c")
    assert got == [THREE[0], THREE[2]]
    assert damaged is not None
    assert damaged.line == 4
    assert '"records":2' in damaged.problem


def test_a_writer_that_fails_leaves_no_last_line(tmp_path: Path) -> None:
    """So that what it left is not taken for a whole capture; but every record is there."""
    with CaptureWriter(tmp_path / "c.zst", HEADER) as writer:
        writer.write(THREE[0])
        writer.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    got, damaged = read(tmp_path / "c.zst")
    assert got == THREE[:1]
    assert damaged is not None
    assert "cut off" in damaged.problem
    assert damaged.line == 3
