"""Traffic, errors and latency over the last few intervals of one topic: the deltas of all its workers, added
up.

A slice is what came in between two closings; the window is the last `slices` closed ones, so it never shows
half an interval. Memory is one histogram a slice.
"""

from dataclasses import dataclass, field

from stream_pool.events import PartitionSignals
from stream_pool.signals.histogram import Histogram


@dataclass(slots=True)
class Slice:
    """Sums over some partitions' records; `approximate` where some may have been counted twice."""

    records: int = 0
    bytes: int = 0
    errors: int = 0
    dead_letters: int = 0
    retries: int = 0
    approximate: bool = False
    latency: Histogram = field(default_factory=Histogram)

    def add(self, signals: PartitionSignals, *, approximate: bool = False) -> None:
        """Adds one partition's interval."""
        self.records += signals.records
        self.bytes += signals.bytes
        self.errors += signals.errors
        self.dead_letters += signals.dead_letters
        self.retries += signals.retries
        self.approximate |= approximate
        self.latency.merge(signals.latency)

    def absorb(self, other: "Slice") -> None:
        """Adds another slice."""
        self.records += other.records
        self.bytes += other.bytes
        self.errors += other.errors
        self.dead_letters += other.dead_letters
        self.retries += other.retries
        self.approximate |= other.approximate
        self.latency.merge(other.latency.sparse())

    @property
    def error_ratio(self) -> float | None:
        """Errors a record; None where there were no records."""
        return self.errors / self.records if self.records else None


@dataclass(slots=True)
class SignalWindow:
    """The last `slices` closed slices of one topic, oldest first, and the one that is filling."""

    slices: int
    closed: list[Slice] = field(default_factory=list)
    filling: Slice = field(default_factory=Slice)

    def add(self, signals: PartitionSignals, *, approximate: bool = False) -> None:
        """Adds one partition's interval to the slice that is filling."""
        self.filling.add(signals, approximate=approximate)

    def close(self) -> Slice:
        """Closes the slice that is filling, and gives the sum over the window."""
        self.closed = [*self.closed, self.filling][-self.slices :]
        self.filling = Slice()
        total = Slice()
        for each in self.closed:
            total.absorb(each)
        return total
