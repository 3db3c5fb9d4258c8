"""Where a capture can be continued: all that it takes is in the capture itself.

Everything up to the end of the last whole frame stays as it is, and every whole line of a plain file. What
can be read behind it (whole lines of a frame that was cut off) is written anew; half a line and a trailer are
dropped.
"""

from dataclasses import dataclass, field
from pathlib import Path

from stream_pool.incident.capture_file.errors import CaptureDamaged, CaptureUnreadable
from stream_pool.incident.capture_file.form import CaptureHeader, Lost, entry_of, header_of
from stream_pool.incident.capture_file.kcat import is_kcat
from stream_pool.incident.capture_file.lines import lines_of
from stream_pool.incident.capture_file.packing import is_packed
from stream_pool.incident.capture_file.reader import first_told, read_line
from stream_pool.incident.capture_file.sums import Sums

_UNFRAMED_BYTES = 64 << 20


@dataclass(slots=True)
class Place:
    """Where to go on: at `end` of the file, with `lines` first, which `sums` has counted, but not summed.

    `next_offsets` has the offset behind the last record, or lost range, by topic and partition. `is_whole`:
    there is nothing left to capture.
    """

    header: CaptureHeader
    end: int = 0
    sums: Sums = field(default_factory=Sums)
    lines: bytearray = field(default_factory=bytearray)
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    is_whole: bool = False


def read_place(path: Path) -> Place:
    """Where the capture `path` ends.

    Raises `CaptureUnreadable`, and `CaptureDamaged` where it is not merely cut off.
    """
    told = first_told(path)
    if is_kcat(told):
        raise CaptureUnreadable(f"{path} is kcat's: it cannot be continued")
    try:
        place = Place(header_of(told))
    except ValueError as error:
        raise CaptureUnreadable(f"{path} is no capture: {error}") from error
    try:
        _read(path, place)
    except CaptureDamaged as damaged:
        if not damaged.is_cut_off:
            raise
    return place


def _read(path: Path, place: Place) -> None:
    topic = place.header.topic
    sums = place.sums
    framed = sums.digest.copy()
    cut_anywhere = not is_packed(path)
    unframed_bytes = 0
    try:
        for lines in lines_of(path):
            for number, line in sums.take(lines):
                entry = read_line(number, line, lambda told: entry_of(told, topic))
                if isinstance(entry, Lost):
                    partition, after = (entry.topic, entry.partition), entry.stop
                else:
                    partition, after = (entry.topic, entry.partition), entry.record.offset + 1
                    sums.count(*partition)
                place.next_offsets[partition] = max(after, place.next_offsets.get(partition, 0))
            place.lines += sums.taken
            unframed_bytes += len(lines.content)
            if lines.frame_end is not None and (cut_anywhere or not sums.has_ended):
                trailer_bytes = len(lines.content) - len(sums.taken)
                place.end = lines.frame_end - trailer_bytes if cut_anywhere else lines.frame_end
                framed, unframed_bytes = sums.digest.copy(), 0
                place.lines.clear()
            if unframed_bytes > _UNFRAMED_BYTES:
                raise CaptureUnreadable(
                    f"{path} cannot be continued: it was packed by another program, in frames of more than "
                    f"{_UNFRAMED_BYTES >> 20} MiB. Unpack it, and continue the plain file"
                )
        place.is_whole = sums.end()
    finally:
        sums.digest = framed
