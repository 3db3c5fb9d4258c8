"""Where time comes from in the shell: one small port, so that a test can bring its own.

Pure rooms never import this: they take times as arguments.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks under one name: one for durations, one for the time of day."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""
        ...


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)
    """Asked once a record, where a method of ours around it would double its cost."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
