"""From a pool's readings, one an interval, to the window that the adviser looks at."""

from collections import deque
from dataclasses import dataclass
from math import nan

from stream_pool.errors import MisuseError
from stream_pool.pool.advice import PoolWindow
from stream_pool.pool.stats import PoolStats

BASE_DEFAULT_S = 60.0


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    lookups: int
    evictions: int


class PoolHistory:
    """Remembers readings for one base period (60 s, unless told otherwise) and one interval.

    `at_s` is the time on any clock that does not go back. Call `Pool.tick` at each interval's end, take
    `Pool.stats`, and give both to `observe`.
    """

    __slots__ = ("_base_s", "_readings")

    def __init__(self, base_s: float = BASE_DEFAULT_S) -> None:
        if base_s <= 0:
            raise MisuseError(f"base_s is {base_s}; it must be more than 0")
        self._base_s = base_s
        self._readings: deque[_Reading] = deque()

    def observe(self, at_s: float, stats: PoolStats) -> PoolWindow | None:
        """The window that ends now; None at the first reading, and when no time has passed since the last."""
        reading = _Reading(at_s, stats.hits + stats.misses, stats.evictions)
        if not self._readings:
            self._readings.append(reading)
            return None
        before = self._readings[-1]
        if at_s <= before.at_s:
            return None
        self._forget(before.at_s - self._base_s)
        first = self._readings[0]
        covers_base = before.at_s - first.at_s >= self._base_s
        self._readings.append(reading)
        return PoolWindow(
            interval_s=at_s - before.at_s,
            lookups_per_s=_rate(before, reading),
            base_lookups_per_s=_rate(first, before) if covers_base else nan,
            entropy_bits=stats.entropy_bits,
            size=stats.size,
            evictions=reading.evictions - first.evictions,
        )

    def _forget(self, base_began_s: float) -> None:
        """Drops readings older than the base needs: the newest that covers it stays."""
        while len(self._readings) > 1 and self._readings[1].at_s <= base_began_s:
            self._readings.popleft()


def _rate(earlier: _Reading, later: _Reading) -> float:
    return (later.lookups - earlier.lookups) / (later.at_s - earlier.at_s)
