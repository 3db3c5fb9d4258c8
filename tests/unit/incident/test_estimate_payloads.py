"""Payloads from every kind of file that somebody may have, and from standard input."""

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from captures import HEADER, at, write

from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.incident.capture_file import CaptureDamaged, CaptureWriter, Lost
from stream_pool.incident.capture_file.zstd import zstd
from stream_pool.incident.estimate import payloads as module
from stream_pool.incident.estimate.payloads import Payload, PayloadsOnStandardInput, payloads_at
from stream_pool.incident.log_file import LogFileWriter

LINES = b'{"n":1}\n\n  \n[2]\r\n3'
PAYLOADS = [
    Payload("line 1", b'{"n":1}'),
    Payload("line 4", b"[2]\r"),
    Payload("line 5", b"3"),
]
PACKED = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}
KCAT = [
    {
        "topic": "orders",
        "partition": 1,
        "offset": 7,
        "tstype": "create",
        "ts": 1,
        "key": None,
        "payload": "{}",
    },
    {
        "topic": "orders",
        "partition": 0,
        "offset": 8,
        "tstype": "create",
        "ts": 1,
        "key": "k",
        "payload": None,
    },
]


def kcat_lines() -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in KCAT)


@pytest.mark.parametrize("suffix", PACKED)
def test_lines_of_payloads(tmp_path: Path, suffix: str) -> None:
    """Packed or not; blank lines are passed over and counted; the last line may lack its end."""
    path = tmp_path / f"orders.ndjson{suffix}"
    path.write_bytes(PACKED[suffix](LINES))
    found = payloads_at(path)
    assert list(found) == PAYLOADS
    assert found.read_bytes == found.size_bytes == path.stat().st_size
    assert list(found) == PAYLOADS, "once more"


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_standard_input(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same lines, in whatever pieces they come."""
    monkeypatch.setattr(module, "_READ_BYTES", at_once)
    assert list(PayloadsOnStandardInput(io.BytesIO(LINES))) == PAYLOADS
    assert list(PayloadsOnStandardInput(io.BytesIO())) == []


def test_a_capture_gives_the_values_of_its_topic(tmp_path: Path) -> None:
    """The events that were taken with it are no payloads; a tombstone is None."""
    path = write(tmp_path / "c.ndjson.zst", [at(7), at(3, topic="g.events"), at(8, partition=2, value=None)])
    assert list(payloads_at(path)) == [
        Payload("partition 0, offset 7", b'{"n":1}'),
        Payload("partition 2, offset 8", None),
    ]


def test_what_a_capture_has_not_is_told_with_it(tmp_path: Path) -> None:
    """Of its own topic, once it was read to its end."""
    writer = CaptureWriter(tmp_path / "c.ndjson", HEADER)
    writer.write(at(7))
    writer.lose(Lost(HEADER.topic, 0, 8, 20, "retention deleted them"))
    writer.lose(Lost("g.events", 0, 0, 5, "retention deleted them"))
    writer.close(is_whole=False)
    payloads = payloads_at(tmp_path / "c.ndjson")
    assert len(list(payloads)) == 1
    assert payloads.what == (
        "a capture, without 12 offsets that were gone before they were captured, stopped before its end"
    )


def test_a_redacted_capture_says_so(tmp_path: Path) -> None:
    """Its values are not those that a worker will meet."""
    path = write(tmp_path / "c.ndjson", [at(7)], replace(HEADER, redaction=("id: hash",)))
    assert payloads_at(path).what.startswith("a capture, redacted")
    assert payloads_at(write(path, [at(7)])).what == "a capture"


def test_what_kcat_writes(tmp_path: Path) -> None:
    """From a file and from a pipe."""
    path = tmp_path / "kcat.json"
    path.write_bytes(kcat_lines())
    told = [Payload("partition 1, offset 7", b"{}"), Payload("partition 0, offset 8", None)]
    assert list(payloads_at(path)) == told
    assert list(PayloadsOnStandardInput(io.BytesIO(kcat_lines()))) == told


def test_a_folder_gives_its_json_files_by_name(tmp_path: Path) -> None:
    """Those of its folders, too; each is one document, on however many lines."""
    (tmp_path / "sub").mkdir()
    for name, content in {"b.json": "{\n}", "a.json": "1", "sub/c.json": "[]", "d.txt": "no"}.items():
        (tmp_path / name).write_text(content)
    found = payloads_at(tmp_path)
    assert list(found) == [Payload("a.json", b"1"), Payload("b.json", b"{\n}"), Payload("sub/c.json", b"[]")]
    assert found.read_bytes == found.size_bytes == 6


def test_one_document_on_many_lines_is_one(tmp_path: Path) -> None:
    """Where the name says JSON, and the first line is no document."""
    path = tmp_path / "order.json"
    path.write_text('{\n "n": 1\n}\n')
    assert [each.value for each in payloads_at(path)] == [path.read_bytes()]
    path.write_text('{"n": 1}\n{"n": 2}\n')
    assert len(list(payloads_at(path))) == 2


def test_a_file_that_breaks_off_names_its_line(tmp_path: Path) -> None:
    """What stood before it was given."""
    whole = gzip.compress(b"".join(b'{"n":%d}\n' % n for n in range(100_000)))
    path = tmp_path / "cut.ndjson.gz"
    path.write_bytes(whole[: len(whole) // 2])
    given = []
    with pytest.raises(CaptureDamaged) as damaged:
        given.extend(payloads_at(path))
    assert damaged.value.line == len(given) + 1 > 1_000
    pipe = io.BytesIO(kcat_lines() + b"{}\n")
    with pytest.raises(CaptureDamaged, match="line 3: no record"):
        list(PayloadsOnStandardInput(pipe))


def test_a_line_without_end_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds no more than the longest line there may be."""
    monkeypatch.setattr(module, "LINE_BYTES_MAX", 1_000)
    monkeypatch.setattr(module, "_READ_BYTES", 100)
    with pytest.raises(CaptureDamaged, match="line 2: longer than 1,000 bytes"):
        list(PayloadsOnStandardInput(io.BytesIO(b"1\n" + b" " * 2_000)))


def test_misuse(tmp_path: Path) -> None:
    """What has no payloads says so, and exits 2."""
    with LogFileWriter(tmp_path / "log.ndjson", topic="g.events", group="g"):
        pass
    (tmp_path / "empty").mkdir()
    capture = write(tmp_path / "capture.ndjson", [at(7)])
    for given, problem in {
        "log.ndjson": "is the log of a group",
        "empty": "has no .json file",
        "missing.ndjson": "cannot be read",
    }.items():
        with pytest.raises(StreamPoolError, match=problem) as misused:
            payloads_at(tmp_path / given)
        assert misused.value.exit_code is ExitCode.MISUSE
    with pytest.raises(StreamPoolError, match="give its name"):
        list(PayloadsOnStandardInput(io.BytesIO(capture.read_bytes())))
