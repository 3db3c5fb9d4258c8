"""Who came by before: what is seen once is often never seen again, and need not be let in.

Fingerprints of two generations: when the younger is full the older is forgotten, so memory is bounded, and
whoever comes again within 4,096 others is known. Two strings with the same 64-bit hash pass for one another,
which lets one of them in early and harms nothing: the tables behind the door compare in full.
"""

GENERATION = 4096


class Doorkeeper:
    """Tells a second sighting from a first, and can take back those of a try that is made anew."""

    __slots__ = ("_older", "_since_mark", "_younger")

    def __init__(self) -> None:
        self._younger: set[int] = set()
        self._older: set[int] = set()
        self._since_mark: list[int] = []

    def seen_before(self, fingerprint: int) -> bool:
        """Whether this fingerprint came by lately; it has from now on."""
        if fingerprint in self._younger:
            return True
        if len(self._younger) >= GENERATION:
            self._older, self._younger = self._younger, set()
        self._younger.add(fingerprint)
        if fingerprint in self._older:
            return True
        if len(self._since_mark) <= GENERATION:
            self._since_mark.append(fingerprint)
        return False

    def mark(self) -> None:
        """A try begins."""
        self._since_mark.clear()

    def take_back(self) -> None:
        """Forget the first sightings since the mark, or all of them where these were too many to count."""
        if len(self._since_mark) > GENERATION:
            self._younger, self._older = set(), set()
        self._younger.difference_update(self._since_mark)
        self._older.difference_update(self._since_mark)
        self._since_mark.clear()
