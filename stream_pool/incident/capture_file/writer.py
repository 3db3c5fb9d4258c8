"""A capture as it is written."""

import fcntl
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from stream_pool.incident.capture_file.errors import CaptureInUse, CaptureUnwritable
from stream_pool.incident.capture_file.form import (
    CapturedRecord,
    CaptureHeader,
    Lost,
    header_line,
    lost_line,
    record_line,
    trailer_line,
)
from stream_pool.incident.capture_file.packing import packer
from stream_pool.incident.capture_file.resumption import Place, read_place
from stream_pool.incident.capture_file.sums import Sums
from stream_pool.stream.offsets import Record

_PIECE_BYTES = 64 << 10
"""Lines are summed, packed and written so many bytes at a time: what a processor has at hand."""


class CaptureWriter:
    """Writes a capture; `close`, or the end of the `with` block, writes its last line.

    Where the block ends with an exception the last line is left out, and the file counts as cut off. Nobody
    else can write it meanwhile. Raises `FileExistsError` rather than write over a file, OSError where it
    cannot be opened, and `CaptureUnwritable` where it cannot be written; then it ends with the last frame
    that could be.
    """

    def __init__(self, path: Path, header: CaptureHeader) -> None:
        self._begin(path, _locked(path, "xb"), Place(header))
        self._lines += header_line(header)
        self._flush()
        self._end_frame()

    @classmethod
    def resume(cls, path: Path) -> Self:
        """A writer that goes on where a capture ends or was cut off.

        `next_offsets` says from where to read each partition, `was_whole` that nothing is left to be read.
        A trailer, and half a line, are taken off. Raises `CaptureUnreadable`, `CaptureDamaged` (where it is
        not merely cut off), `CaptureInUse`, OSError; nothing is changed then.
        """
        raw = _locked(path, "r+b")  # before it is read: what another is writing soon ends elsewhere
        try:
            place = read_place(path)
        except BaseException:
            raw.close()
            raise
        self = cls.__new__(cls)
        raw.truncate(place.end)
        raw.seek(place.end)
        self._begin(path, raw, place)
        self._flush()  # at once: whoever continues a capture may be killed while waiting for a broker
        self._end_frame()
        return self

    def _begin(self, path: Path, raw: IO[bytes], place: Place) -> None:
        self.path = path
        self.header = place.header
        self._topic = place.header.topic
        self.next_offsets: Mapping[tuple[str, int], int] = place.next_offsets
        self.was_whole = place.is_whole
        self._raw = raw
        self._packer = packer(path)
        self._sums: Sums = place.sums
        self.counts = place.sums.counts
        self._end = self._place = place.end
        self._framed_bytes = 0
        self._lines = bytearray(place.lines)

    @property
    def size_bytes(self) -> int:
        """How much of the file is written."""
        return self._place

    def write(self, captured: CapturedRecord) -> None:
        """Append a record."""
        record = captured.record
        line = record_line(
            None if captured.topic == self._topic else captured.topic,
            captured.partition,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type,
            record.key,
            record.headers,
            record.value,
        )
        self._lines += line + b"\n"
        self._sums.count(captured.topic, captured.partition)
        if len(self._lines) >= _PIECE_BYTES:
            self._flush()

    def append(self, records: Iterable[Record]) -> None:
        """Append records as a consumer has them, with nothing made of them in between."""
        own_topic, counts, lines = self._topic, self.counts, self._lines
        for record in records:  # nothing is called for a record but what it takes
            topic, partition = record.topic, record.partition
            lines += record_line(
                None if topic == own_topic else topic,
                partition,
                record.offset,
                record.timestamp,
                record.timestamp_type,
                record.key,
                record.headers,
                record.value,
            )
            lines += b"\n"
            try:
                counts[topic][partition] += 1
            except KeyError:
                self._sums.count(topic, partition)
            if len(lines) >= _PIECE_BYTES:
                self._flush()

    def lose(self, lost: Lost) -> None:
        """Append that a range of offsets was gone before it could be read."""
        self._lines += lost_line(lost, self._topic)

    def close(self, *, is_whole: bool = True) -> None:
        """Write the last line, and close the file; not `is_whole` where more was asked for than is there."""
        if self._raw.closed:
            return
        with self._raw:
            self._flush()
            self._end_frame()
            self._pack(trailer_line(self._sums.counts, self._sums.digest.hexdigest(), is_whole=is_whole))
            self._end_frame()

    def _flush(self) -> None:
        lines = self._lines
        if lines:
            self._sums.digest.update(lines)
            self._pack(lines)
            lines.clear()

    def _pack(self, piece: bytes | bytearray) -> None:
        self._write(self._packer.pack(piece))
        self._framed_bytes += len(piece)
        if self._framed_bytes >= self._packer.frame_bytes:
            self._end_frame()

    def _end_frame(self) -> None:
        if self._framed_bytes:
            self._write(self._packer.end())
            self._framed_bytes = 0
            self._end = self._place

    def _write(self, content: bytes | bytearray) -> None:
        try:
            with memoryview(content) as left:
                written = 0
                while written < len(content):
                    written += self._raw.write(left[written:])
        except OSError as error:
            with self._raw:
                self._raw.truncate(self._end)
            raise CaptureUnwritable(f"{self.path} cannot be written: {error.strerror}") from error
        self._place += len(content)

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
                self._end_frame()


def _locked(path: Path, mode: Literal["xb", "r+b"]) -> IO[bytes]:
    """The file, held until it is closed. Raises `CaptureInUse` where somebody else holds it."""
    raw = path.open(mode, buffering=0)
    try:
        fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raw.close()
        raise CaptureInUse(f"{path} is being written by another capture") from None
    except OSError:
        pass  # a file system without locks: nobody can be kept out there
    return raw
