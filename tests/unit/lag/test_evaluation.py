"""Burrow's rules, one numbered case each: what a window of commits says about a partition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.lag import Commit, Status, evaluate_partition


def window(*points: tuple[int, int, int | None]) -> list[Commit]:
    """Commits from (offset, seconds, lag)."""
    return [Commit(offset=offset, at_ms=at_s * 1000, lag=lag) for offset, at_s, lag in points]


GAINING = window((100, 0, 90), (200, 10, 60), (300, 20, 70), (400, 30, 40))
LOSING = window((100, 0, 10), (200, 10, 20), (300, 20, 20), (400, 30, 50))
CAUGHT_UP_ONCE = window((100, 0, 10), (200, 10, 0), (300, 20, 20), (400, 30, 50))
STUCK = window((100, 0, 10), (100, 10, 20), (100, 20, 30), (100, 30, 40))
REWOUND = window((300, 0, 50), (400, 10, 40), (200, 20, 240), (300, 30, 150))
RECOVERED = window((300, 0, 50), (400, 10, 40), (200, 20, 240), (400, 30, 45))

CASES = [
    ("01 no commits", [], [500], 400, 40, 0, Status.OK),
    ("02 nothing behind now, whatever the window", STUCK, [100], 0, 999, 0, Status.OK),
    ("03 within the allowed lag now", STUCK, [140], 40, 999, 40, Status.OK),
    ("04 one over the allowed lag", STUCK, [141], 41, 35, 5, Status.STALL),
    ("05 as long silent as the window is long", GAINING, [460], 60, 60, 0, Status.OK),
    ("06 a second longer", GAINING, [460], 60, 61, 0, Status.STOP),
    ("07 silent, although caught up once in the window", CAUGHT_UP_ONCE, [460], 60, 61, 0, Status.STOP),
    ("08 silent, but an end of late was in reach", GAINING, [460, 400, 460], 60, 61, 0, Status.OK),
    ("09 silent, an end of late was one out of reach", GAINING, [460, 401], 60, 61, 0, Status.STOP),
    ("10 silent and stuck: silence counts first", STUCK, [150], 50, 61, 0, Status.STOP),
    ("11 silent and rewound: silence counts first", REWOUND, [450], 150, 61, 0, Status.STOP),
    ("12 went back and is still below", REWOUND, [450], 150, 35, 0, Status.REWIND),
    ("13 went back and is there again", RECOVERED, [445], 45, 35, 0, Status.OK),
    (
        "14 went back after it was caught up",
        window((300, 0, 0), (400, 10, 0), (100, 20, 300), (200, 30, 200)),
        [400],
        200,
        35,
        0,
        Status.REWIND,
    ),
    (
        "15 recovered from one step back, not from the next",
        window((300, 0, 9), (200, 10, 99), (300, 20, 9), (100, 30, 299)),
        [399],
        299,
        35,
        0,
        Status.REWIND,
    ),
    (
        "16 a step back that a later, lower top hides is none made good",
        window((500, 0, 9), (100, 10, 399), (300, 20, 199), (200, 25, 300), (300, 30, 199)),
        [509],
        209,
        35,
        0,
        Status.REWIND,
    ),
    ("17 caught up once in the window", CAUGHT_UP_ONCE, [460], 60, 35, 0, Status.OK),
    ("18 within the allowed lag once in the window", LOSING, [460], 60, 35, 10, Status.OK),
    ("19 never within it", LOSING, [460], 60, 35, 9, Status.WARN),
    ("20 the same commit again and again", STUCK, [150], 50, 35, 0, Status.STALL),
    (
        "21 stuck, lag unchanged",
        window((100, 0, 10), (100, 10, 10), (100, 20, 10)),
        [110],
        10,
        25,
        0,
        Status.STALL,
    ),
    (
        "22 stuck, but caught up at the start",
        window((100, 0, 0), (100, 10, 20), (100, 20, 30)),
        [130],
        30,
        25,
        0,
        Status.OK,
    ),
    ("23 the lag never falls", LOSING, [460], 60, 35, 0, Status.WARN),
    (
        "24 the lag never falls, it is even",
        window((100, 0, 10), (200, 10, 10), (300, 20, 10)),
        [310],
        10,
        25,
        0,
        Status.WARN,
    ),
    ("25 the lag falls once", GAINING, [460], 60, 35, 0, Status.OK),
    (
        "26 unknown lags are no lags of zero",
        window((100, 0, None), (200, 10, 20), (300, 20, None), (400, 30, 50)),
        [460],
        60,
        35,
        0,
        Status.WARN,
    ),
    (
        "27 a fall across an unknown lag is a fall",
        window((100, 0, 50), (200, 10, None), (300, 20, 20)),
        [360],
        60,
        25,
        0,
        Status.OK,
    ),
    ("28 one commit, at once", window((100, 10, 20)), [120], 20, 10, 0, Status.STALL),
    ("29 one commit, a moment later", window((100, 10, 20)), [120], 20, 11, 0, Status.STOP),
]


@pytest.mark.parametrize(
    ("commits", "broker_offsets", "current_lag", "now_s", "allowed_lag", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_status_of_a_window(
    commits: list[Commit],
    broker_offsets: list[int],
    current_lag: int,
    now_s: int,
    allowed_lag: int,
    expected: Status,
) -> None:
    """Each rule in its place: the first that holds decides."""
    assert evaluate_partition(commits, broker_offsets, current_lag, now_s * 1000, allowed_lag) is expected


commits_strategy = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20), st.none() | st.integers(0, 30)), min_size=1, max_size=8
).map(
    lambda rows: [
        Commit(offset, 1000 * sum(row[1] for row in rows[: index + 1]), lag)
        for index, (offset, _, lag) in enumerate(rows)
    ]
)


@given(
    commits_strategy,
    st.lists(st.integers(0, 80)),
    st.integers(0, 30),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_time_alone_leads_to_stop_or_nowhere(
    commits: list[Commit], broker_offsets: list[int], lag: int, early_ms: int, later_ms: int
) -> None:
    """With the same window, waiting longer can only turn a status into STOP."""
    last = commits[-1].at_ms
    before = evaluate_partition(commits, broker_offsets, lag, last + early_ms)
    after = evaluate_partition(commits, broker_offsets, lag, last + early_ms + later_ms)
    assert after in (before, Status.STOP)


@given(
    commits_strategy,
    st.lists(st.integers(0, 80)),
    st.integers(0, 30),
    st.integers(0, 10**6),
    st.integers(1, 10**6),
)
def test_status_does_not_depend_on_where_offsets_and_clock_begin(
    commits: list[Commit], broker_offsets: list[int], lag: int, wait_ms: int, shift: int
) -> None:
    """Shifting all offsets and all times changes nothing."""
    now_ms = commits[-1].at_ms + wait_ms
    shifted = [Commit(each.offset + shift, each.at_ms + shift, each.lag) for each in commits]
    assert evaluate_partition(commits, broker_offsets, lag, now_ms) is evaluate_partition(
        shifted, [end + shift for end in broker_offsets], lag, now_ms + shift
    )
