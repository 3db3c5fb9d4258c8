"""The log as a file: what goes in comes out, and what was changed on the way is noticed."""

import gzip
from collections.abc import Callable
from os import mkfifo
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_pool.errors import ExitCode
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file.zstd import zstd
from stream_pool.incident.log_file import (
    LogFileDamaged,
    LogFileUnreadable,
    LogFileUnwritable,
    LogFileWriter,
    read_log_file,
)

some_bytes = st.none() | st.binary(max_size=40) | st.text(max_size=40).map(str.encode)
records = st.builds(
    RawRecord,
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-1, 2**53),
    timestamp_type=st.integers(0, 1),
    key=some_bytes,
    headers=st.lists(st.tuples(st.text(max_size=10), some_bytes), max_size=4).map(tuple),
    value=some_bytes,
)
entries = st.lists(st.tuples(st.sampled_from(["g.events", "g.snapshots"]), records), max_size=8)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

RECORD = RawRecord(7, 1_000, 1, b"w1", (("ce_id", b"1"), ("ce_id", b"2"), ("x", None)), b'{"n":1}')


def write(path: Path, written: list[tuple[str, RawRecord]]) -> Path:
    with LogFileWriter(path, topic="g.events", group="g") as writer:
        for topic, record in written:
            writer.write(record, topic)
    return path


def three(tmp_path: Path, name: str = "log.ndjson") -> Path:
    return write(tmp_path / name, [("g.events", RECORD)] * 3)


@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz", "log.ndjson.zst"])
@given(written=entries)
@shared
def test_any_record_comes_back_as_it_was(
    tmp_path: Path, name: str, written: list[tuple[str, RawRecord]]
) -> None:
    """Binary keys, no key, an empty one, headers twice and without a value; in either topic."""
    log = read_log_file(write(tmp_path / name, written))
    assert (log.header.topic, log.header.group) == ("g.events", "g")
    assert list(log) == written
    assert list(log) == written, "each iteration begins anew"


def test_a_line_is_what_other_tools_read(tmp_path: Path) -> None:
    """Text where it is text; the topic only where it is another; a last line with count and sum."""
    path = write(
        tmp_path / "log", [("g.events", RECORD), ("g.snapshots", RawRecord(0, 1, 0, None, (), b"\xff"))]
    )
    header, first, second, trailer = (orjson.loads(line) for line in path.read_bytes().splitlines())
    assert header == {"stream_pool_log": 1, "topic": "g.events", "group": "g"}
    assert first == {
        "offset": 7,
        "timestamp": 1_000,
        "timestamp_type": 1,
        "key": "w1",
        "headers": [["ce_id", "1"], ["ce_id", "2"], ["x", None]],
        "value": '{"n":1}',
    }
    assert second["topic"] == "g.snapshots"
    assert second["value"] == {"base64": "/w=="}
    assert trailer["records"] == 2
    assert len(trailer["sha256"]) == 64


@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz", "log.ndjson.zst"])
def test_the_same_log_gives_the_same_file(tmp_path: Path, name: str) -> None:
    """To the byte, compressed or not."""
    (tmp_path / "other").mkdir()
    assert three(tmp_path, name).read_bytes() == three(tmp_path / "other", name).read_bytes()


@given(place=st.integers(0, 2**20), flip=st.integers(1, 255))
@shared
def test_one_flipped_byte_is_noticed(tmp_path: Path, place: int, flip: int) -> None:
    """Wherever it is."""
    content = bytearray(three(tmp_path).read_bytes())
    content[place % len(content)] ^= flip
    path = tmp_path / "flipped"
    path.write_bytes(content)
    with pytest.raises((LogFileDamaged, LogFileUnreadable)):
        list(read_log_file(path))


@given(place=st.integers(1, 2**20))
@shared
def test_what_stands_before_a_cut_is_read(tmp_path: Path, place: int) -> None:
    """Every whole line before it, then the damage, with its line."""
    content = three(tmp_path).read_bytes()
    cut = content[: place % len(content)]
    (path := tmp_path / "cut").write_bytes(cut)
    if b"\n" not in cut:
        with pytest.raises((LogFileUnreadable, LogFileDamaged)):  # damaged: all but the end of its first line
            list(read_log_file(path))
        return
    read: list[tuple[str, RawRecord]] = []
    with pytest.raises(LogFileDamaged) as raised:
        read.extend(read_log_file(path))
    assert raised.value.line == cut.count(b"\n") + 1
    assert raised.value.exit_code == ExitCode.FINDING
    assert len(read) == cut.count(b"\n") - 1


@pytest.mark.parametrize(("name", "unpack"), [("log.gz", gzip.decompress), ("log.zst", zstd.decompress)])
def test_other_programs_unpack_it(tmp_path: Path, name: str, unpack: Callable[[bytes], bytes]) -> None:
    """By what its name says."""
    assert unpack(three(tmp_path, name).read_bytes()) == three(tmp_path, "log").read_bytes()


@pytest.mark.parametrize("name", ["log.gz", "log.zst"])
def test_a_cut_in_compressed_bytes_is_damage(tmp_path: Path, name: str) -> None:
    """Named with the line that it made unreadable."""
    content = three(tmp_path, name).read_bytes()
    (path := tmp_path / f"cut-{name}").write_bytes(content[:-12])
    with pytest.raises(LogFileDamaged):
        list(read_log_file(path))


def test_a_writer_that_fails_leaves_no_last_line(tmp_path: Path) -> None:
    """So that what it left is not taken for a whole log."""
    with LogFileWriter(tmp_path / "log", topic="t", group="g") as writer:
        writer.write(RECORD)
        writer.__exit__(OSError, OSError(), None)
    with pytest.raises(LogFileDamaged, match="line 3: the file ends without its last line"):
        list(read_log_file(tmp_path / "log"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is full")
@pytest.mark.parametrize("name", ["log.ndjson", "log.ndjson.gz", "log.ndjson.zst"])
@pytest.mark.parametrize("written", [1, 5_000], ids=["1 at the end", "2 on the way"])
def test_a_full_disk_is_told(
    tmp_path: Path, name: str, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file's name, whenever it is noticed; and nothing is left open."""
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda path, mode: open("/dev/full", "wb"))  # noqa: PTH123, SIM115 - patched
        writer = LogFileWriter(tmp_path / name, topic="g.events", group="g")

    def fill() -> None:
        with writer:
            for _ in range(written):
                writer.write(RECORD)

    with pytest.raises(LogFileUnwritable, match=f"{name} cannot be written: No space left"):
        fill()
    assert writer._raw.closed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "is empty", id="1 empty"),
        pytest.param(b"hello\n", "no log", id="2 text"),
        pytest.param(b'{"topic": "t"}\n', "does not say so", id="3 other JSON"),
        pytest.param(
            b'{"stream_pool_log": 2, "topic": "t", "group": "g"}\n', "format 2", id="4 later format"
        ),
        pytest.param(b'{"stream_pool_log": 1}\n', "no topic", id="5 no topic"),
    ],
)
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, content: bytes, problem: str) -> None:
    """Misuse, not damage."""
    (path := tmp_path / "file").write_bytes(content)
    with pytest.raises(LogFileUnreadable, match=problem) as raised:
        read_log_file(path)
    assert raised.value.exit_code == ExitCode.MISUSE


@pytest.mark.parametrize("name", ["no.such.file", "no.such.file.gz", "."])
def test_what_cannot_be_opened_is_unreadable(tmp_path: Path, name: str) -> None:
    """A missing file, a directory."""
    with pytest.raises(LogFileUnreadable):
        read_log_file(tmp_path / name)


def test_a_pipe_is_unreadable(tmp_path: Path) -> None:
    """A log is read twice; it is said before anybody waits for a writer."""
    mkfifo(tmp_path / "pipe")
    with pytest.raises(LogFileUnreadable, match="no regular file"):
        read_log_file(tmp_path / "pipe")


def test_what_is_not_compressed_although_its_name_says_so_is_unreadable(tmp_path: Path) -> None:
    """And what is, but is no log, too."""
    (path := tmp_path / "log.gz").write_bytes(b"plain")
    with pytest.raises(LogFileUnreadable):
        read_log_file(path)
    path.write_bytes(gzip.compress(b"plain\n"))
    with pytest.raises(LogFileUnreadable):
        read_log_file(path)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"nonsense", "no record", id="1 no JSON"),
        pytest.param(b"[]", "no record", id="2 no object"),
        pytest.param(b'{"timestamp": 1}', "without 'offset'", id="3 no offset"),
        pytest.param(
            b'{"offset": true, "timestamp": 1, "timestamp_type": 1, "key": null, "headers": [], "value": ""}',
            "no integer",
            id="4 offset no number",
        ),
        pytest.param(
            b'{"offset": 1, "timestamp": 1, "timestamp_type": 1, "key": {"base64": "!"}, "headers": [], '
            b'"value": null}',
            "no record",
            id="5 no base64",
        ),
        pytest.param(
            b'{"offset": 1, "timestamp": 1, "timestamp_type": 1, "key": 5, "headers": [], "value": null}',
            "neither",
            id="6 key a number",
        ),
    ],
)
def test_a_line_that_is_no_record_is_damage(tmp_path: Path, line: bytes, problem: str) -> None:
    """Named with its line."""
    header = b'{"stream_pool_log": 1, "topic": "t", "group": "g"}\n'
    (path := tmp_path / "file").write_bytes(header + line + b"\n")
    with pytest.raises(LogFileDamaged, match=f"line 2: .*{problem}"):
        list(read_log_file(path))
