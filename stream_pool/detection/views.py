"""What the fold knows of a partition, a topic and a worker, from the observations alone.

Times are the log's. A worker's own clock is used for nothing here.
"""

from dataclasses import dataclass

from stream_pool.events import MemorySampled, PartitionLag, PartitionSignals
from stream_pool.lag import PartitionHistory
from stream_pool.signals import Coverage, SignalWindow


@dataclass(slots=True)
class PartitionView:
    """Commits and end offsets of a partition, and which of its records were accounted for."""

    history: PartitionHistory
    coverage: Coverage | None = None
    polled_below: int | None = None

    def commit(self, offset: int, at_ms: int) -> None:
        """A worker's commit, whether it moved or not."""
        self.history.add_commit(offset, at_ms)
        self.polled_below = None

    def poll(self, lag: PartitionLag, at_ms: int) -> None:
        """A poll of the broker: it adds a commit only where the offset moved.

        A commit that is lower than the last may be merely older, read before a commit that came into the log
        first; only when the next poll says the same is it a step back.
        """
        self.history.add_end(lag.end_offset, at_ms)
        offset, known = lag.committed_offset, self.history.committed_offset
        if offset is None or offset == known:
            return
        if known is None or offset > known or offset == self.polled_below:
            self.commit(offset, at_ms)
        else:
            self.polled_below = offset


@dataclass(slots=True)
class TopicView:
    """The signals of a topic."""

    window: SignalWindow

    def add(self, signals: PartitionSignals, partition: PartitionView) -> None:
        """Counts a partition's interval: not at all where all of it was counted before, else in full.

        Of a range that only overlaps nobody knows which records were the errors: it makes the window
        approximate.
        """
        if partition.coverage is None:
            partition.coverage = Coverage(end=signals.from_offset)
        covered = partition.coverage.cover(signals.from_offset, signals.to_offset)
        if covered.fresh or not covered.repeated:
            self.window.add(signals, approximate=covered.repeated > 0)


@dataclass(slots=True)
class WorkerView:
    """A worker's memory: the last sample, and since when it has been over the limit."""

    incarnation: str = ""
    rss_bytes: int = 0
    limit_bytes: int | None = None
    sampled_ms: int = 0
    over_since_ms: int | None = None

    def sample(self, memory: MemorySampled, limit_bytes: int, at_ms: int) -> None:
        """A sample of the memory; a new incarnation starts anew."""
        if memory.incarnation != self.incarnation or memory.rss_bytes <= limit_bytes:
            self.over_since_ms = None
        if memory.rss_bytes > limit_bytes and self.over_since_ms is None:
            self.over_since_ms = at_ms
        self.incarnation = memory.incarnation
        self.rss_bytes = memory.rss_bytes
        self.limit_bytes = memory.limit_bytes
        self.sampled_ms = at_ms

    @property
    def over_for_s(self) -> float:
        """For how long every sample has been over the limit."""
        return 0.0 if self.over_since_ms is None else (self.sampled_ms - self.over_since_ms) / 1000
