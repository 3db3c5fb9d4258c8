"""What one partition did lately, kept in the form in which the rules of this room want it.

Commits arrive every second or so, end offsets with every poll. The window keeps one of each an interval, so
that it always spans the same time, and memory is bounded: `intervals` commits and end offsets and a ring of
`OffsetTimes`.
"""

from dataclasses import dataclass, field, replace

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
class _End:
    offset: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A commit, and how many end offsets had been polled by then."""

    commit: Commit
    polls: int


@dataclass(slots=True)
class PartitionHistory:
    """One partition's window: `intervals` intervals of `interval_ms`, and `capacity` points for seconds."""

    interval_ms: int = 10_000
    intervals: int = 10
    capacity: int = 60
    _commits: list[_Entry] = field(default_factory=list, init=False, repr=False)
    _ends: list[_End] = field(default_factory=list, init=False, repr=False)
    _polls: int = field(default=0, init=False, repr=False)
    _times: OffsetTimes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._times = OffsetTimes(self.capacity)

    @property
    def committed_offset(self) -> int | None:
        """The offset of the last commit; None before the first."""
        return self._commits[-1].commit.offset if self._commits else None

    def add_end(self, offset: int, at_ms: int) -> None:
        """Records a poll of the end offset."""
        self._polls += 1
        self._times.add(offset, at_ms)
        if len(self._ends) >= 2 and self._is_close(self._ends[-2].at_ms, self._ends[-1].at_ms):
            self._ends.pop()
        self._ends = [*self._ends, _End(offset, at_ms)][-self.intervals :]

    def add_commit(self, offset: int, at_ms: int) -> Commit:
        """Records a commit, and gives it back with its lag by the last known end."""
        lag = max(0, self._ends[-1].offset - offset) if self._ends else None
        commit = Commit(offset=offset, at_ms=at_ms, lag=lag)
        if self._is_replaced_by(commit):
            self._commits.pop()
        self._commits = [*self._commits, _Entry(commit, self._polls)][-self.intervals :]
        return commit

    def state(self, now_ms: int, allowed_lag: int = 0) -> PartitionState | None:
        """The partition as of `now_ms`; None until its end offset was polled once."""
        if not self._ends:
            return None
        committed = self.committed_offset
        ends = [end.offset for end in self._ends]
        end = ends[-1] if committed is None else max(ends[-1], committed)
        lag = None if committed is None else end - committed
        quiet = len(ends) == self.intervals and is_quiet(ends)
        return PartitionState(
            end_offset=end,
            committed_offset=committed,
            lag_records=lag,
            lag_seconds=lag_seconds(self._times, committed, end, now_ms),
            status=self._status(lag, quiet, now_ms, allowed_lag),
            quiet=quiet,
            growing=is_growing([each.lag for each in self._window() if each.lag is not None]),
        )

    def _is_replaced_by(self, commit: Commit) -> bool:
        """Whether the last commit makes way: it is young, and not the top before a step back."""
        if len(self._commits) < 2:
            return False
        before, last = self._commits[-2].commit, self._commits[-1].commit
        return commit.offset >= last.offset and self._is_close(before.at_ms, last.at_ms)

    def _is_close(self, early_ms: int, late_ms: int) -> bool:
        """A tenth is left for jitter: what comes once an interval, a little early, must not count as none."""
        return 10 * (late_ms - early_ms) < 9 * self.interval_ms

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
        status = evaluate_partition(commits, [end.offset for end in self._ends], lag, now_ms, allowed_lag)
        is_excused = (status is Status.STOP and quiet) or (
            # Of a few lags, none falls by chance.
            status is Status.WARN and len(commits) < self.intervals
        )
        return Status.OK if is_excused else status

    def _is_too_early(self, commits: list[Commit], now_ms: int) -> bool:
        """Few commits say nothing, but by how long they stay few: a consumer may have died before."""
        few = len(commits) < _ENOUGH_COMMITS
        return few and now_ms - commits[-1].at_ms <= _ENOUGH_COMMITS * self.interval_ms
