"""A dump of the detector's state as records of the snapshots topic, and back.

A dump is compressed and cut into parts of `PART_BYTES` at most, a record each, keyed by the offset of the log
that the state stands at (the next to be folded). Headers say whose part it is, and the SHA-256 of the whole
dump. A writer that dies between two parts leaves a snapshot that never becomes whole.
"""

import hashlib
import zlib
from dataclasses import dataclass, field

from stream_pool.detection.rules import FOLD_VERSION
from stream_pool.events import EncodedEvent
from stream_pool.events.raw_record import RawRecord

RECORDS_VERSION = 1
PART_BYTES = 700_000
MAX_PARTS = 1_000
MAX_DUMP_BYTES = 512 << 20
MAX_UNFINISHED = 8

_PREFIX = "stream-pool."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole snapshot: the dump of a state before the log's record `offset`, compressed."""

    offset: int
    fold_version: int
    packed: bytes

    def dump(self) -> bytes:
        """The dump as it was written."""
        return zlib.decompress(self.packed)


@dataclass(frozen=True, slots=True)
class SnapshotDamaged:
    """A record that says it is of a snapshot and is not as it was written. `record_offset` is its own."""

    record_offset: int
    problem: str


def snapshot_records(offset: int, dump: bytes) -> tuple[EncodedEvent, ...]:
    """The messages of a snapshot of the state before `offset`, in the order in which to write them."""
    packed = zlib.compress(dump)
    parts = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    sha256 = hashlib.sha256(dump).hexdigest()
    return tuple(
        EncodedEvent(
            key=b"%d" % offset,
            value=part,
            headers=tuple(
                (_PREFIX + name, str(told).encode())
                for name, told in {
                    "snapshot": RECORDS_VERSION,
                    "offset": offset,
                    "fold-version": FOLD_VERSION,
                    "part": number,
                    "parts": len(parts),
                    "sha256": sha256,
                }.items()
            ),
        )
        for number, part in enumerate(parts)
    )


@dataclass(slots=True)
class SnapshotReader:
    """Puts snapshots together from the records of their topic, given in order.

    `foreign` counts records that are none of ours, or of a later way to write them; `unfinished` the
    snapshots of which parts are missing so far.
    """

    foreign: int = 0
    _dropped: int = 0
    _parts: dict[tuple[int, str], dict[int, bytes]] = field(default_factory=dict)

    @property
    def unfinished(self) -> int:
        return self._dropped + len(self._parts)

    def take(self, record: RawRecord) -> Snapshot | SnapshotDamaged | None:
        """The snapshot that a record completes; None where it completes none."""
        headers = dict(record.headers)
        if headers.get(_PREFIX + "snapshot") != b"%d" % RECORDS_VERSION:
            self.foreign += 1
            return None
        try:
            offset, fold_version, part, parts = (
                _number(headers[_PREFIX + name]) for name in ("offset", "fold-version", "part", "parts")
            )
            sha256 = (headers[_PREFIX + "sha256"] or b"").decode("ascii")
        except (KeyError, ValueError) as error:
            return SnapshotDamaged(record.offset, f"its headers cannot be read: {error!r}")
        if not part < parts <= MAX_PARTS or record.value is None or record.key != b"%d" % offset:
            return SnapshotDamaged(record.offset, f"part {part} of {parts}, key {record.key!r}")
        gathered = self._parts.setdefault((offset, sha256), {})
        gathered[part] = record.value
        if len(gathered) < parts:
            self._forget_oldest()
            return None
        del self._parts[offset, sha256]
        return _whole(record.offset, Snapshot(offset, fold_version, b"".join(_in_order(gathered))), sha256)

    def _forget_oldest(self) -> None:
        if len(self._parts) > MAX_UNFINISHED:
            del self._parts[next(iter(self._parts))]
            self._dropped += 1


def _whole(record_offset: int, snapshot: Snapshot, sha256: str) -> Snapshot | SnapshotDamaged:
    unpacking = zlib.decompressobj()
    try:
        dump = unpacking.decompress(snapshot.packed, MAX_DUMP_BYTES)
    except zlib.error as error:
        return SnapshotDamaged(record_offset, f"cannot be unpacked: {error}")
    if not unpacking.eof or unpacking.unused_data:
        return SnapshotDamaged(record_offset, "cannot be unpacked: it has no end, or bytes behind it")
    found = hashlib.sha256(dump).hexdigest()
    if found != sha256:
        return SnapshotDamaged(record_offset, f"its SHA-256 is {found}, and {sha256} was written")
    return snapshot


def _in_order(parts: dict[int, bytes]) -> list[bytes]:
    return [parts[number] for number in sorted(parts)]


def _number(text: bytes | None) -> int:
    told = (text or b"").decode("ascii")
    if not told.isdigit():
        raise ValueError(told)
    return int(told)
