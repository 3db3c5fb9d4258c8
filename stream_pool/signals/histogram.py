"""Latencies in buckets whose bounds never change, so that workers' intervals add up to a group's percentiles.

Bucket 0 holds what took up to 1 ms; each next bound is 1.1 times the last, up to 623 s; one more bucket holds
what took longer. A quantile is answered by its bucket's upper bound, so from 1 ms to 623 s it is never too
low and at most 10 % too high; never above the exact maximum. The bounds come from multiplication alone: IEEE
arithmetic makes them the same everywhere, where a logarithm of the platform's might not.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate, repeat

from stream_pool.errors import MisuseError
from stream_pool.events import Latency

BOUNDS_S: tuple[float, ...] = tuple(
    accumulate(repeat(1.1, 140), lambda bound, growth: bound * growth, initial=0.001)
)


@dataclass(slots=True)
class Histogram:
    """Counts by bucket, with the exact sum and maximum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0
    max_s: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts)

    def add(self, seconds: float, n: int = 1) -> None:
        """Counts `n` records that each took `seconds`."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += n
        self.sum_s += seconds * n
        if seconds > self.max_s:
            self.max_s = seconds

    def merge(self, latency: Latency) -> None:
        """Adds a sparse histogram. An index beyond the last bucket (a later version's) counts as the last."""
        last = len(self.counts) - 1
        for index, count in latency.counts:
            self.counts[min(index, last)] += count
        self.sum_s += latency.sum_s
        self.max_s = max(self.max_s, latency.max_s)

    def sparse(self) -> Latency:
        """The buckets that are not empty, as they stand in an event."""
        counts = tuple((index, count) for index, count in enumerate(self.counts) if count)
        return Latency(counts=counts, sum_s=self.sum_s, max_s=self.max_s)

    def quantile(self, q: float) -> float | None:
        """The smallest bound in seconds that at least a share `q` (0 < q ≤ 1) of the records keep; None if
        empty.

        Raises MisuseError for another `q`.
        """
        if not 0 < q <= 1:
            raise MisuseError(f"a quantile is over 0 and at most 1, got {q}")
        rank = q * self.count
        if not rank:
            return None
        reached = next(index for index, below in enumerate(accumulate(self.counts)) if below >= rank)
        return min(BOUNDS_S[reached], self.max_s) if reached < len(BOUNDS_S) else self.max_s
