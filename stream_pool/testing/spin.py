"""Finds code that keeps a virtual loop busy without letting its time move.

The idea: real time would end such a loop sooner or later; virtual time stands still for it. So callbacks are
counted within a virtual millisecond, and once there are far too many, the next thousand are looked at.
"""

import asyncio
from collections import Counter, deque

from stream_pool.testing.errors import SimSpin
from stream_pool.testing.tasks import label

SPIN_LIMIT = 1_000_000
"""Callbacks within one virtual millisecond that a run takes for an endless loop."""

_INSTANT_S = 1e-3
_SAMPLE = 1_000


class Spin:
    """Counts callbacks while the time stands still."""

    __slots__ = ("_count", "_labels", "_limit", "_until")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._until = _INSTANT_S
        self._labels: Counter[str] = Counter()

    def watch(self, now: float, ready: deque[asyncio.Handle]) -> None:
        """The callbacks that are about to run at `now`, in seconds. Raises `SimSpin`."""
        if now >= self._until:
            self._until = now + _INSTANT_S
            self._count = 0
            self._labels.clear()
        self._count += len(ready) or 1
        if self._count > self._limit:
            self._labels.update(map(label, ready))
            if self._count > self._limit + _SAMPLE:
                busiest = max(self._labels, key=self._labels.__getitem__, default="timers")
                raise SimSpin(f"{self._count} callbacks while time stands at {now:.3f} s; busiest: {busiest}")
