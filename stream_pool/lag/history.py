"""What one partition did lately, kept in the form in which the rules of this room want it.

Commits arrive every second or so, end offsets with every poll. The window keeps one of each an interval, so
that it always spans the same time, and memory is bounded: `intervals` commits and end offsets and a ring of
`OffsetTimes`.
"""

from collections import deque
from dataclasses import dataclass, replace

from stream_pool.lag.commit import Commit
from stream_pool.lag.evaluation import evaluate_partition
from stream_pool.lag.offset_times import OffsetTimes, lag_seconds
from stream_pool.lag.status import Status
from stream_pool.lag.tendency import is_growing, is_quiet

_ENOUGH_COMMITS = 3


@dataclass(frozen=True, slots=True)
class PartitionState:
    """How far behind a partition's consumer is (records, seconds; None: unknown), and how it fares."""

    end_offset: int
    committed_offset: int | None
    lag_records: int | None
    lag_seconds: float | None
    status: Status
    quiet: bool
    growing: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    commit: Commit
    polls: int


class PartitionHistory:
    """One partition's window: `intervals` intervals of `interval_ms`, and `capacity` points for seconds."""

    def __init__(self, *, interval_ms: int = 10_000, intervals: int = 10, capacity: int = 60) -> None:
        self._interval_ms = interval_ms
        self._intervals = intervals
        self._commits: deque[_Entry] = deque(maxlen=intervals)
        self._ends: deque[int] = deque(maxlen=intervals)
        self._times = OffsetTimes(capacity)
        self._polls = 0

    def add_end(self, offset: int, at_ms: int) -> None:
        """Records a poll of the end offset."""
        self._polls += 1
        self._ends.append(offset)
        self._times.add(offset, at_ms)

    def add_commit(self, offset: int, at_ms: int) -> Commit:
        """Records a commit, and gives it back with its lag by the last known end."""
        lag = max(0, self._ends[-1] - offset) if self._ends else None
        commit = Commit(offset=offset, at_ms=at_ms, lag=lag)
        if self._is_within_interval(commit):
            self._commits.pop()
        self._commits.append(_Entry(commit, self._polls))
        return commit

    def state(self, now_ms: int, allowed_lag: int = 0) -> PartitionState | None:
        """The partition as of `now_ms`; None until its end offset was polled once."""
        if not self._ends:
            return None
        committed = self._commits[-1].commit.offset if self._commits else None
        end = self._ends[-1] if committed is None else max(self._ends[-1], committed)
        lag = None if committed is None else end - committed
        quiet = len(self._ends) == self._intervals and is_quiet(self._ends)
        return PartitionState(
            end_offset=end,
            committed_offset=committed,
            lag_records=lag,
            lag_seconds=lag_seconds(self._times, committed, end, now_ms),
            status=self._status(lag, quiet, now_ms, allowed_lag),
            quiet=quiet,
            growing=is_growing([each.lag for each in self._window() if each.lag is not None]),
        )

    def _is_within_interval(self, commit: Commit) -> bool:
        """Whether a commit replaces the last: that one is young, and no step back that the rules must see.

        A tenth is left for jitter, or an interval's commit that comes a little early would count as none.
        """
        if len(self._commits) < 2:
            return False
        last, before = self._commits[-1].commit, self._commits[-2].commit
        steps_back = last.offset < before.offset or commit.offset < last.offset
        return not steps_back and 10 * (last.at_ms - before.at_ms) < 9 * self._interval_ms

    def _window(self) -> list[Commit]:
        """The commits, each with its lag only where an end was polled since the commit before it, or where it
        is 0.

        Against one and the same end any progress looks like catching up.
        """
        window = []
        polls_before = -1
        for entry in self._commits:
            is_news = entry.polls != polls_before or entry.commit.lag == 0
            window.append(entry.commit if is_news else replace(entry.commit, lag=None))
            polls_before = entry.polls
        return window

    def _status(self, lag: int | None, quiet: bool, now_ms: int, allowed_lag: int) -> Status:
        commits = self._window()
        if lag is None or self._is_too_early(commits, now_ms):
            return Status.OK
        status = evaluate_partition(commits, self._ends, lag, now_ms, allowed_lag)
        return Status.OK if status is Status.STOP and quiet else status

    def _is_too_early(self, commits: list[Commit], now_ms: int) -> bool:
        """Few commits say nothing, but by how long they stay few: a consumer may have died before."""
        few = len(commits) < _ENOUGH_COMMITS
        return few and now_ms - commits[-1].at_ms <= _ENOUGH_COMMITS * self._interval_ms
