"""Traffic, errors and latency over the last few intervals of one topic: the deltas of all its workers, added
up.

A slice is what came in between two closings; the window is the last `slices` closed ones, so it never shows
half an interval. Memory is one histogram a slice.

Each record counts once. Of an interval whose range was covered before, nothing is added; of one whose range
overlaps, as many records as were new. Which of them were the errors and the slow ones nobody knows: these
are added as if all were new, and the slice is approximate.
"""

from dataclasses import dataclass, field, replace

from stream_pool.events import PartitionSignals
from stream_pool.signals.coverage import Covered
from stream_pool.signals.histogram import Histogram


@dataclass(slots=True)
class Slice:
    """Sums over some partitions' records; `approximate` where it is not known which of them were new.

    By `unobserved` positions the number of those that nobody accounted for grew; below 0, it fell.
    """

    records: int = 0
    bytes: int = 0
    errors: int = 0
    dead_letters: int = 0
    retries: int = 0
    unobserved: int = 0
    approximate: bool = False
    latency: Histogram = field(default_factory=Histogram)

    def add(self, signals: PartitionSignals, covered: Covered) -> None:
        """Adds one partition's interval, by what its range did to the partition's account."""
        self.unobserved += covered.unobserved
        if covered.repeated:
            if not covered.fresh:
                return
            signals = _at_most(covered.fresh, signals)
            self.approximate = True
        self.records += signals.records
        self.bytes += signals.bytes
        self.errors += signals.errors
        self.dead_letters += signals.dead_letters
        self.retries += signals.retries
        self.latency.merge(signals.latency)

    def absorb(self, other: "Slice") -> None:
        """Adds another slice."""
        self.records += other.records
        self.bytes += other.bytes
        self.errors += other.errors
        self.dead_letters += other.dead_letters
        self.retries += other.retries
        self.unobserved += other.unobserved
        self.approximate |= other.approximate
        self.latency.merge(other.latency.sparse())

    @property
    def error_ratio(self) -> float | None:
        """Errors a record; None where there were no records."""
        return self.errors / self.records if self.records else None


def _at_most(records: int, signals: PartitionSignals) -> PartitionSignals:
    """An interval cut down to so many records: the bytes evenly, the errors in full where they fit in."""
    if records >= signals.records:
        return signals
    return replace(
        signals,
        records=records,
        bytes=signals.bytes * records // signals.records,
        errors=min(signals.errors, records),
        dead_letters=min(signals.dead_letters, records),
    )


@dataclass(slots=True)
class SignalWindow:
    """The last `slices` closed slices of one topic, oldest first, and the one that is filling."""

    slices: int
    closed: list[Slice] = field(default_factory=list)
    filling: Slice = field(default_factory=Slice)

    def add(self, signals: PartitionSignals, covered: Covered) -> None:
        """Adds one partition's interval to the slice that is filling."""
        self.filling.add(signals, covered)

    def close(self) -> Slice:
        """Closes the slice that is filling, and gives the sum over the window."""
        self.closed = [*self.closed, self.filling][-self.slices :]
        self.filling = Slice()
        total = Slice()
        for each in self.closed:
            total.absorb(each)
        return total
