"""The dead-letter budget: how many records of the last minute may be poison before the worker stops.

A handful of poison records is weather; a share of them is a wrong schema, a wrong topic or a broken
release, and a worker that goes on moves a whole topic into the dead letters. Pure: times come in as
arguments.
"""

from collections import deque

_SLICES = 60


class DeadLetterBudget:
    """Counts records and dead letters over a sliding window, in slices of a sixtieth of it.

    Exceeded when at least `min_records` were seen in the window and more than `ratio` of them are dead
    letters.
    """

    def __init__(self, ratio: float = 0.05, min_records: int = 100, window_s: float = 60.0) -> None:
        self._ratio = ratio
        self._min_records = min_records
        self._slice_s = window_s / _SLICES
        self._slices: deque[tuple[int, int, int]] = deque()
        self._records = 0
        self._dead_letters = 0

    @property
    def records(self) -> int:
        return self._records

    @property
    def dead_letters(self) -> int:
        return self._dead_letters

    def spend(self, at_s: float, records: int, dead_letters: int) -> bool:
        """Count; True while within the budget. `at_s` is monotonic seconds."""
        index = int(at_s / self._slice_s)
        if self._slices and self._slices[-1][0] == index:
            _, old_records, old_dead = self._slices.pop()
            self._slices.append((index, old_records + records, old_dead + dead_letters))
        else:
            self._slices.append((index, records, dead_letters))
        self._records += records
        self._dead_letters += dead_letters
        while self._slices[0][0] <= index - _SLICES:
            _, old_records, old_dead = self._slices.popleft()
            self._records -= old_records
            self._dead_letters -= old_dead
        return self._records < self._min_records or self._dead_letters <= self._ratio * self._records
