"""Packed files as streams: written line by line, read line by line."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stream_pool.incident.capture_file.packing import Chunk, is_packed, packer, unpacked


class PackedWriter:
    """Writes whole lines to `raw`, which is the file `path`, packed as its name says. `raw` stays open."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self._raw = raw
        self._packer = packer(path)
        self._framed_bytes = 0

    def write(self, line: bytes) -> None:
        """Append a line."""
        self._raw.write(self._packer.pack(line))
        self._framed_bytes += len(line)
        if self._framed_bytes >= self._packer.frame_bytes:
            self.end_frame()

    def end_frame(self) -> None:
        """Let what was written be unpacked, whatever comes behind it."""
        if self._framed_bytes:
            self._raw.write(self._packer.end())
            self._framed_bytes = 0


def unpacked_stream(path: Path, raw: IO[bytes]) -> IO[bytes]:
    """What `raw`, which is the file `path`, holds unpacked. Reading raises one of `UNPACKING_ERRORS`."""
    if not is_packed(path):
        return raw
    return io.BufferedReader(_Unpacked(unpacked(path, raw)))


class _Unpacked(io.RawIOBase):
    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # it is one of these
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk.content)
        size_bytes = min(len(buffer), len(self._left))
        buffer[:size_bytes] = self._left[:size_bytes]
        self._left = self._left[size_bytes:]
        return size_bytes
