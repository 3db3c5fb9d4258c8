"""Holds the digests that ticks carry against the log as it is read.

A tick tells of the chain that its writer had folded, by where that began:

| The chain began | is held against |
|---|---|
| where our own did | our own digest at `folded_to` |
| later, within what is remembered | a chain begun there |
| earlier, with records that are gone | its first tick, taken as given, and the records from there on |

Remembered are at least the last `REMEMBERED` places, and the `CHAINS` other chains last heard of. What a tick
says of an older place is not checked, and neither is the first tick of a chain whose beginning is gone.
"""

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field

from stream_pool.detection.chain import chained
from stream_pool.detection.verdict import Difference, Kind
from stream_pool.events import ClockTicked
from stream_pool.events.record_digest import DIGEST_BYTES

REMEMBERED = 100_000
CHAINS = 4


@dataclass(slots=True)
class _Chain:
    """A chain up to `place`; it stands for the bytes of the records from `start` on."""

    start: int
    place: int
    digest: bytes


@dataclass(slots=True)
class ChainCheck:
    """`checked` and `unchecked` count ticks. The newest stretch without a gap that ticks vouch for is from
    `proven_from` to before `proven_to`; both are None while none does.
    """

    since: int
    checked: int = 0
    unchecked: int = 0
    proven_from: int | None = None
    proven_to: int | None = None
    _own_place: int | None = None
    _begun_at: int = 0
    _places: list[int] = field(default_factory=list)
    _digests: list[bytes] = field(default_factory=list)
    _records: list[bytes] = field(default_factory=list)
    _others: OrderedDict[int, _Chain] = field(default_factory=OrderedDict)

    def begin(self, offset: int, digest: bytes) -> None:
        """Records are taken from `offset` on; `digest` is our own of everything before."""
        self._begun_at = offset
        self.add(offset, digest, b"")

    def add(self, next_offset: int, digest: bytes, record: bytes) -> None:
        """Our own digest of everything before `next_offset`, and that of the last record alone."""
        self._places.append(next_offset)
        self._digests.append(digest)
        self._records.append(record)
        if len(self._places) > REMEMBERED + REMEMBERED // 4:  # not one by one: that would move them all
            for remembered in (self._places, self._digests, self._records):
                del remembered[:-REMEMBERED]

    def compare(self, offset: int, tick: ClockTicked) -> Difference | None:
        """What a tick at `offset` says of the log before it."""
        if tick.chain is None or tick.folded_to is None:
            return None
        if tick.chain_since is None or tick.folded_to < self._places[0]:
            self.unchecked += 1
            return None
        if tick.chain_since == self.since:
            return self._compare_own(offset, tick.folded_to, tick.chain)
        return self._compare_other(offset, tick.chain_since, tick.folded_to, tick.chain)

    def _compare_own(self, offset: int, place: int, told: str) -> Difference | None:
        index = bisect_left(self._places, place)
        is_known = index < len(self._places) and self._places[index] == place
        digest = self._digests[index] if is_known else None
        if digest is None or digest.hex() != told:
            return _difference(offset, self._own_place, place, told, digest)
        self._own_place = max(place, self._own_place or 0)
        self._vouch(self._begun_at, place)
        return None

    def _compare_other(self, offset: int, since: int, place: int, told: str) -> Difference | None:
        if place > self._places[-1]:  # of another log
            self.unchecked += 1
            return None
        chain = self._others.get(since)
        if chain is None or chain.place < self._places[0]:
            chain = self._take_up(since, place, told)
        self._others.move_to_end(since)
        if chain is None or place < chain.place:
            self.unchecked += 1
            return None
        digest = chain.digest
        for index in range(bisect_right(self._places, chain.place), bisect_right(self._places, place)):
            digest = chained(digest, self._records[index])
        if digest.hex() != told:
            return _difference(offset, chain.place, place, told, digest)
        chain.place, chain.digest = place, digest
        self._vouch(chain.start, place)
        return None

    def _take_up(self, since: int, place: int, told: str) -> _Chain | None:
        """The chain begun at `since` where its records are here; else taken as given, and None this once."""
        is_whole = self._places[0] <= since <= place
        chain = _Chain(since, since, bytes(DIGEST_BYTES)) if is_whole else _Chain(place, place, _unhex(told))
        self._others[since] = chain
        if len(self._others) > CHAINS:
            self._others.popitem(last=False)
        return chain if is_whole else None

    def _vouch(self, start: int, stop: int) -> None:
        self.checked += 1
        if self.proven_from is None or self.proven_to is None or start > self.proven_to:
            self.proven_from, self.proven_to = start, stop
        elif stop >= self.proven_from:
            self.proven_from, self.proven_to = min(start, self.proven_from), max(stop, self.proven_to)


def _difference(offset: int, after: int | None, place: int, told: str, digest: bytes | None) -> Difference:
    begin = "its beginning" if after is None else f"offset {after}"
    return Difference(
        offset,
        Kind.CHAIN,
        f"a record between {begin} and offset {place} is not the one that was folded when this "
        "tick was written, or is gone, or came between",
        (("chain", told.encode()),),
        (("chain", None if digest is None else digest.hex().encode()),),
    )


def _unhex(told: str) -> bytes:
    """What is no digest is none that the next tick could go on from."""
    try:
        return bytes.fromhex(told)
    except ValueError:
        return b""
