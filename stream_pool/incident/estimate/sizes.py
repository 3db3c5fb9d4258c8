"""The distribution of one size over all documents, in bounded memory.

Sizes below 256 are counted each by itself, larger ones by their eight leading bits: so a percentile is exact
up to 255, and beyond it at most 0.8 % too low. The mean and the maximum are exact.
"""

from dataclasses import dataclass

_EXACT_BITS = 8


@dataclass(frozen=True, slots=True)
class SizeSummary:
    """What a reader wants to know of a size."""

    mean: float
    p50: int
    p90: int
    p99: int
    max: int


class Sizes:
    """Counts sizes, which are 0 or more."""

    __slots__ = ("_counts", "_max", "_number", "_sum")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._number = 0
        self._sum = 0
        self._max = 0

    def add(self, size: int) -> None:
        """One more document of this size."""
        shift = max(0, size.bit_length() - _EXACT_BITS)
        bucket = size >> shift << shift
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self._number += 1
        self._sum += size
        self._max = max(self._max, size)

    def summary(self) -> SizeSummary | None:
        """Mean, percentiles and maximum; None of no document."""
        if not self._number:
            return None
        p50, p90, p99 = (self._percentile(percent) for percent in (50, 90, 99))
        return SizeSummary(self._sum / self._number, p50, p90, p99, self._max)

    def _percentile(self, percent: int) -> int:
        """The smallest bucket that at least so many per cent of the documents do not exceed."""
        wanted = -(-self._number * percent // 100)
        passed = 0
        for bucket in sorted(self._counts):
            passed += self._counts[bucket]
            if passed >= wanted:
                return bucket
        return self._max
