"""The lines of a packed file, many at a time, each whole: in memory is a chunk, or the longest line."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stream_pool.incident.capture_file.errors import CaptureDamaged
from stream_pool.incident.capture_file.form import MAX_LINE_BYTES
from stream_pool.incident.capture_file.packing import UNPACKING_ERRORS, unpacked


class Lines(NamedTuple):
    """Whole lines in a row: `content` ends with a newline, or is empty.

    `first` is the number of the first of them, counted from 1. `frame_end` is the place in the file where a
    frame ends together with the last of them, if one does.
    """

    first: int
    content: bytes
    read_bytes: int
    frame_end: int | None

    def split(self) -> list[bytes]:
        """One by one, without their newlines."""
        lines = self.content.split(b"\n")
        lines.pop()
        return lines


def lines_of(path: Path) -> Iterator[Lines]:
    """The lines of the file `path`.

    Raises `CaptureDamaged` where they cannot be unpacked, are longer than any record, or end without a
    newline; OSError where the file cannot be opened.
    """
    number = 1
    rest: list[bytes] = []
    rest_bytes = 0
    with path.open("rb") as raw:
        chunks = unpacked(path, raw)
        while True:
            try:
                chunk = next(chunks, None)
            except UNPACKING_ERRORS as error:
                is_cut_off = isinstance(error, EOFError)
                raise CaptureDamaged(number, f"cannot be unpacked: {error}", is_cut_off=is_cut_off) from error
            if chunk is None:
                break
            content = chunk.content
            cut = content.rfind(b"\n") + 1
            whole = b"".join([*rest, content[:cut]]) if cut else b""
            if cut:
                rest, rest_bytes = [], 0
            if cut < len(content):
                rest.append(content[cut:])
                rest_bytes += len(content) - cut
                if rest_bytes > MAX_LINE_BYTES:
                    raise CaptureDamaged(number + whole.count(b"\n"), "longer than any record")
            yield Lines(number, whole, chunk.read_bytes, None if rest else chunk.frame_end)
            number += whole.count(b"\n")
    if rest:
        raise CaptureDamaged(number, "cut off in the middle", is_cut_off=True)
