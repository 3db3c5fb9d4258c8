"""Which observations were there before: a producer's retries put the same event into the log twice.

An event repeats when its type, worker, incarnation and sequence do. The last `SPAN` sequences of each writer
and type are remembered as bits; what is older than that counts as a repeat. Writers are forgotten after an
hour of silence, so a repeat that comes later still would be counted again.
"""

from dataclasses import dataclass, field

from stream_pool.detection.lately import Lately
from stream_pool.events import Observation

SPAN = 64
EXPIRE_AFTER_MS = 3_600_000
MAX_WRITERS = 20_000


@dataclass(slots=True)
class _Sequences:
    """The highest sequence of a writer and type, and as bit `n` whether the one `n` below it was there."""

    highest: int = -1
    seen: int = 0

    def is_repeat(self, sequence: int) -> bool:
        if sequence > self.highest:
            step = min(sequence - self.highest, SPAN)
            self.seen = (self.seen << step | 1) & ((1 << SPAN) - 1)
            self.highest = sequence
            return False
        age = self.highest - sequence
        if age >= SPAN or self.seen >> age & 1:
            return True
        self.seen |= 1 << age
        return False


@dataclass(slots=True)
class Repeats:
    """The memory of sequences, by (type, worker, incarnation)."""

    writers: Lately[tuple[str, str, str], _Sequences] = field(default_factory=lambda: Lately(MAX_WRITERS))

    def is_repeat(self, event: Observation, at_ms: int) -> bool:
        """Whether an observation was there before; remembers it either way."""
        self.writers.expire(at_ms - EXPIRE_AFTER_MS)
        key = (event.TYPE, event.worker, event.incarnation)
        return self.writers.touch(key, at_ms, _Sequences).is_repeat(event.sequence)
