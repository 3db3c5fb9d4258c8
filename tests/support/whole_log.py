"""A whole log as a detector leaves it: observations, ticks that vouch for them, conclusions, snapshots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stream_pool.detection import FOLD_VERSION, Conclusion, Rules, State, fold, message
from stream_pool.detection.snapshot import dump_state
from stream_pool.detection.snapshot_records import Snapshot, SnapshotReader, snapshot_records
from stream_pool.detection.verdict import Verdict
from stream_pool.detection.verification import Verifier
from stream_pool.events import (
    ClockTicked,
    DetectorConfigured,
    EncodedEvent,
    Event,
    LagSampled,
    Latency,
    LoggedEvent,
    MemorySampled,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    SignalsSampled,
    encode,
    event_id,
    read_raw,
)
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.log_file import LogFileWriter
from stream_pool.lag import Status

START_MS = 1_700_000_000_000
GROUP = "g"
RULES = Rules(
    window_s=10.0, open_after=2, resolve_after=2, lag_limit_records=50, min_records=5, signal_windows=1
)


def read(record: RawRecord) -> LoggedEvent:
    return read_raw(record)


@dataclass
class WholeLog:
    """Its owner folds what it writes, and writes what follows right behind the tick that it follows from."""

    at_s: float = 0.0
    timestamp_type: int = 1
    records: list[RawRecord] = field(default_factory=list)
    state: State = field(default_factory=State)
    snapshots: list[tuple[int, RawRecord]] = field(default_factory=list)
    waiting: list[Conclusion] = field(default_factory=list)
    holds_back: bool = False
    sequence: int = 0
    position: int = 0

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def write(self, message: EncodedEvent | RawRecord) -> RawRecord:
        """Append any message, and fold it."""
        place = self.records[-1].offset + 1 if self.records else 0
        at_ms = START_MS + int(self.at_s * 1000)
        record = RawRecord(
            place, at_ms, self.timestamp_type, message.key, tuple(message.headers), message.value
        )
        self.records.append(record)
        self.state, conclusions = fold(self.state, read(record))
        self.waiting.extend(conclusions)
        return record

    def add(self, event: Event) -> RawRecord:
        now_ms = START_MS + int(self.at_s * 1000)
        source = "/stream-pool/w"
        return self.write(encode(event, id=event_id(event), source=source, time_ms=now_ms))

    def configure(self, rules: Rules = RULES, fold_version: int = FOLD_VERSION, group: str = "") -> RawRecord:
        number = self.next()
        return self.add(DetectorConfigured("d", "i", number, fold_version, rules.to_mapping(), group))

    def window(self, lag: int = 0, errors: int = 0, vouch: bool = True) -> RawRecord:
        """Ten seconds: one observation of a kind, a tick, and what follows from it. The tick's record."""
        poll = PartitionLag("orders", 0, 1000 + lag, 1000, lag, None, Status.OK)
        self.add(LagSampled("d", "i", self.next(), GROUP, "detector", (poll,)))
        commit = PartitionCommit("orders", 0, 1000, 0, None)
        self.add(OffsetsCommitted("w", "i", self.next(), 10.0, (commit,)))
        start, self.position = self.position, self.position + 20
        latency = Latency(((0, 20),), 0.1, 0.01)
        part = PartitionSignals("orders", 0, start, start + 20, 20, 0, errors, 0, 0, latency)
        self.add(SignalsSampled("w", "i", self.next(), 10.0, (part,)))
        self.add(MemorySampled("w", "i", self.next(), 1_000_000, None))
        self.at_s += 10.0
        chain = self.state.chain
        told = (chain.folded_to, chain.since, chain.hex) if vouch else (None, None, None)
        tick = self.add(ClockTicked("d", "i", self.next(), 10.0, *told))
        if not self.holds_back:
            self.conclude()
        return tick

    def conclude(self) -> None:
        """Write what waits."""
        waiting, self.waiting = self.waiting, []
        for conclusion in waiting:
            self.write(message(conclusion, GROUP))

    def snapshot(self) -> None:
        place = self.state.chain.folded_to
        for part in snapshot_records(place, dump_state(self.state)):
            number = len(self.snapshots)
            self.snapshots.append(
                (len(self.records), RawRecord(number, START_MS, 1, part.key, part.headers, part.value))
            )

    def incident(self, windows: int = 4) -> None:
        """Quiet, a lag and errors that open and resolve, quiet; snapshots in between."""
        self.configure()
        for lag, errors in ((0, 0), (100, 0), (200, 15), (0, 0)):
            for _ in range(windows):
                self.window(lag, errors)
            self.snapshot()

    def renumbered(self, records: Iterable[RawRecord]) -> list[RawRecord]:
        return [replace(record, offset=place) for place, record in enumerate(records)]

    def save(self, path: Path, records: Sequence[RawRecord] | None = None) -> Path:
        """As a log file, snapshots where they were written."""
        kept = list(self.records if records is None else records)
        with LogFileWriter(path, topic=f"{GROUP}.events", group=GROUP) as writer:
            snapshots = list(self.snapshots)
            for place, record in enumerate(kept):
                while snapshots and snapshots[0][0] <= place:
                    writer.write(snapshots.pop(0)[1], f"{GROUP}.snapshots")
                writer.write(record)
            for _, record in snapshots:
                writer.write(record, f"{GROUP}.snapshots")
        return path

    def kept_snapshots(self) -> list[Snapshot]:
        reader = SnapshotReader()
        taken = [reader.take(record) for _, record in self.snapshots]
        return [each for each in taken if isinstance(each, Snapshot)]


def verify(records: Iterable[RawRecord], snapshots: Sequence[Snapshot] = ()) -> Verdict:
    """The verdict on a log."""
    verifier = Verifier(GROUP, snapshots)
    for record in records:
        if (found := verifier.take(record)) is not None:
            return found
    return verifier.finish()
