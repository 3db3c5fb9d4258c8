"""Holds the digests that ticks carry against the digests of the log as it is read.

Remembered are the last `REMEMBERED` places; what a tick says of an older one is not checked.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from stream_pool.detection.verdict import Difference, Kind
from stream_pool.events import ClockTicked

REMEMBERED = 100_000


@dataclass(slots=True)
class ChainCheck:
    """`checked` and `unchecked` count ticks; `proven_to` is the offset up to which the last one vouches."""

    since: int
    checked: int = 0
    unchecked: int = 0
    proven_to: int | None = None
    _digests: OrderedDict[int, bytes] = field(default_factory=OrderedDict)

    def add(self, next_offset: int, digest: bytes) -> None:
        """The digest of everything before `next_offset`."""
        self._digests[next_offset] = digest
        if len(self._digests) > REMEMBERED:
            self._digests.popitem(last=False)

    def compare(self, offset: int, tick: ClockTicked) -> Difference | None:
        """What a tick at `offset` says of the log before it."""
        if tick.chain is None or tick.folded_to is None:
            return None
        oldest = next(iter(self._digests), 0)
        if tick.chain_since != self.since or tick.folded_to < oldest:
            self.unchecked += 1
            return None
        own = self._digests.get(tick.folded_to)
        if own is not None and own.hex() == tick.chain:
            self.checked += 1
            self.proven_to = max(tick.folded_to, self.proven_to or 0)
            return None
        after = "its beginning" if self.proven_to is None else f"offset {self.proven_to}"
        return Difference(
            offset,
            Kind.CHAIN,
            f"a record between {after} and offset {tick.folded_to} is not the one that was folded when this "
            "tick was written, or is gone, or came between",
            (("chain", tick.chain.encode()),),
            (("chain", None if own is None else own.hex().encode()),),
        )
