"""The machine under a simulated worker: memory and pauses of the collector, as a scenario sets them."""

from collections.abc import Callable

from stream_pool.telemetry import GcPauses, MemorySample


class ScriptedMemory:
    """The memory of one worker name, over all its incarnations.

    Set `rss_bytes` (None: not known) and `limit_bytes`, or `read`, which is then asked at each sample.
    """

    def __init__(self) -> None:
        self.rss_bytes: int | None = 100_000_000
        self.limit_bytes: int | None = None
        self.read: Callable[[], MemorySample] | None = None

    def sample(self) -> MemorySample:
        if self.read is not None:
            return self.read()
        return MemorySample(self.rss_bytes, self.limit_bytes)


class ScriptedGc:
    """The collector of one worker name: `pause` tells of a pause that was."""

    def __init__(self) -> None:
        self._total = GcPauses(0, 0.0, 0.0, (0, 0, 0))
        self._interval = self._total

    def pause(self, seconds: float, generation: int = 2) -> None:
        """Let the collector hold everything up for `seconds`, as far as the log is told."""
        self._total = _with(self._total, seconds, generation)
        self._interval = _with(self._interval, seconds, generation)

    def start(self) -> None:
        """Nothing to listen to."""

    def stop(self) -> None:
        """Nothing to leave behind."""

    def total(self) -> GcPauses:
        return self._total

    def take_interval(self) -> GcPauses:
        taken, self._interval = self._interval, GcPauses(0, 0.0, 0.0, (0, 0, 0))
        return taken


def _with(pauses: GcPauses, seconds: float, generation: int) -> GcPauses:
    by_generation = tuple(count + (number == generation) for number, count in enumerate(pauses.by_generation))
    return GcPauses(pauses.pauses + 1, pauses.total_s + seconds, max(pauses.max_s, seconds), by_generation)
