"""Payloads from wherever somebody has them: a capture, what `kcat -J` or `kcat` writes, NDJSON, a folder.

A file is told apart by its first line. A folder gives each of its `.json` files, those of its folders among
them, in the order of their names; a single `.json` file whose first line is no document by itself is one.
Lines without anything on them are passed over. `.zst` and `.gz` are unpacked. Of a capture only the records
of its own topic are payloads. Memory holds one line at a time, of at most `LINE_BYTES_MAX`.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from stream_pool.errors import MisuseError
from stream_pool.incident.capture_file import Capture, CaptureDamaged
from stream_pool.incident.capture_file.kcat import is_kcat, kcat_record
from stream_pool.incident.capture_file.packing import UNPACKING_ERRORS, unpacked

LINE_BYTES_MAX = 256 << 20
_READ_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Payload:
    """A value, None for none, and where it stood, in words."""

    place: str
    value: bytes | None


class Payloads(Protocol):
    """Where payloads come from: iterating gives them, and may raise `CaptureDamaged` where a file breaks off.

    `what` says what it is. `read_bytes` of `size_bytes` (None where nobody knows) tell how far it is.
    """

    @property
    def what(self) -> str: ...

    @property
    def read_bytes(self) -> int: ...

    @property
    def size_bytes(self) -> int | None: ...

    def __iter__(self) -> Iterator[Payload]: ...


def payloads_at(path: Path) -> Payloads:
    """The payloads of a file or a folder.

    Raises `MisuseError` where there are none, `CaptureUnreadable` where a capture's first line is wrong.
    """
    if path.is_dir():
        return _Folder(path)
    try:
        with path.open("rb") as raw:
            first = next(_lines(chunk.content for chunk in unpacked(path, raw)), b"")
    except UNPACKING_ERRORS as error:
        raise MisuseError(f"{path} cannot be read: {error}") from error
    told = _told(first)
    if isinstance(told, dict) and "stream_pool_log" in told:
        raise MisuseError(f"{path} is the log of a group: it has no payloads of yours")
    if is_kcat(told) or (isinstance(told, dict) and "stream_pool_capture" in told):
        return _Captured(path)
    if path.suffix == ".json" and told is None:
        return _Folder(path)
    return _Lines(path)


class PayloadsOnStandardInput:
    """Lines of payloads, or what `kcat -J` writes."""

    what = "standard input"
    size_bytes = None

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.read_bytes = 0

    def __iter__(self) -> Iterator[Payload]:
        lines = _lines(self._chunks())
        first = next(lines, None)
        if first is None:
            return
        told = _told(first)
        if isinstance(told, dict) and "stream_pool_capture" in told:
            raise MisuseError("a capture is not read from standard input: give its name")
        read = _kcat_payload if is_kcat(told) else _line_payload
        for number, line in enumerate(chain([first], lines), 1):
            if line.strip():
                yield read(number, line)

    def _chunks(self) -> Iterator[bytes]:
        while content := self._stream.read(_READ_BYTES):
            self.read_bytes += len(content)
            yield content


class _Captured:
    def __init__(self, path: Path) -> None:
        self._capture = Capture(path)
        self.size_bytes = self._capture.size_bytes

    @property
    def what(self) -> str:
        capture = self._capture
        told = "what kcat -J wrote" if capture.is_kcat else "a capture"
        lost = [each for each in capture.lost if each.topic == capture.header.topic]
        if lost:
            offsets = sum(each.stop - each.start for each in lost)
            told += f", without {offsets:,} offsets that were gone before they were captured"
        if capture.is_whole is False:
            told += ", stopped before its end"
        if capture.header.redaction is not None:
            told += ", redacted: what is said of values is of those that stand for them"
        return told

    @property
    def read_bytes(self) -> int:
        return self._capture.read_bytes

    def __iter__(self) -> Iterator[Payload]:
        topic = self._capture.header.topic
        for captured in self._capture:
            if captured.topic == topic:
                place = f"partition {captured.partition}, offset {captured.record.offset}"
                yield Payload(place, captured.record.value)


class _Lines:
    what = "lines of payloads"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size_bytes = path.stat().st_size
        self.read_bytes = 0

    def __iter__(self) -> Iterator[Payload]:
        number = 0
        try:
            with self._path.open("rb") as raw:
                for number, line in enumerate(_lines(self._chunks(raw)), 1):
                    if line.strip():
                        yield _line_payload(number, line)
        except UNPACKING_ERRORS as error:
            raise CaptureDamaged(number + 1, f"cannot be unpacked: {error}") from error

    def _chunks(self, raw: IO[bytes]) -> Iterator[bytes]:
        for chunk in unpacked(self._path, raw):
            self.read_bytes = chunk.read_bytes
            yield chunk.content


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.what = "a folder" if path.is_dir() else "a document"
        self._files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not self._files:
            raise MisuseError(f"{path} has no .json file in it")
        self.size_bytes = sum(file.stat().st_size for file in self._files)
        self.read_bytes = 0

    def __iter__(self) -> Iterator[Payload]:
        for file in self._files:
            try:
                with file.open("rb") as raw:
                    content = raw.read(LINE_BYTES_MAX)
            except OSError as error:
                raise MisuseError(f"{file} cannot be read: {error}") from error
            self.read_bytes += len(content)
            place = file.relative_to(self._path) if file != self._path else file
            yield Payload(str(place), content)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of what comes in chunks, without their line feeds; the last may have none.

    Raises `CaptureDamaged` where one is longer than `LINE_BYTES_MAX`.
    """
    number = 1
    rest: list[bytes] = []
    rest_bytes = 0
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        if whole:
            whole[0] = b"".join([*rest, whole[0]])
            rest, rest_bytes = [], 0
            number += len(whole)
            yield from whole
        rest.append(last)
        rest_bytes += len(last)
        if rest_bytes > LINE_BYTES_MAX:
            raise CaptureDamaged(number, f"longer than {LINE_BYTES_MAX:,} bytes")
    if rest_bytes:
        yield b"".join(rest)


def _told(line: bytes) -> Any:
    """What a first line tells; None where it is no JSON."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(line)
    return None


def _line_payload(number: int, line: bytes) -> Payload:
    return Payload(f"line {number}", line)


def _kcat_payload(number: int, line: bytes) -> Payload:
    try:
        captured = kcat_record(orjson.loads(line))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CaptureDamaged(number, f"no record: {error}") from error
    return Payload(f"partition {captured.partition}, offset {captured.record.offset}", captured.record.value)
