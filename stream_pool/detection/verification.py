"""Does a log follow from itself? Folds it once, record by record, and compares all that can be compared.

- Each anomaly event is, to the byte, what the fold concludes, by the rules of its epoch; none is missing for
  longer than six windows, and none is there without cause. The first of an id counts.
  Six are enough for the `MAX_PENDING` conclusions that a state keeps, which their owner appends as fast as
  the log takes them. Where more wait at once the state forgets the oldest; those are called missing.
- What repeats an event repeats it to the byte.
- The digest in a tick is that of the log before it, so that no byte of any record can change unseen. One that
  began with records that are gone is taken as given at its first tick; from there on it vouches as any other.
- The state at each snapshot is the one in it, and folding on from the newest comes to the same conclusions
  and the same end.

It begins at offset 0; where that is gone, at the oldest snapshot within the log; and where there is none, at
the oldest record. What then rests on records that are gone is counted, not judged. Held in memory are the
state (twice behind the newest snapshot), 125,000 places of the chain, 4,096 records to compare repeats with,
the anomalies, and the snapshots that are still to come.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from stream_pool.detection._chain_check import ChainCheck
from stream_pool.detection._expected import Expected
from stream_pool.detection._repeated import Repeated
from stream_pool.detection.account import account
from stream_pool.detection.fold import fold
from stream_pool.detection.rules import FOLD_VERSION
from stream_pool.detection.snapshot import SnapshotUnreadable, dump_state, load_state
from stream_pool.detection.snapshot_records import Snapshot, SnapshotDamaged
from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.detection.state import State, missing
from stream_pool.detection.verdict import Difference, Kind, UnknownFold, Verdict, Verified, states_apart
from stream_pool.events import ClockTicked, DetectorConfigured, LoggedEvent, read_raw
from stream_pool.events.raw_record import RawRecord

SETTLED_AFTER_MS = 3_600_000
"""Without a beginning and without a snapshot: the time after which the fold knows what it would know."""


class Verifier:
    """Verifies the log of `group`: `take` each record, in order; `finish` at its end.

    Either gives the first difference, or `UnknownFold`, after which nothing more is to be asked; `finish`
    otherwise what was verified. `snapshots` are all that there are, as they were written, `strays` the number
    of records beside them of which no snapshot could be made.
    """

    def __init__(
        self,
        group: str,
        snapshots: Sequence[Snapshot] = (),
        damaged_snapshots: Sequence[SnapshotDamaged] = (),
        strays: int = 0,
    ) -> None:
        self._group = group
        self._snapshots = deque(sorted(snapshots, key=lambda snapshot: snapshot.offset))
        self._written = tuple(snapshots)
        self._damaged = damaged_snapshots
        self._strays = strays
        self._state = State()
        self._again: State | None = None
        self._again_from: int | None = None
        self._again_at: int | None = None
        self._expected = Expected()
        self._repeated = Repeated()
        self._chain = ChainCheck(0)
        self._from_offset: int | None = None
        self._from_snapshot = False
        self._is_cut = False
        self._next_offset: int | None = None
        self._before: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._rules: tuple[object, ...] | None = None

    @property
    def next_offset(self) -> int | None:
        """The offset behind the last record taken; None before the first."""
        return self._next_offset

    def take(self, record: RawRecord) -> Difference | UnknownFold | None:
        """Fold and compare one record more. None: no difference so far."""
        if self._next_offset is not None and record.offset < self._next_offset:
            problem = f"comes behind offset {self._next_offset - 1}"
            return Difference(record.offset, Kind.ORDER, problem)
        logged = read_raw(record)
        if self._from_offset is None:
            self._begin(record)
        found = self._take(record, logged)
        self._next_offset = record.offset + 1
        return found

    def _take(self, record: RawRecord, logged: LoggedEvent) -> Difference | UnknownFold | None:
        assert self._from_offset is not None
        if record.offset < self._from_offset:
            self._counts["skipped"] += 1
            if self._expected.is_about(logged):
                self._expected.note(record, logged)
            return None
        return self._compare_snapshots(record.offset) or self._compare(record, logged) or self._fold(logged)

    def finish(self, end_offset: int | None = None) -> Verdict:
        """The verdict at the end of the log; `end_offset` where it is known to be behind the last record."""
        end = self._next_offset if end_offset is None else end_offset
        if end is not None:
            found = self._compare_snapshots(end)
            if found is not None:
                return found
        if self._damaged:
            first = self._damaged[0]
            problem = f"the record at this offset of the snapshots topic is damaged: {first.problem}"
            return Difference(first.record_offset, Kind.SNAPSHOT_DAMAGED, problem)
        if self._again is not None and (one := dump_state(self._state)) != (two := dump_state(self._again)):
            problem = f"the state here differs when folded on from the snapshot at {self._again_from}"
            return Difference(end or 0, Kind.REFOLD, problem, *states_apart(one, two))
        return self.so_far()

    def so_far(self) -> Verified:
        """What was verified up to here, for a log that cannot be read to its end."""
        counts = self._state.counts
        return Verified(
            events=self._counts["events"],
            anomalies=self._expected.anomalies,
            repeats=self._expected.repeats + counts["repeated"] - self._before["repeated"],
            epochs=self._counts["epochs"],
            snapshots=self._counts["snapshots"],
            unwritten=self._expected.unwritten,
            unknown=counts["unknown"] - self._before["unknown"],
            malformed=counts["malformed"] - self._before["malformed"],
            ticks=self._chain.checked,
            ticks_met=self._counts["ticks"],
            from_offset=self._from_offset,
            to_offset=self._next_offset,
            from_snapshot=self._from_snapshot,
            refolded_from=self._again_from,
            proven_from=self._chain.proven_from,
            proven_to=self._chain.proven_to,
            account=account(self._state),
            unchecked={
                "skipped_events": self._counts["skipped"],
                "ticks": self._chain.unchecked,
                "snapshots": self._counts["snapshots_unchecked"],
                "snapshots_ahead": len(self._snapshots),
                "snapshot_records": self._strays,
                "anomalies": self._expected.unchecked,
            },
        )

    def _begin(self, record: RawRecord) -> None:
        """Find where to begin: at this record, or at the oldest snapshot where the beginning is gone."""
        self._from_offset = record.offset
        self._is_cut = record.offset > 0
        if self._is_cut:
            self._begin_without_beginning(record)
        since = self._from_offset if self._state.chain.since is None else self._state.chain.since
        self._chain = ChainCheck(since)
        self._chain.begin(self._from_offset, self._state.chain.digest)
        for snapshot in reversed(self._written):  # not by place: a log made anew may end before old ones
            state = _load(snapshot)
            if snapshot.offset > self._from_offset and state is not None and state.chain.since == since:
                self._again_at = snapshot.offset
                break
        self._written = ()

    def _begin_without_beginning(self, record: RawRecord) -> None:
        for snapshot in self._snapshots:
            if snapshot.offset < record.offset or (state := _load(snapshot)) is None:
                continue
            if not _is_before(state, snapshot.offset, record):
                self._state = state
                self._from_offset = snapshot.offset
                self._from_snapshot = True
                self._before = Counter(state.counts)
                self._expected.concluded_from_ms = record.timestamp_ms
                for conclusion in missing(state):
                    self._expected.want(conclusion, self._group, snapshot.offset - 1)
                return
        self._expected.opened_from_ms = record.timestamp_ms + SETTLED_AFTER_MS

    def _compare_snapshots(self, offset: int) -> Difference | None:
        """Every snapshot that stands before the record at `offset`, against the state there."""
        while self._snapshots and self._snapshots[0].offset <= offset:
            snapshot = self._snapshots.popleft()
            if self._from_offset is None or snapshot.offset < self._from_offset:
                self._counts["snapshots_unchecked"] += 1
            elif (found := self._compare_snapshot(snapshot)) is not None:
                return found
        return None

    def _compare_snapshot(self, snapshot: Snapshot) -> Difference | None:
        dump, own = snapshot.dump(), dump_state(self._state)
        if dump == own and snapshot.fold_version != FOLD_VERSION:
            problem = f"the snapshot that stands here is of this fold, and says {snapshot.fold_version}"
            return Difference(snapshot.offset, Kind.SNAPSHOT_DAMAGED, problem)
        if dump != own:
            state = _load(snapshot)
            if state is None or not self._is_comparable(state):
                self._counts["snapshots_unchecked"] += 1
                return None
            problem = "the state in the snapshot is not the one that follows from the log before it"
            return Difference(snapshot.offset, Kind.STATE, problem, *states_apart(own, dump))
        self._counts["snapshots"] += 1
        if snapshot.offset == self._again_at and self._again is None:
            self._again = _load(snapshot)
            self._again_from = snapshot.offset
        return None

    def _is_comparable(self, state: State) -> bool:
        """Whether a state rests on the records folded here.

        One that began elsewhere does not; and one that is older than the log before its place is of a log
        that was there before this one was made anew.
        """
        return state.chain.since == self._chain.since and state.clock_ms >= self._state.clock_ms

    def _compare(self, record: RawRecord, logged: LoggedEvent) -> Difference | UnknownFold | None:
        """A record against what is known before it is folded."""
        self._counts["events"] += 1
        event = logged.event
        if self._expected.is_about(logged):
            return self._expected.compare(record, logged)
        if isinstance(event, DetectorConfigured):
            if event.fold_version != FOLD_VERSION:
                return UnknownFold(record.offset, event.fold_version)
            self._configure(event)
        elif isinstance(event, ClockTicked):
            self._counts["ticks"] += 1
            found = self._chain.compare(record.offset, event)
            if found is not None:
                return found
            began_elsewhere = event.chain_since not in (None, self._chain.since)
            self._expected.elsewhere |= began_elsewhere and self._is_cut
        return self._repeated.compare(record, logged)

    def _configure(self, event: DetectorConfigured) -> None:
        self._group = event.group or self._group
        rules = (event.fold_version, *sorted(event.rules.items()))
        self._counts["epochs"] += rules != self._rules
        self._rules = rules

    def _fold(self, logged: LoggedEvent) -> Difference | None:
        closed_ms = self._state.closed_ms
        self._state, conclusions = fold(self._state, logged)
        self._chain.add(logged.offset + 1, self._state.chain.digest, logged.digest)
        if self._again is not None:
            self._again, again = fold(self._again, logged)
            if again != conclusions:
                problem = f"other conclusions when folded on from the snapshot at {self._again_from}"
                return Difference(logged.offset, Kind.REFOLD, problem)
        found = None
        if isinstance(logged.event, ClockTicked) and self._state.closed_ms != closed_ms:
            found = self._expected.close_window(logged.offset, logged.event.folded_to)
        for conclusion in conclusions:
            self._expected.want(conclusion, self._group, logged.offset)
        return found


def _is_before(state: State, offset: int, record: RawRecord) -> bool:
    """Whether a state that stands behind `record` is older than it: a state of a log that was there before
    this one was made anew. Only a log with times of its own can tell."""
    return offset > record.offset and bool(record.timestamp_type) and state.clock_ms < record.timestamp_ms


def verify(
    group: str, records: Iterable[RawRecord], kept: SnapshotsKept, end_offset: int | None = None
) -> Verdict:
    """The verdict on a whole log that is at hand, with the snapshots that its topic has."""
    verifier = Verifier(group, kept.whole, kept.damaged, kept.strays)
    for record in records:
        if (found := verifier.take(record)) is not None:
            return found
    return verifier.finish(end_offset)


def _load(snapshot: Snapshot) -> State | None:
    """The state in a snapshot; None where this version cannot read it."""
    if snapshot.fold_version != FOLD_VERSION:
        return None
    try:
        return load_state(snapshot.dump())
    except SnapshotUnreadable:
        return None
