"""Every snapshot of a log that its topic has."""

from dataclasses import dataclass, field

from stream_pool.detection.snapshot_records import Snapshot, SnapshotDamaged, SnapshotReader
from stream_pool.events.raw_record import RawRecord


@dataclass(slots=True)
class SnapshotsKept:
    """Snapshots in the order in which they were written, and the records that belie theirs."""

    whole: list[Snapshot] = field(default_factory=list)
    damaged: list[SnapshotDamaged] = field(default_factory=list)
    _reader: SnapshotReader = field(default_factory=SnapshotReader)

    @property
    def strays(self) -> int:
        """How many records, or unfinished snapshots, no snapshot could be made of."""
        return self._reader.foreign + self._reader.unfinished

    def take(self, record: RawRecord) -> None:
        """One more record of the snapshots topic."""
        taken = self._reader.take(record)
        if isinstance(taken, Snapshot):
            self.whole.append(taken)
        elif taken is not None:
            self.damaged.append(taken)
