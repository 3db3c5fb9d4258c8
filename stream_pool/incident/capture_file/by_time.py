"""A capture whose records come as they were written: across partitions by time.

A capture of ours stands so already. kcat writes what its fetches bring, a megabyte of one partition and then
one of the next, or a whole partition behind another. Its lines are sorted by partition into a temporary file,
once, and merged from there as they are when they are captured (`merge`): of whatever size the file is, a few
blocks of each partition are in memory. A record without a time counts as being of that before it.
"""

import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from stream_pool.incident.capture_file.errors import CaptureDamaged, CaptureUnreadable
from stream_pool.incident.capture_file.form import CapturedRecord
from stream_pool.incident.capture_file.kcat import kcat_record
from stream_pool.incident.capture_file.reader import Capture, read_kcat_line
from stream_pool.incident.merge import Merge

_BLOCK_BYTES = 64 << 10

_Place = tuple[str, int]
"""A topic and a partition."""


class _At(NamedTuple):
    captured: CapturedRecord
    timestamp: int


def capture_by_time(path: Path) -> Capture:
    """The capture `path`, by time. Raises `CaptureUnreadable`."""
    capture = Capture(path)
    return _KcatByTime(path) if capture.is_kcat else capture


class _KcatByTime(Capture):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._sorted: _Sorted | None = None
        self._is_one_place: bool | None = None
        self._damage: CaptureDamaged | None = None

    def _kcat_records(self) -> Iterator[CapturedRecord]:
        if self._is_one_place is None:
            self._is_one_place = self._has_one_place()
        if self._is_one_place:
            yield from super()._kcat_records()
            return
        if self._sorted is None:
            self._sorted = self._sort()
        records = self._sorted.records
        for number, captured in enumerate(self._sorted, 1):
            self.read_bytes = self.size_bytes * number // records
            yield captured
        if self._damage is not None:
            raise self._damage

    def _has_one_place(self) -> bool:
        places = set()
        try:
            for captured in super()._kcat_records():
                places.add((captured.topic, captured.partition))
                if len(places) > 1:
                    return False
        except CaptureDamaged:
            pass  # it is met, and told, again
        return True

    def _sort(self) -> "_Sorted":
        """Raises `CaptureUnreadable` where there is no room for it."""
        try:
            by_place = _Sorted()
            try:
                for number, line in self._kcat_lines():
                    captured = read_kcat_line(number, line)
                    by_place.add((captured.topic, captured.partition), line)
            except CaptureDamaged as damaged:
                self._damage = damaged
            by_place.end()
        except OSError as error:
            raise CaptureUnreadable(
                f"{self.path} has several partitions, and cannot be sorted by time in "
                f"{tempfile.gettempdir()}: {error}. TMPDIR names another folder"
            ) from error
        return by_place


class _Sorted:
    """Lines by place, in blocks of a temporary file; iterating gives `records` of them, merged by time."""

    def __init__(self) -> None:
        self.records = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as this does
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._open: dict[_Place, bytearray] = {}
        self._blocks: dict[_Place, list[tuple[int, int]]] = {}

    def add(self, place: _Place, line: bytes) -> None:
        """The next line of a place."""
        block = self._open.setdefault(place, bytearray())
        block += line
        block += b"\n"
        self.records += 1
        if len(block) >= _BLOCK_BYTES:
            self._write(place)

    def end(self) -> None:
        """No line more."""
        for place in self._open:
            self._write(place)

    def _write(self, place: _Place) -> None:
        block = self._open[place]
        self._file.write(block)
        self._blocks.setdefault(place, []).append((self._end, len(block)))
        self._end += len(block)
        block.clear()

    def __iter__(self) -> Iterator[CapturedRecord]:
        merge = Merge[_Place, _At](self._blocks)
        blocks = {place: self._read(place) for place in self._blocks}
        while not merge.is_done:
            for place in merge.hungry():
                block = next(blocks[place], None)
                if block is None:
                    merge.end(place)
                else:
                    merge.add(place, block)
            for each in merge.take():
                yield each.captured

    def _read(self, place: _Place) -> Iterator[list[_At]]:
        latest_ms = -1
        for begin, size_bytes in self._blocks[place]:
            self._file.seek(begin)
            block = []
            for line in self._file.read(size_bytes).split(b"\n")[:-1]:
                captured = kcat_record(orjson.loads(line))
                if captured.record.timestamp_ms >= 0:
                    latest_ms = captured.record.timestamp_ms
                block.append(_At(captured, latest_ms))
            if block:
                yield block
