"""Who came by before: what is seen once is often never seen again, and need not be let in.

One fingerprint a slot, so memory and work are fixed; a newcomer pushes out whoever had its slot. Two
strings with the same 64-bit hash pass for one another, which lets one of them in early and harms nothing:
the tables behind the door compare in full. Python's string hash is seeded, so nobody can aim at a slot.
"""

SLOTS = 4096


class Doorkeeper:
    """Tells a second sighting from a first."""

    __slots__ = ("_fingerprints",)

    def __init__(self) -> None:
        self._fingerprints: list[int | None] = [None] * SLOTS

    def seen_before(self, fingerprint: int) -> bool:
        """Whether this fingerprint still stands from an earlier call; it does for the next one."""
        slot = fingerprint % SLOTS
        if self._fingerprints[slot] == fingerprint:
            return True
        self._fingerprints[slot] = fingerprint
        return False
