"""When the records of a capture are due again, and what time they then carry. Pure: no clock, no sleep.

| # | the record | is due |
|---|---|---|
| 1 | the first | at 0 |
| 2 | a later one | as long after the latest before it as their timestamps are apart, divided by the speed |
| 3 | one whose timestamp is not the latest so far, or is unknown | at once: together with the one before it |
| 4 | any, as fast as it goes (no speed) | at once |
| 5 | one behind a gap that would last longer than `max_gap_s` | after `max_gap_s` |
| 6 | any, with a rate | at the earliest 1 / rate after the one before it; what that delayed catches up |
| 7 | the first of a further pass | when the last of the pass before was |

Partitions come in the capture's own order, which is only roughly that of time; rule 3 is for what stands a
little out of it, since the order of a partition must not change.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed`: how many times as fast as it was; None: as fast as it goes. `rate`: records a second, at most.
    `max_gap_s`: the longest that nothing is sent, in seconds of the replay."""

    speed: float | None = 1.0
    rate: float | None = None
    max_gap_s: float | None = None


class Schedule:
    """The moments of one replay, by the table above."""

    def __init__(self, pace: Pace) -> None:
        self._speed = pace.speed
        self._max_gap_s = pace.max_gap_s
        self._every_s = 0.0 if pace.rate is None else 1 / pace.rate
        self._latest_ms: int | None = None
        self._wanted_s = 0.0
        self._due_s: float | None = None

    def due_s(self, timestamp_ms: int) -> float:
        """When the next record is due, in seconds after the first. Never goes back."""
        if timestamp_ms >= 0 and (self._latest_ms is None or timestamp_ms > self._latest_ms):
            if self._latest_ms is not None:
                self._wanted_s += self._gap_s(timestamp_ms - self._latest_ms)
            self._latest_ms = timestamp_ms
        if self._due_s is None:
            self._due_s = 0.0
        else:
            self._due_s = max(self._wanted_s, self._due_s + self._every_s)
        return self._due_s

    def dated_s(self, timestamp_ms: int) -> float | None:
        """What the record of which `due_s` was asked last is dated, in seconds of the replay after the first.

        It is when it is due, but as much before that as its timestamp is before the latest. None: as fast as
        it goes no moment is known beforehand.
        """
        if self._due_s is None or (self._speed is None and not self._every_s):
            return None
        if timestamp_ms < 0 or self._latest_ms is None:
            return self._due_s
        return self._due_s - self._gap_s(self._latest_ms - timestamp_ms)

    def next_pass(self) -> None:
        """The records come again, from the first on."""
        self._latest_ms = None

    def _gap_s(self, apart_ms: int) -> float:
        if self._speed is None:
            return 0.0
        gap_s = apart_ms / 1_000 / self._speed
        return gap_s if self._max_gap_s is None else min(gap_s, self._max_gap_s)


class Times(StrEnum):
    """Which time a record carries when it is sent again."""

    KEEP = "keep"
    """Its own."""
    SHIFT = "shift"
    """The moment at which it is due: the first record has that at which the run began, and distances are
    those at which records are sent."""
    NOW = "now"
    """The time at which it is sent."""


class Stamps:
    """The timestamps of one run by `schedule`, which began at `began_ms` (Unix ms)."""

    def __init__(self, times: Times, schedule: Schedule, began_ms: int) -> None:
        self._times = times
        self._schedule = schedule
        self._began_ms = began_ms

    def of(self, timestamp_ms: int, now_ms: int) -> int:
        """The timestamp of the record that is due, in Unix ms; one that is unknown (below 0) stays so when
        kept."""
        match self._times:
            case Times.KEEP:
                return timestamp_ms
            case Times.NOW:
                return now_ms
            case Times.SHIFT:
                dated_s = self._schedule.dated_s(timestamp_ms)
                return now_ms if dated_s is None else self._began_ms + round(dated_s * 1_000)
            case _:
                assert_never(self._times)
