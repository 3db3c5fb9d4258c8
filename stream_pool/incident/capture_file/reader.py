"""A capture to be read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson

from stream_pool.incident.capture_file.errors import CaptureDamaged, CaptureUnreadable
from stream_pool.incident.capture_file.form import (
    CapturedRecord,
    Lost,
    entry_of,
    header_of,
)
from stream_pool.incident.capture_file.kcat import (
    NOT_UTF8,
    is_kcat,
    is_not_utf8,
    kcat_header,
    kcat_record,
)
from stream_pool.incident.capture_file.lines import lines_of
from stream_pool.incident.capture_file.sums import Sums

T = TypeVar("T")

_LOST_AT_MOST = 100_000
_WRONG = (KeyError, TypeError, ValueError, AttributeError)
"""What a line that is no record makes of reading it; orjson's own error is a `ValueError`."""


class Capture:
    """A capture to be read, once or more often: each iteration begins at the first record.

    Iterating gives every `CapturedRecord`, and raises `CaptureDamaged` at the line where the file is no
    longer as it was written, at the latest at its last. `read_bytes` of `size_bytes` are the file's own, to
    tell progress by. What `kcat -J` writes is read as well (`is_kcat`).

    After an iteration `lost` has the ranges that were gone when they should have been read, and `is_whole`
    says whether the file has all that its header speaks of (None where nobody can know).

    Raises `CaptureUnreadable` when made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_bytes = 0
        self.lost: list[Lost] = []
        self.is_whole: bool | None = None
        told = first_told(path)
        try:
            self.size_bytes = path.stat().st_size
            self.is_kcat = is_kcat(told)
            self.header = kcat_header(told) if self.is_kcat else header_of(told)
        except OSError as error:
            raise CaptureUnreadable(f"{path} cannot be read: {error}") from error
        except _WRONG as error:
            raise CaptureUnreadable(f"{path} is no capture: {error}") from error

    def __iter__(self) -> Iterator[CapturedRecord]:
        return self._kcat_records() if self.is_kcat else self._records()

    def _records(self) -> Iterator[CapturedRecord]:
        topic = self.header.topic
        self.lost = []
        self.is_whole = None
        sums = Sums()
        for lines in lines_of(self.path):
            self.read_bytes = lines.read_bytes
            for number, line in sums.take(lines):
                entry = read_line(number, line, lambda told: entry_of(told, topic))
                if isinstance(entry, Lost):
                    if len(self.lost) == _LOST_AT_MOST:
                        raise CaptureDamaged(number, f"more than {_LOST_AT_MOST:,} lost ranges")
                    self.lost.append(entry)
                else:
                    sums.count(entry.topic, entry.partition)
                    yield entry
        self.is_whole = sums.end()

    def _kcat_records(self) -> Iterator[CapturedRecord]:
        for number, line in self._kcat_lines():
            yield read_kcat_line(number, line)

    def _kcat_lines(self) -> Iterator[tuple[int, bytes]]:
        for lines in lines_of(self.path):
            self.read_bytes = lines.read_bytes
            yield from enumerate(lines.split(), lines.first)


def first_told(path: Path) -> Any:
    """What the first line of a capture tells. Raises `CaptureUnreadable`."""
    line = b""
    try:
        if not (path.is_file() or path.is_dir()):
            path.stat()
            raise CaptureUnreadable(f"{path} is no regular file: a capture is read more than once")
        for lines in lines_of(path):
            if lines.content:
                line = lines.content[: lines.content.index(b"\n")]
                return orjson.loads(line)
    except (OSError, CaptureDamaged) as error:
        raise CaptureUnreadable(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        problem = f"line 1: {NOT_UTF8}" if is_not_utf8(line) else str(error)
        raise CaptureUnreadable(f"{path} is no capture: {problem}") from error
    raise CaptureUnreadable(f"{path} is no capture: it has no line")


def read_line(number: int, line: bytes, read: Callable[[Any], T]) -> T:
    """What a line tells. Raises `CaptureDamaged`."""
    try:
        return read(orjson.loads(line))
    except KeyError as error:
        raise CaptureDamaged(number, f"no record: without {error}") from error
    except _WRONG as error:
        raise CaptureDamaged(number, f"no record: {error}") from error


def read_kcat_line(number: int, line: bytes) -> CapturedRecord:
    """The record of a line that kcat wrote. Raises `CaptureDamaged`."""
    try:
        return read_line(number, line, kcat_record)
    except CaptureDamaged as error:
        if is_not_utf8(line):
            raise CaptureDamaged(number, NOT_UTF8) from error
        raise
