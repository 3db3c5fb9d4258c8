"""A capture as it is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from stream_pool.incident.capture_file.form import (
    MAX_LINE_BYTES,
    CapturedRecord,
    CaptureHeader,
    Lost,
    header_line,
    lost_told,
    record_told,
    trailer_line,
)
from stream_pool.incident.capture_file.packing import packer
from stream_pool.incident.capture_file.resumption import Place, read_place
from stream_pool.incident.capture_file.sums import Sums

FRAME_BYTES = 1 << 20
"""Lines are packed and written so many bytes at a time: what a killed process loses, at most."""

_LINE = orjson.OPT_APPEND_NEWLINE


class CaptureWriter:
    """Writes a capture; `close`, or the end of the `with` block, writes its last line.

    Where the block ends with an exception the last line is left out, and the file counts as cut off. Raises
    `FileExistsError` rather than write over a file, and OSError where it cannot be written; then the file
    ends with the last frame that could be.
    """

    def __init__(self, path: Path, header: CaptureHeader) -> None:
        self._begin(path, path.open("xb", buffering=0), Place(header))
        self._lines.append(header_line(header))
        self._flush()

    @classmethod
    def resume(cls, path: Path) -> Self:
        """A writer that goes on where a capture ends or was cut off.

        `next_offsets` says from where to read each partition, `was_whole` that nothing is left to be read.
        A trailer, and half a line, are taken off. Raises `CaptureUnreadable`, `CaptureDamaged` (where it is
        not merely cut off; nothing is changed then), OSError.
        """
        place = read_place(path)
        self = cls.__new__(cls)
        raw = path.open("r+b", buffering=0)
        raw.truncate(place.end)
        raw.seek(place.end)
        self._begin(path, raw, place)
        return self

    def _begin(self, path: Path, raw: IO[bytes], place: Place) -> None:
        self.path = path
        self.header = place.header
        self._topic = place.header.topic
        self.next_offsets: Mapping[tuple[str, int], int] = place.next_offsets
        self.was_whole = place.is_whole
        self._raw = raw
        self._pack = packer(path)
        self._end = place.end
        self._sums: Sums = place.sums
        self._lines = list(place.lines)
        self._lines_bytes = sum(map(len, self._lines))

    def write(self, captured: CapturedRecord) -> None:
        """Append a record."""
        record = captured.record
        self.append(
            captured.topic,
            captured.partition,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type,
            record.key,
            record.headers,
            record.value,
        )

    def append(
        self,
        topic: str,
        partition: int,
        offset: int,
        timestamp_ms: int,
        timestamp_type: int,
        key: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        value: bytes | None,
    ) -> None:
        """Append a record that nobody made an object of."""
        named: dict[str, object] = {} if topic == self._topic else {"topic": topic}
        try:  # at once where all is text, as it nearly always is
            line = orjson.dumps(
                named
                | {
                    "partition": partition,
                    "offset": offset,
                    "timestamp": timestamp_ms,
                    "timestamp_type": timestamp_type,
                    "key": key if key is None else key.decode(),
                    "headers": [
                        (name, content if content is None else content.decode()) for name, content in headers
                    ],
                    "value": value if value is None else value.decode(),
                },
                option=_LINE,
            )
        except UnicodeDecodeError:
            told = record_told(named, partition, offset, timestamp_ms, timestamp_type, key, headers, value)
            line = orjson.dumps(told, option=_LINE)
        if len(line) > MAX_LINE_BYTES:
            raise OSError(f"{topic}-{partition}, offset {offset}: {len(line):,} bytes are too long a line")
        self._sums.count(topic, partition)
        self._take(line)

    def lose(self, lost: Lost) -> None:
        """Append that a range of offsets was gone before it could be read."""
        self._take(orjson.dumps(lost_told(lost, self.header.topic), option=_LINE))

    def close(self, *, is_whole: bool = True) -> None:
        """Write the last line, and close the file; not `is_whole` where more was asked for than is there."""
        if self._raw.closed:
            return
        with self._raw:
            self._flush()
            trailer = trailer_line(self._sums.counts, self._sums.digest.hexdigest(), is_whole=is_whole)
            self._write(self._pack(trailer))

    def _take(self, line: bytes) -> None:
        self._lines.append(line)
        self._lines_bytes += len(line)
        if self._lines_bytes >= FRAME_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._lines:
            content = b"".join(self._lines)
            self._lines.clear()
            self._lines_bytes = 0
            self._sums.digest.update(content)
            self._write(self._pack(content))

    def _write(self, frame: bytes) -> None:
        left = memoryview(frame)
        try:
            while left:
                left = left[self._raw.write(left) :]
        except OSError:
            with self._raw:
                self._raw.truncate(self._end)
            raise
        self._end += len(frame)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif not self._raw.closed:
            with self._raw:
                self._flush()
