"""Which records of a partition some worker has accounted for: each counted once, none silently missed.

Workers report ranges of positions. After a rebalance or a crash a range may come twice, in part, late or
never. What is kept is where the account stands (`end`) and the holes below it, at most `MAX_HOLES`: of more,
the oldest is given up and its length counted in `lost`; who reports it later reports it again.

Positions are not records: where a log was compacted, or carries transactions' markers, a position may hold
none.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_HOLES = 64


class Covered(NamedTuple):
    """What a range did to the account.

    `fresh` of its positions were seen for the first time, `repeated` ones before. By `unobserved` positions
    the number of those that nobody accounted for grew (it left out some) or fell (it filled holes).
    """

    fresh: int
    repeated: int
    unobserved: int = 0


@dataclass(slots=True)
class Coverage:
    """The account of one partition, from the first position that was ever reported."""

    end: int
    holes: list[tuple[int, int]] = field(default_factory=list)
    lost: int = 0

    @property
    def missing(self) -> int:
        """Positions below `end` that nobody accounted for, given-up holes included."""
        return self.lost + sum(stop - start for start, stop in self.holes)

    def cover(self, start: int, stop: int) -> Covered:
        """Takes the positions [start, stop) into the account; any before its beginning count as repeated.

        A range that ends before it starts is taken as empty.
        """
        stop = max(start, stop)
        if start == self.end:
            self.end = stop
            return Covered(stop - start, 0)
        skipped = max(0, start - self.end)
        if skipped:
            self._open(self.end, start)
        filled = self._fill(start, stop) if start < stop else 0
        fresh = filled + max(0, stop - max(start, self.end))
        self.end = max(self.end, stop)
        return Covered(fresh, stop - start - fresh, skipped - filled)

    def _fill(self, start: int, stop: int) -> int:
        left = []
        for low, high in self.holes:
            left += [(a, b) for a, b in ((low, min(high, start)), (max(low, stop), high)) if a < b]
        filled = sum(high - low for low, high in self.holes) - sum(high - low for low, high in left)
        self._keep(left)
        return filled

    def _open(self, start: int, stop: int) -> None:
        if self.holes and self.holes[-1][1] == start:
            start = self.holes.pop()[0]
        self._keep([*self.holes, (start, stop)])

    def _keep(self, holes: list[tuple[int, int]]) -> None:
        given_up = holes[: max(0, len(holes) - MAX_HOLES)]
        self.lost += sum(stop - start for start, stop in given_up)
        self.holes = holes[len(given_up) :]
