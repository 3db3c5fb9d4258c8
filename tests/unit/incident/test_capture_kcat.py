"""What `kcat -J` writes is read as a capture."""

from pathlib import Path

import orjson
import pytest
from captures import at as captured_at
from captures import write

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import (
    Capture,
    CaptureDamaged,
    CapturedRecord,
    CaptureHeader,
    CaptureUnreadable,
    CaptureWriter,
    capture_by_time,
)
from stream_pool.incident.capture_file.packing import packer

LINE = {
    "topic": "orders",
    "partition": 3,
    "offset": 9,
    "tstype": "create",
    "ts": 1_767_225_600_000,
    "broker": 1,
    "headers": ["h", "1", "h", None],
    "key": "k",
    "payload": '{"n":1}',
}
RECORD = RawRecord(9, 1_767_225_600_000, 0, b"k", (("h", b"1"), ("h", None)), b'{"n":1}')


def kcat_file(path: Path, *lines: object) -> Path:
    """A file of kcat's, packed as its name says."""
    to = packer(path)
    path.write_bytes(bytes(to.pack(b"".join(orjson.dumps(line) + b"\n" for line in lines))) + to.end())
    return path


@pytest.mark.parametrize("name", ["k.json", "k.json.gz", "k.json.zst"])
def test_a_file_of_kcat_is_a_capture(tmp_path: Path, name: str) -> None:
    """With a header made up from its first record, and no last line."""
    capture = Capture(kcat_file(tmp_path / name, LINE, LINE))
    assert capture.is_kcat
    assert capture.header == CaptureHeader(None, "orders", {}, None, None, 1_767_225_600_000)
    assert list(capture) == [CapturedRecord("orders", 3, RECORD)] * 2
    assert capture.is_whole is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"tstype": "logappend"}, {"timestamp_type": 1}, id="1 the broker's time"),
        pytest.param({"tstype": "unknown", "ts": 0}, {"timestamp_ms": 0}, id="2 time unknown"),
        pytest.param({"key": None, "payload": None}, {"key": None, "value": None}, id="3 null"),
        pytest.param({"key": "", "payload": ""}, {"key": b"", "value": b""}, id="4 empty"),
        pytest.param({"headers": []}, {"headers": ()}, id="5 no headers"),
        pytest.param(
            {"headers": {"h": ["1", None], "x": ["\u00e9"]}},
            {"headers": (("h", b"1"), ("h", None), ("x", "\u00e9".encode()))},
            id="6 headers as a map",
        ),
    ],
)
def test_a_line_of_kcat(tmp_path: Path, changes: dict[str, object], expected: dict[str, object]) -> None:
    """Member by member."""
    [captured] = Capture(kcat_file(tmp_path / "k", LINE | changes))
    for name, value in expected.items():
        assert getattr(captured.record, name) == value


def test_a_record_without_a_time_has_none(tmp_path: Path) -> None:
    """Nor headers, where kcat knows of none."""
    line = {name: value for name, value in LINE.items() if name not in ("tstype", "ts", "headers")}
    [captured] = Capture(kcat_file(tmp_path / "k", line))
    assert captured.record.timestamp_ms == -1
    assert captured.record.headers == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(LINE | {"payload": {"n": 1}}, "let kcat decode nothing", id="1 decoded from Avro"),
        pytest.param(LINE | {"headers": ["h"]}, "no record", id="2 half a header"),
        pytest.param(LINE | {"tstype": "x"}, "no record", id="3 a time of another kind"),
        pytest.param({"topic": "orders"}, "no record", id="4 not kcat's"),
    ],
)
def test_a_line_that_is_not_kcats_is_damage(tmp_path: Path, line: object, problem: str) -> None:
    """Named with its number."""
    with pytest.raises(CaptureDamaged, match=f"line 2: .*{problem}"):
        list(Capture(kcat_file(tmp_path / "k", LINE, line)))


def test_bytes_that_kcat_cannot_write_are_damage(tmp_path: Path) -> None:
    """It writes them raw, and the line is no JSON."""
    line = orjson.dumps(LINE | {"payload": "@"}).replace(b"@", b"\xff")
    (tmp_path / "k").write_bytes(orjson.dumps(LINE) + b"\n" + line + b"\n")
    for capture in (Capture(tmp_path / "k"), capture_by_time(tmp_path / "k")):
        with pytest.raises(CaptureDamaged, match="line 2: a line of kcat that is not UTF-8"):
            list(capture)
    (tmp_path / "k").write_bytes(line + b"\n")
    with pytest.raises(CaptureUnreadable, match="line 1: a line of kcat that is not UTF-8"):
        Capture(tmp_path / "k")


def at(partition: int, offset: int, at_ms: int, size: int = 1) -> dict[str, object]:
    """A line of a place and time."""
    return LINE | {"partition": partition, "offset": offset, "ts": at_ms, "payload": "x" * size}


def test_partitions_that_stand_one_behind_the_other_come_by_time(tmp_path: Path) -> None:
    """As often as they are asked for, over many blocks; one without a time comes behind that before it."""
    lines = [at(0, n, 1_000 * n, 9_000) for n in range(100)]
    lines += [at(1, n, 500 + 2_000 * n, 9_000) for n in range(50)]
    del lines[30]["ts"]
    capture = capture_by_time(kcat_file(tmp_path / "k.json.gz", *lines))
    for _ in range(2):
        read = [(each.partition, each.record.offset) for each in capture]
        assert read == [place for n in range(50) for place in ((0, 2 * n), (1, n), (0, 2 * n + 1))]
        assert capture.read_bytes == capture.size_bytes


def test_one_partition_comes_as_it_stands(tmp_path: Path) -> None:
    """Whatever its times: its order is the topic's."""
    path = kcat_file(tmp_path / "k", *(at(3, n, 9_000 - n) for n in range(5)))
    assert [each.record.offset for each in capture_by_time(path)] == list(range(5))


def test_what_stands_before_damage_comes_by_time(tmp_path: Path) -> None:
    """And then the damage, with its line in the file."""
    path = kcat_file(tmp_path / "k", at(0, 0, 1_000), at(0, 1, 3_000), at(1, 0, 2_000), {"topic": "t"})
    capture = iter(capture_by_time(path))
    read = [next(capture) for _ in range(3)]
    assert [(each.partition, each.record.offset) for each in read] == [(0, 0), (1, 0), (0, 1)]
    with pytest.raises(CaptureDamaged, match="line 4: "):
        next(capture)


def test_a_capture_is_in_the_order_of_time_already(tmp_path: Path) -> None:
    """It is read as it stands."""
    path = write(tmp_path / "c", [captured_at(8), captured_at(7)])
    assert [each.record.offset for each in capture_by_time(path)] == [8, 7]


def test_a_file_of_kcat_is_not_continued(tmp_path: Path) -> None:
    """It says not where it was to end."""
    with pytest.raises(CaptureUnreadable, match="kcat"):
        CaptureWriter.resume(kcat_file(tmp_path / "k", LINE))
