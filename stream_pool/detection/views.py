"""What the fold knows of a partition, a topic and a worker, from the observations alone.

Times are the log's. A worker's own clock is used for nothing here.
"""

from dataclasses import dataclass

from stream_pool.detection.rules import Rules
from stream_pool.events import MemorySampled, PartitionLag, PartitionSignals
from stream_pool.lag import PartitionHistory
from stream_pool.signals import Coverage, Covered, SignalWindow, Slice

_POLLS_TO_BEGIN_ANEW = 3
_WINDOWS_TO_BEGIN_ANEW = 2


@dataclass(slots=True)
class PartitionView:
    """Commits and end offsets of a partition, and which of its records were accounted for.

    The account begins with the first range that is reported. It is forgotten with the partition, when there
    were neither reports nor polls for `Rules.expire_after_s`: what was not observed until reports come again
    nobody knows, and is not held against anybody. Polls that find the end before the place where the account
    stands, `_POLLS_TO_BEGIN_ANEW` in a row and over `_WINDOWS_TO_BEGIN_ANEW` windows, say that the topic was
    made anew: so does the account begin. What a worker polled before it was cut off comes all at once.
    """

    history: PartitionHistory
    coverage: Coverage | None = None
    polled_below: int | None = None
    ends_below: int = 0
    below_since_ms: int = 0

    @classmethod
    def begin(cls, rules: Rules) -> "PartitionView":
        """A partition of which nothing is known."""
        return cls(_history(rules))

    def begin_anew(self, rules: Rules) -> None:
        """Forgets the windows, whose length has changed; the account of records goes on."""
        self.history, self.polled_below = _history(rules), None

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
        self._check_end(lag.end_offset, at_ms)
        offset, known = lag.committed_offset, self.history.committed_offset
        if offset is None or offset == known:
            return
        if known is None or offset > known or offset == self.polled_below:
            self.commit(offset, at_ms)
        else:
            self.polled_below = offset

    def cover(self, signals: PartitionSignals) -> Covered:
        """Takes an interval's range into the account."""
        if self.coverage is None:
            self.coverage = Coverage(end=signals.from_offset)
        return self.coverage.cover(signals.from_offset, signals.to_offset)

    def _check_end(self, end_offset: int, at_ms: int) -> None:
        """A poll may be older than the report that came into the log before it; not several, for long."""
        if self.coverage is None or end_offset >= self.coverage.end:
            self.ends_below = 0
            return
        if not self.ends_below:
            self.below_since_ms = at_ms
        self.ends_below += 1
        lasts = at_ms - self.below_since_ms >= _WINDOWS_TO_BEGIN_ANEW * self.history.interval_ms
        if lasts and self.ends_below >= _POLLS_TO_BEGIN_ANEW:
            self.coverage, self.ends_below = None, 0


def _history(rules: Rules) -> PartitionHistory:
    return PartitionHistory(
        interval_ms=int(rules.window_s * 1000),
        intervals=rules.status_windows,
        capacity=rules.status_windows,
    )


@dataclass(slots=True)
class TopicView:
    """The signals of a topic."""

    window: SignalWindow

    @classmethod
    def begin(cls, rules: Rules) -> "TopicView":
        """A topic of which nothing is known."""
        return cls(SignalWindow(rules.signal_windows))

    def begin_anew(self, rules: Rules, *, keep_filling: bool) -> None:
        """Forgets the closed windows, whose number or length has changed, and if told so the one begun."""
        filling = self.window.filling if keep_filling else Slice()
        self.window = SignalWindow(rules.signal_windows, filling=filling)


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
