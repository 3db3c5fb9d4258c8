"""A log as a file: what lies in a group's events topic, and in its snapshots topic, one record a line.

    {"stream_pool_log": 1, "topic": "g.events", "group": "g"}
    {"offset": 0, "timestamp": 1767225600000, "timestamp_type": 1, "key": …, "headers": [[…, …]], "value": …}
    {"topic": "g.snapshots", "offset": 0, …}
    {"records": 2, "sha256": "…"}

A record names its topic where that is not the first line's. Keys, values and headers' values are strings
where they are UTF-8, else `{"base64": …}`. The last line tells how many records there are and the SHA-256 of
every byte before it: a file without one was cut off, and any other byte that changed is noticed. By its
name's end a file is packed by zstd (`.zst`), by gzip (`.gz`), or not at all, as a capture is; the sum is of
what was packed.

Reading and writing hold one line at a time. Members that a reader does not know are skipped, so that later
formats can add some. The sum is no signature: it finds accidents, not forgers.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import orjson

from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file.packing import UNPACKING_ERRORS
from stream_pool.incident.capture_file.streams import PackedWriter, unpacked_stream
from stream_pool.incident.json_bytes import bytes_of, count, integer, string, text_or_base64

FORMAT = 1
MAX_LINE_BYTES = 64 << 20
_TRAILER = b'{"records":'


class LogFileUnreadable(StreamPoolError):
    """A file that cannot be opened, is no log, or is one of a later format."""

    reason = "log_file_unreadable"
    exit_code = ExitCode.MISUSE


class LogFileDamaged(StreamPoolError):
    """A log file that is not as it was written. `line` counts from 1; what stood before it was read."""

    reason = "log_file_damaged"

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


class LogFileUnwritable(StreamPoolError):
    """The file cannot be written any further; it counts as cut off."""

    reason = "log_file_unwritable"


@dataclass(frozen=True, slots=True)
class LogFileHeader:
    """Whose log it is."""

    topic: str
    group: str


class LogFileWriter:
    """Writes a log file; `close`, or the end of the `with` block, writes its last line.

    Where the block ends with an exception the last line is left out, and the file counts as cut off. Raises
    OSError where the file cannot be opened, and `LogFileUnwritable` where it cannot be written.
    """

    def __init__(self, path: Path, *, topic: str, group: str) -> None:
        self._path = path
        self._topic = topic
        self._raw = path.open("wb")
        self._file = PackedWriter(path, self._raw)
        self._sum = hashlib.sha256()
        self._records = 0
        self._write(orjson.dumps({"stream_pool_log": FORMAT, "topic": topic, "group": group}) + b"\n")
        self._file.end_frame()  # whose log it is can be read wherever the file is cut off

    def write(self, record: RawRecord, topic: str | None = None) -> None:
        """Append a record of the log, or of another `topic`."""
        line: dict[str, Any] = {} if topic is None or topic == self._topic else {"topic": topic}
        line |= {
            "offset": record.offset,
            "timestamp": record.timestamp_ms,
            "timestamp_type": record.timestamp_type,
            "key": text_or_base64(record.key),
            "headers": [(name, text_or_base64(value)) for name, value in record.headers],
            "value": text_or_base64(record.value),
        }
        self._write(orjson.dumps(line) + b"\n")
        self._records += 1

    def close(self) -> None:
        """Write the last line, and close the file."""
        if not self._raw.closed:
            try:
                self._file.write(_trailer(self._records, self._sum.hexdigest()))
            except OSError as error:
                raise self._unwritable(error) from error
            self._close()

    def _write(self, line: bytes) -> None:
        self._sum.update(line)
        try:
            self._file.write(line)
        except OSError as error:
            raise self._unwritable(error) from error

    def _close(self) -> None:
        try:
            with self._raw:
                self._file.end_frame()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> LogFileUnwritable:
        return LogFileUnwritable(f"{self._path} cannot be written: {error.strerror}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            with suppress(LogFileUnwritable):  # what went wrong first is told
                self._close()


class LogFile:
    """A log file to be read, once or more often: each iteration begins at the first record.

    Iterating gives (topic, record), and raises `LogFileDamaged` at the line where the file is no longer as it
    was written, at the latest at its last. `size_bytes` and `read_bytes` are the file's own, to tell progress
    by. Raises `LogFileUnreadable` when made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.read_bytes = 0
        try:
            self.size_bytes = path.stat().st_size
            if not (path.is_file() or path.is_dir()):
                raise LogFileUnreadable(f"{path} is no regular file: a log is read twice")
            with self._opened() as (_, file):
                if not (line := file.readline(MAX_LINE_BYTES)):
                    raise LogFileUnreadable(f"{path} is empty")
                self.header = _header(line)
        except UNPACKING_ERRORS as error:
            raise LogFileUnreadable(f"{path} cannot be read: {error}") from error
        except ValueError as error:
            raise LogFileUnreadable(f"{path} is no log of stream-pool: {error}") from error

    def __iter__(self) -> Iterator[tuple[str, RawRecord]]:
        records = 0
        digest = hashlib.sha256()
        with self._opened() as (raw, file):
            for number, line in enumerate(_lines(file), 1):
                if line.startswith(_TRAILER):
                    _end(number, line, _trailer(records, digest.hexdigest()))
                elif number > 1:
                    yield _record(number, line, self.header.topic)
                    records += 1
                digest.update(line)
                self.read_bytes = raw.tell()

    @contextmanager
    def _opened(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        with self._path.open("rb") as raw:
            yield raw, unpacked_stream(self._path, raw)


def read_log_file(path: Path) -> LogFile:
    """A log file. Raises `LogFileUnreadable` where it is none."""
    return LogFile(path)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, the last of which is a trailer and ends it."""
    number = 0
    ended = False
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE_BYTES)
        except UNPACKING_ERRORS as error:
            raise LogFileDamaged(number, f"cannot be unpacked: {error}") from error
        if ended:
            if line:
                raise LogFileDamaged(number, "bytes after the last line")
            return
        if not line:
            raise LogFileDamaged(number, "the file ends without its last line: it was cut off here")
        if not line.endswith(b"\n"):
            problem = "longer than any record" if len(line) == MAX_LINE_BYTES else "cut off in the middle"
            raise LogFileDamaged(number, problem)
        ended = line.startswith(_TRAILER)
        yield line


def _trailer(records: int, sha256: str) -> bytes:
    return orjson.dumps({"records": records, "sha256": sha256}) + b"\n"


def _end(number: int, line: bytes, wanted: bytes) -> None:
    if line != wanted:
        raise LogFileDamaged(
            number,
            f"the lines before are not those that were written: they come to {wanted.decode().strip()}, "
            f"and the file says {line.decode('utf-8', 'replace').strip()}",
        )


def _header(line: bytes) -> LogFileHeader:
    told = orjson.loads(line)
    if not isinstance(told, dict) or "stream_pool_log" not in told:
        raise ValueError("its first line does not say so")
    if told["stream_pool_log"] != FORMAT:
        raise ValueError(f"it is of format {told['stream_pool_log']!r}, and this version reads {FORMAT}")
    topic, group = told.get("topic"), told.get("group")
    if not isinstance(topic, str) or not isinstance(group, str):
        raise ValueError("its first line names no topic and group")
    return LogFileHeader(topic, group)


def _record(number: int, line: bytes, log_topic: str) -> tuple[str, RawRecord]:
    try:
        told = orjson.loads(line)
        record = RawRecord(
            count(told["offset"]),
            integer(told["timestamp"]),
            count(told["timestamp_type"]),
            bytes_of(told["key"]),
            tuple((string(name), bytes_of(value)) for name, value in told["headers"]),
            bytes_of(told["value"]),
        )
        return string(told.get("topic", log_topic)), record
    except KeyError as error:
        raise LogFileDamaged(number, f"no record: without {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise LogFileDamaged(number, f"no record: {error}") from error
