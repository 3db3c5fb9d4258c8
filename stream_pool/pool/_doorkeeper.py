"""Who came by before: what is seen once is often never seen again, and need not be let in.

Fingerprints of two generations: when the younger is full the older is forgotten, so memory is bounded, and
whoever comes again within 4,096 others is known. Two strings with the same 64-bit hash pass for one another,
which lets one of them in early and harms nothing: the tables behind the door compare in full.
"""

from collections.abc import Iterable

GENERATION = 4096


class Doorkeeper:
    """Tells a second sighting from a first."""

    __slots__ = ("_older", "_younger")

    def __init__(self) -> None:
        self._younger: set[int] = set()
        self._older: set[int] = set()

    def seen_before(self, fingerprint: int) -> bool:
        """Whether this fingerprint came by lately; it has from now on."""
        if fingerprint in self._younger:
            return True
        if len(self._younger) >= GENERATION:
            self._older, self._younger = self._younger, set()
        self._younger.add(fingerprint)
        return fingerprint in self._older

    def forget(self, fingerprints: Iterable[int]) -> None:
        """Takes back first sightings of just now."""
        self._younger.difference_update(fingerprints)
