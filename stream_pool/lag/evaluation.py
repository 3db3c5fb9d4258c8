"""The state of one partition, judged by what it did over a window rather than by a threshold: Burrow's rules.

A consumer is well when it is caught up, or when it catches up; how far behind it is says little without the
traffic. The order of the rules is the specification. They are those of Burrow's evaluator (LinkedIn), where
each is argued for at length; the window is the caller's: some ten commits, oldest first, and the end offsets
of the same minutes. They presume a commit now and then even where nothing moved, or no commit (STOP) would
look like the same commit again (STALL). One commit alone is a STALL, and a STOP a moment later:
`PartitionHistory` waits for a fuller window.
"""

from collections.abc import Sequence
from itertools import pairwise

from stream_pool.lag.commit import Commit
from stream_pool.lag.status import Status


def evaluate_partition(
    commits: Sequence[Commit],
    broker_offsets: Sequence[int],
    current_lag: int,
    now_ms: int,
    allowed_lag: int = 0,
) -> Status:
    """The status of a partition from its window of commits, oldest first.

    `broker_offsets` are recent end offsets in any order; `current_lag` and `allowed_lag` are in records,
    `now_ms` is on the commits' clock.

    1. No commits, or a current lag within the allowed one: OK.
    2. Silent for longer than the window is long: STOP, unless a recent end offset was within reach of the
       last commit, so that the consumer was caught up minutes ago.
    3. An offset went back and was not reached again: REWIND.
    4. Any commit's lag was within the allowed one: OK.
    5. Every commit has the same offset: STALL.
    6. The lag fell from no commit to the next: WARN.
    7. Otherwise: OK.
    """
    if not commits or current_lag <= allowed_lag:
        return Status.OK
    if _is_silent(commits, now_ms) and not _was_caught_up_lately(commits, broker_offsets):
        return Status.STOP
    if _is_rewound(commits):
        return Status.REWIND
    if _was_ever_caught_up(commits, allowed_lag):
        return Status.OK
    if _is_stalled(commits):
        return Status.STALL
    if _never_gains(commits):
        return Status.WARN
    return Status.OK


def _is_silent(commits: Sequence[Commit], now_ms: int) -> bool:
    return now_ms - commits[-1].at_ms > commits[-1].at_ms - commits[0].at_ms


def _was_caught_up_lately(commits: Sequence[Commit], broker_offsets: Sequence[int]) -> bool:
    return any(end <= commits[-1].offset for end in broker_offsets)


def _is_rewound(commits: Sequence[Commit]) -> bool:
    """A rebalance may commit a little behind and catch up at once; only what is not made good counts."""
    highest_since = commits[-1].offset
    for earlier, later in zip(reversed(commits[:-1]), reversed(commits[1:]), strict=True):
        highest_since = max(highest_since, later.offset)
        if later.offset < earlier.offset and highest_since < earlier.offset:
            return True
    return False


def _was_ever_caught_up(commits: Sequence[Commit], allowed_lag: int) -> bool:
    return any(commit.lag is not None and commit.lag <= allowed_lag for commit in commits)


def _is_stalled(commits: Sequence[Commit]) -> bool:
    return all(commit.offset == commits[0].offset for commit in commits)


def _never_gains(commits: Sequence[Commit]) -> bool:
    lags = [commit.lag for commit in commits if commit.lag is not None]
    return all(later >= earlier for earlier, later in pairwise(lags))
