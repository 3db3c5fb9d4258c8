"""A partition's window: which commits it keeps, and what it makes of them."""

import pytest

from stream_pool.lag import Commit, PartitionHistory, PartitionState, Status

INTERVAL_MS = 10_000


def history(ends: list[tuple[int, int]], commits: list[tuple[int, int]]) -> PartitionHistory:
    """A history fed with ends and commits of (offset, seconds), in order of time, ends first."""
    fed = PartitionHistory(interval_ms=INTERVAL_MS, intervals=5)
    for at_s, is_commit, offset in sorted(
        [(at_s, False, offset) for offset, at_s in ends] + [(at_s, True, offset) for offset, at_s in commits]
    ):
        (fed.add_commit if is_commit else fed.add_end)(offset, at_s * 1000)
    return fed


def rising(start: int, step: int, times_s: range) -> list[tuple[int, int]]:
    return [(start + index * step, at_s) for index, at_s in enumerate(times_s)]


TENS = range(0, 60, 10)
STATUSES = [
    ("01 keeps up", rising(100, 10, TENS), rising(100, 10, TENS), 55, Status.OK),
    ("02 falls behind", rising(200, 50, TENS), rising(100, 10, TENS), 55, Status.WARN),
    (
        "03 falls behind, in a window that is not full",
        rising(200, 50, range(0, 40, 10)),
        rising(100, 10, range(0, 40, 10)),
        35,
        Status.OK,
    ),
    ("04 stuck", rising(200, 50, TENS), rising(100, 0, TENS), 55, Status.STALL),
    ("05 silent", rising(200, 50, range(0, 110, 10)), rising(100, 10, TENS), 101, Status.STOP),
    ("06 silent on a quiet topic", rising(200, 0, range(0, 110, 10)), rising(100, 10, TENS), 101, Status.OK),
    ("07 stuck on a quiet topic", rising(200, 0, TENS), rising(100, 0, TENS), 55, Status.STALL),
    ("08 one commit is too early to tell", [(200, 0), (250, 10)], [(100, 0)], 15, Status.OK),
    (
        "08 two commits are too early to tell",
        rising(200, 50, range(0, 40, 10)),
        [(100, 0), (110, 10)],
        31,
        Status.OK,
    ),
    ("09 one commit and then none for long", rising(200, 50, range(0, 40, 10)), [(100, 0)], 31, Status.STOP),
    ("10 nothing committed", rising(200, 50, TENS), [], 55, Status.OK),
    ("11 went back", rising(200, 50, TENS), [(100, 0), (120, 10), (50, 20), (60, 30)], 35, Status.REWIND),
]


@pytest.mark.parametrize(
    ("ends", "commits", "now_s", "expected"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES]
)
def test_status_of_a_history(
    ends: list[tuple[int, int]], commits: list[tuple[int, int]], now_s: int, expected: Status
) -> None:
    """Burrow's rules on a window that is full enough, and no STOP on a quiet topic."""
    state = history(ends, commits).state(now_s * 1000)
    assert state is not None
    assert state.status is expected


def test_state_is_unknown_without_an_end() -> None:
    """Commits alone say nothing about lag."""
    assert history([], [(100, 0)]).state(1000) is None


def test_state_in_full() -> None:
    """Records and seconds behind, with the rest beside them."""
    assert history([(100, 0), (200, 10)], [(150, 12)]).state(15_000) == PartitionState(
        end_offset=200,
        committed_offset=150,
        lag_records=50,
        lag_seconds=10.0,
        status=Status.OK,
        quiet=False,
        growing=False,
    )


def test_end_is_never_behind_the_commit() -> None:
    """A stale end is corrected by a commit beyond it, so that lag is never negative."""
    state = history([(100, 0)], [(130, 5)]).state(6000)
    assert state is not None
    assert (state.end_offset, state.lag_records, state.lag_seconds) == (130, 0, 0.0)


def test_commit_carries_the_lag_of_its_time() -> None:
    """A commit's lag is by the last end known then; unknown before any."""
    fed = PartitionHistory()
    assert fed.add_commit(100, 0) == Commit(100, 0, None)
    fed.add_end(150, 1)
    assert fed.add_commit(120, 2) == Commit(120, 2, 30)


def test_window_spans_time_and_not_commits() -> None:
    """Commits every second thin out to one an interval: half a minute of silence is no STOP."""
    seconds = range(60)
    fed = history(rising(1000, 100, range(0, 90, 10)), rising(100, 1, seconds))
    early, late = fed.state(90_000), fed.state(120_000)
    assert early is not None
    assert late is not None
    assert (early.status, late.status) == (Status.WARN, Status.STOP)


def test_step_back_within_an_interval_is_seen() -> None:
    """Thinning out never hides a rewind."""
    state = history(rising(1000, 50, TENS), [(100, 0), (200, 10), (300, 11), (50, 12), (60, 13)]).state(
        20_000
    )
    assert state is not None
    assert state.status is Status.REWIND


def test_growing_is_told_beside_the_status() -> None:
    """Lag that fell once is no WARN by Burrow's rules; it is growing all the same."""
    ends = [(200, 0), (250, 10), (300, 20), (320, 30), (400, 40)]
    state = history(ends, [(100, 0), (110, 10), (120, 20), (150, 30), (160, 40)]).state(45_000)
    assert state is not None
    assert (state.status, state.growing) == (Status.OK, True)


def test_polls_by_several_observers_do_not_shorten_the_window() -> None:
    """Ends thin out to one an interval too: quiet means quiet for the whole window."""
    twice = [(200, at_s) for at_s in range(0, 30, 5)]
    early, late = (
        history(twice, [(200, 0)]).state(30_000),
        history(rising(200, 0, TENS), [(200, 0)]).state(60_000),
    )
    assert early is not None
    assert late is not None
    assert (early.quiet, late.quiet) == (False, True)
