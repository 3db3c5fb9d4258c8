"""How long the garbage collector holds everything up, told by the collector itself.

A callback in `gc.callbacks` reads a clock at the start and at the stop of each collection. The collector
never runs twice at once, so a single start time is enough. What is measured is the pause of the thread that
collects; reference counting, which frees most objects, is no pause and is not seen.
"""

import gc
import time
from collections.abc import Callable, Mapping
from typing import Any

from stream_pool.telemetry.snapshot import GcPauses

GENERATIONS = 3


class GcProbe:
    """Counts pauses between `start` and `stop`. Stopped, it leaves nothing behind in the interpreter."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer
        self._began_s: float | None = None
        self._total = _Sums()
        self._interval = _Sums()

    def start(self) -> None:
        """Begin to listen; once, however often it is called."""
        if self._on_collection not in gc.callbacks:
            gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Listen no more. What was counted stays."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)
        self._began_s = None

    def total(self) -> GcPauses:
        """Every pause since the probe was made."""
        return self._total.value()

    def take_interval(self) -> GcPauses:
        """The pauses since the last call of this, and a fresh start for the next."""
        taken, self._interval = self._interval, _Sums()
        return taken.value()

    def _on_collection(self, phase: str, info: Mapping[str, Any]) -> None:
        if phase == "start":
            self._began_s = self._timer()
        elif self._began_s is not None:
            pause_s = self._timer() - self._began_s
            self._began_s = None
            self._total.add(pause_s, info["generation"])
            self._interval.add(pause_s, info["generation"])


class _Sums:
    __slots__ = ("by_generation", "max_s", "total_s")

    def __init__(self) -> None:
        self.total_s = 0.0
        self.max_s = 0.0
        self.by_generation = [0] * GENERATIONS

    def add(self, pause_s: float, generation: int) -> None:
        self.total_s += pause_s
        self.max_s = max(self.max_s, pause_s)
        self.by_generation[generation] += 1

    def value(self) -> GcPauses:
        return GcPauses(sum(self.by_generation), self.total_s, self.max_s, tuple(self.by_generation))
