"""The `Clock` of a virtual loop: its time, and a time of day that starts where it is told to.

The idea: the loop counts from 0, where a float still tells nanoseconds apart; the day is added here, in whole
milliseconds. A worker whose time of day is wrong gets a clock with another `epoch_ms`.
"""

from stream_pool.testing.loop import VirtualLoop

EPOCH_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""

_ROUNDING_MS = 1e-3
"""Sums of floats fall a little short of the millisecond that they mean."""


class VirtualClock:
    """Virtual time. `epoch_ms`: the time of day at loop time 0, in ms since 1970, UTC; may be set."""

    def __init__(self, loop: VirtualLoop, epoch_ms: int = EPOCH_MS) -> None:
        self.monotonic = loop.time
        self.epoch_ms = epoch_ms

    def now_ms(self) -> int:
        return self.epoch_ms + int(self.monotonic() * 1_000 + _ROUNDING_MS)
