"""The capture as a file: what goes in comes out, and what was changed on the way is noticed."""

import gzip
import subprocess
import sys
from os import mkfifo
from pathlib import Path

import orjson
import pytest
from captures import HEADER, NAMES, RECORD, at, capture_headers, captured, shared, write
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import ExitCode
from stream_pool.incident.capture_file import (
    Capture,
    CapturedRecord,
    CaptureHeader,
    CaptureUnreadable,
    CaptureWriter,
    Lost,
)
from stream_pool.incident.capture_file.lines import lines_of
from stream_pool.incident.capture_file.zstd import zstd

THREE = [CapturedRecord("orders", 0, RECORD), at(8), at(9)]


@pytest.mark.parametrize("name", NAMES)
@given(header=capture_headers, written=st.lists(captured, max_size=8))
@shared
def test_any_record_comes_back_as_it_was(
    tmp_path: Path, name: str, header: CaptureHeader, written: list[CapturedRecord]
) -> None:
    """Binary keys, no key, an empty one, headers twice and without a value, names that need escaping."""
    capture = Capture(write(tmp_path / name, written, header))
    assert capture.header == header
    assert list(capture) == written
    assert list(capture) == written, "each iteration begins anew"
    assert capture.is_whole is True
    assert capture.read_bytes == capture.size_bytes == (tmp_path / name).stat().st_size


def test_a_line_is_what_other_tools_read(tmp_path: Path) -> None:
    """Text where it is text; the topic only where it is another; a last line with counts and sum."""
    events = at(0, topic="g.events", value=b"\xff")
    path = write(tmp_path / "c", [CapturedRecord("orders", 0, RECORD), events])
    header, first, second, trailer = (orjson.loads(line) for line in path.read_bytes().splitlines())
    assert header == {
        "stream_pool_capture": 1,
        "cluster": "c1",
        "topic": "orders",
        "partitions": {"0": [7, 10]},
        "from_ms": None,
        "to_ms": None,
        "captured_at_ms": 1_000,
        "group": None,
        "redaction": None,
    }
    assert first == {
        "partition": 0,
        "offset": 7,
        "timestamp": 1_000,
        "timestamp_type": 1,
        "key": "k1",
        "headers": [["h", "1"], ["h", "2"], ["x", None]],
        "value": '{"n":1}',
    }
    assert second["topic"] == "g.events"
    assert second["value"] == {"base64": "/w=="}
    assert trailer["records"] == 2
    assert trailer["by_topic"] == {"g.events": {"0": 1}, "orders": {"0": 1}}
    assert len(trailer["sha256"]) == 64


@pytest.mark.parametrize("name", NAMES)
def test_other_programs_unpack_it(tmp_path: Path, name: str) -> None:
    """Frames in a row are one file to all of them."""
    plain = write(tmp_path / "plain", THREE).read_bytes()
    packed = write(tmp_path / name, THREE).read_bytes()
    unpack = {".gz": gzip.decompress, ".zst": zstd.decompress}.get(Path(name).suffix, bytes)
    assert unpack(packed) == plain


@pytest.mark.parametrize("name", NAMES)
def test_the_same_records_give_the_same_file(tmp_path: Path, name: str) -> None:
    """To the byte, packed or not."""
    (tmp_path / "other").mkdir()
    assert write(tmp_path / name, THREE).read_bytes() == write(tmp_path / "other" / name, THREE).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_lines_and_frames_of_any_length(tmp_path: Path, name: str) -> None:
    """Longer than what is read at once, than a frame, and just as long."""
    sizes = [0, 1, 256 << 10, (256 << 10) - 1, 1 << 20, (1 << 20) + 7, 3 << 20, 5]
    written = [at(place, value=b"x" * size) for place, size in enumerate(sizes)]
    capture = Capture(write(tmp_path / name, written))
    assert list(capture) == written
    assert capture.is_whole


@pytest.mark.parametrize("name", NAMES)
def test_memory_is_bounded_whatever_a_frame_unpacks_to(tmp_path: Path, name: str) -> None:
    """A megabyte that was packed to a hundred bytes comes in chunks."""
    path = write(tmp_path / name, [at(place, value=b" " * 1_000) for place in range(4_000)])
    sizes = [len(lines.content) for lines in lines_of(path)]
    assert sum(sizes) > 4_000_000
    assert max(sizes) < 300_000


def test_lost_ranges_are_part_of_it(tmp_path: Path) -> None:
    """In their place, and told after reading."""
    lost = [Lost("orders", 0, 8, 9, "retention"), Lost("g.events", 0, 0, 5, "deleted")]
    with CaptureWriter(tmp_path / "c", HEADER) as writer:
        writer.write(THREE[0])
        for each in lost:
            writer.lose(each)
        writer.write(THREE[2])
    capture = Capture(tmp_path / "c")
    assert list(capture) == [THREE[0], THREE[2]]
    assert list(capture) == [THREE[0], THREE[2]]
    assert capture.lost == lost


def test_a_capture_that_was_stopped_says_so(tmp_path: Path) -> None:
    """It is read as any other."""
    writer = CaptureWriter(tmp_path / "c", HEADER)
    writer.write(THREE[0])
    writer.close(is_whole=False)
    capture = Capture(tmp_path / "c")
    assert capture.is_whole is None
    assert list(capture) == THREE[:1]
    assert capture.is_whole is False


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """What was captured once may not come again."""
    before = write(tmp_path / "c", THREE).read_bytes()
    with pytest.raises(FileExistsError):
        CaptureWriter(tmp_path / "c", HEADER)
    assert (tmp_path / "c").read_bytes() == before


def test_members_that_a_reader_does_not_know_are_skipped(tmp_path: Path) -> None:
    """So that later versions can add some."""
    lines = write(tmp_path / "c", THREE).read_bytes().splitlines()
    told = [orjson.loads(line) | {"colour": [1]} for line in lines[:-1]]
    (tmp_path / "c").write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in told))
    capture = Capture(tmp_path / "c")
    assert capture.header == HEADER
    assert [each for _, each in zip(range(3), capture, strict=False)] == THREE


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "no line", id="1 empty"),
        pytest.param(b"hello\n", "no capture", id="2 text"),
        pytest.param(b'{"topic": "t"}\n', "does not say so", id="3 other JSON"),
        pytest.param(b"[]\n", "does not say so", id="4 no object"),
        pytest.param(b'{"stream_pool_capture": 2}\n', "format 2", id="5 later format"),
        pytest.param(b'{"stream_pool_capture": 1}\n', "without 'topic'", id="6 no topic"),
        pytest.param(
            b'{"stream_pool_capture": 1, "topic": "t", "partitions": {"0": [1]}, "captured_at_ms": 1}\n',
            "no capture",
            id="7 half a range",
        ),
        pytest.param(b'{"stream_pool_capture": 1, "topic"', "cut off", id="8 half a line"),
        pytest.param(b'{"stream_pool_log": 1, "topic": "t", "group": "g"}\n', "no capture", id="9 a log"),
    ],
)
def test_what_is_no_capture_is_said_to_be_none(tmp_path: Path, content: bytes, problem: str) -> None:
    """Misuse, not damage."""
    (path := tmp_path / "c").write_bytes(content)
    with pytest.raises(CaptureUnreadable, match=problem) as raised:
        Capture(path)
    assert raised.value.exit_code == ExitCode.MISUSE


@pytest.mark.parametrize("name", ["no.such.file", "no.such.file.gz", "."])
def test_what_cannot_be_opened_is_unreadable(tmp_path: Path, name: str) -> None:
    """A missing file, a directory."""
    with pytest.raises(CaptureUnreadable):
        Capture(tmp_path / name)


def test_a_pipe_is_unreadable(tmp_path: Path) -> None:
    """It is said before anybody waits for a writer."""
    mkfifo(tmp_path / "pipe")
    with pytest.raises(CaptureUnreadable, match="no regular file"):
        Capture(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["c.gz", "c.zst"])
def test_what_is_not_packed_although_its_name_says_so_is_unreadable(tmp_path: Path, name: str) -> None:
    """And what is, but is no capture, too."""
    (path := tmp_path / name).write_bytes(b"plain text, no frame")
    with pytest.raises(CaptureUnreadable):
        Capture(path)
    path.write_bytes({"c.gz": gzip.compress, "c.zst": zstd.compress}[name](b"plain\n"))
    with pytest.raises(CaptureUnreadable):
        Capture(path)


def test_a_disk_that_is_full_leaves_whole_frames(tmp_path: Path) -> None:
    """The error is the system's, and the file can be continued."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from captures import HEADER, at\n"
        "from stream_pool.incident.capture_file import CaptureWriter\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))\n"
        "with CaptureWriter(Path(sys.argv[1]), HEADER) as writer:\n"
        "    for place in range(7, 4_000):\n"
        "        writer.write(at(place, value=b'x' * 1_000))\n"
    )
    path = tmp_path / "c.ndjson"
    ran = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "CaptureUnwritable" in ran.stderr.splitlines()[-1], ran.stderr
    assert path.read_bytes().endswith(b"}\n")
    with CaptureWriter.resume(path) as writer:
        assert writer.next_offsets[("orders", 0)] > 1_000
