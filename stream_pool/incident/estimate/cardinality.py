"""How many different things went by, in bounded memory: exact while they are few, an estimate beyond.

Of the 64-bit fingerprints of all things seen the `kept` smallest are kept (a bottom-k sketch). As long as
no other was met their number is the answer. Beyond, the largest of them tells how densely fingerprints lie:

    distinct = (kept - 1) / (largest kept fingerprint / 2^64)

which is right on average, with a standard error of 1 / sqrt(kept - 2): 3.1 % for 1,024, 9 % for 128. Two
sketches merge into that of both. Fingerprints are BLAKE2's, so that the same input gives the same answer.
"""

from hashlib import blake2b
from heapq import heappush, heappushpop
from math import sqrt

HASHES = 1 << 64


def fingerprint(content: bytes) -> int:
    """64 bits that stand for these bytes."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")


class Cardinality:
    """Counts different fingerprints; `kept` (3 or more) is how many are kept at most."""

    __slots__ = ("_heap", "_kept", "_members", "_top", "exact")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._members: set[int] = set()
        self._heap: list[int] = []  # of the negatives, so that the largest kept stands first
        self._top = HASHES
        self.exact = True
        """Whether `count` is no estimate."""

    @property
    def count(self) -> int:
        if self.exact:
            return len(self._members)
        return round((self._kept - 1) * HASHES / self._top)

    @property
    def error_ratio(self) -> float:
        """The standard error of `count`, as a share of it."""
        return 0.0 if self.exact else 1 / sqrt(self._kept - 2)

    def add(self, hashed: int) -> None:
        """One more thing, by its fingerprint."""
        if hashed > self._top:
            self.exact = False
        elif hashed not in self._members:
            self._members.add(hashed)
            if len(self._heap) < self._kept:
                heappush(self._heap, -hashed)
            else:
                self._members.discard(-heappushpop(self._heap, -hashed))
                self.exact = False
            if len(self._heap) == self._kept:
                self._top = -self._heap[0]

    def merge(self, other: "Cardinality") -> None:
        """Take in what another one has seen; both keep as many."""
        for hashed in other._members:
            self.add(hashed)
        self.exact = self.exact and other.exact
