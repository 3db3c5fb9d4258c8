"""What went through a pool lately: lookups of 60 s and root layouts of a slice, in bounded memory."""

from collections import Counter, deque
from dataclasses import dataclass
from math import log2, nan

WINDOW_S = 60.0
SLICES_MAX = 600
LAYOUTS_MAX = 1024
_OTHER_LAYOUTS = "other layouts"

Layout = int | str | None
"""The hash of a root object's keys; None for a root that is no object."""


@dataclass(frozen=True, slots=True)
class _Slice:
    closed_at_s: float
    hits: int
    misses: int


class Traffic:
    """Counts since ever, and slices of the near past. Not thread safe: the pool has the lock."""

    __slots__ = ("_closed", "_last_layouts", "_layouts", "_slice_hits", "_slice_misses", "hits", "misses")

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self._slice_hits = 0
        self._slice_misses = 0
        self._closed: deque[_Slice] = deque(maxlen=SLICES_MAX)
        self._layouts: Counter[Layout] = Counter()
        self._last_layouts: Counter[Layout] = Counter()

    def count(self, hits: int, misses: int) -> None:
        self.hits += hits
        self.misses += misses
        self._slice_hits += hits
        self._slice_misses += misses

    def count_root(self, layout: Layout) -> None:
        """One more document of this root layout; the 1,025th and later layouts of a slice count as one."""
        if layout not in self._layouts and len(self._layouts) >= LAYOUTS_MAX:
            layout = _OTHER_LAYOUTS
        self._layouts[layout] += 1

    def close_slice(self, at_s: float) -> None:
        self._closed.append(_Slice(at_s, self._slice_hits, self._slice_misses))
        while self._closed[0].closed_at_s <= at_s - WINDOW_S:
            self._closed.popleft()
        self._slice_hits = self._slice_misses = 0
        self._last_layouts, self._layouts = self._layouts, Counter()

    def reuse_ratio(self) -> float:
        hits = self._slice_hits + sum(slice_.hits for slice_ in self._closed)
        lookups = hits + self._slice_misses + sum(slice_.misses for slice_ in self._closed)
        return hits / lookups if lookups else nan

    def entropy_bits(self) -> float:
        return entropy_bits(self._last_layouts + self._layouts)


def entropy_bits(counts: Counter[Layout]) -> float:
    """Shannon entropy of a distribution given as counts; NaN of none."""
    total = counts.total()
    if not total:
        return nan
    return abs(-sum(count / total * log2(count / total) for count in counts.values()))
