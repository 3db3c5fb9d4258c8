"""Lag in seconds: when was the committed offset the end of the partition?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import MisuseError
from stream_pool.lag import OffsetTimes, lag_seconds

Points = list[tuple[int, int]]


def ring(points: Points, capacity: int = 60) -> OffsetTimes:
    times = OffsetTimes(capacity=capacity)
    for offset, at_ms in points:
        times.add(offset, at_ms)
    return times


EVEN: Points = [(100, 1000), (200, 2000), (400, 3000)]
FLAT_END: Points = [(100, 1000), (200, 2000), (200, 3000), (200, 9000)]
FLAT_START: Points = [(100, 1000), (100, 2000), (100, 5000), (200, 6000)]

TIMES = [
    ("01 no points", [], 100, None),
    ("02 one point", [(100, 1000)], 100, None),
    ("03 a point itself", EVEN, 200, 2000),
    ("04 half way", EVEN, 150, 1500),
    ("05 half way at another rate", EVEN, 300, 2500),
    ("06 before the ring, at the first rate", EVEN, 50, 500),
    ("07 after the ring, at the last rate", EVEN, 600, 4000),
    ("08 a flat run: the last time that it was the end", FLAT_END, 200, 9000),
    ("09 before a flat run", FLAT_END, 150, 1500),
    ("10 after a flat end, from its last point at the last rate", FLAT_END, 250, 9500),
    ("11 before a flat start, from its first point at the first rate", FLAT_START, 50, 500),
    ("12 in the rise after a flat run", FLAT_START, 150, 5500),
    ("13 no traffic seen: the offset itself", [(100, 1000), (100, 2000)], 100, 2000),
    ("14 no traffic seen: below is unknown", [(100, 1000), (100, 2000)], 99, None),
    ("15 no traffic seen: above is unknown", [(100, 1000), (100, 2000)], 101, None),
    ("16 the same time again is skipped", [(100, 1000), (200, 1000), (300, 2000)], 200, 1500),
    ("17 an earlier time is skipped", [(100, 1000), (150, 500), (300, 2000)], 200, 1500),
    ("18 a lower offset is skipped", [(100, 1000), (50, 1500), (300, 2000)], 200, 1500),
]


@pytest.mark.parametrize(
    ("points", "offset", "expected"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES]
)
def test_time_at_an_offset(points: Points, offset: int, expected: float | None) -> None:
    """Interpolated within the ring, extrapolated outside it, unknown without two points."""
    assert ring(points).time_at(offset) == expected


def test_flat_run_keeps_two_points() -> None:
    """A quiet hour takes two places in the ring, whatever its length."""
    times = ring([(100, 1000)] + [(200, 2000 + minute) for minute in range(500)], capacity=4)
    assert len(times) == 3
    assert times.time_at(150) == 1500


def test_full_ring_forgets_its_oldest_point() -> None:
    """Capacity is the bound; what falls out is extrapolated from the rest."""
    times = ring([(0, 0), (100, 5000), (200, 6000), (300, 7000)], capacity=3)
    assert len(times) == 3
    assert times.time_at(0) == 4000


@pytest.mark.parametrize("capacity", [-1, 0, 1])
def test_capacity_under_two_is_misuse(capacity: int) -> None:
    """A ring that can never answer is refused at once."""
    with pytest.raises(MisuseError, match="at least 2"):
        OffsetTimes(capacity=capacity)


SECONDS = [
    ("01 nothing committed", None, 400, 4000, None),
    ("02 nothing left to read", 400, 400, 9000, 0.0),
    ("03 committed beyond a stale end", 450, 400, 9000, 0.0),
    ("04 half way back", 300, 400, 4000, 1.5),
    ("05 before the ring", 0, 400, 4000, 4.0),
    ("06 a clock that stands behind the ring", 300, 400, 1000, 0.0),
]


@pytest.mark.parametrize(
    ("committed", "end", "now_ms", "expected"), [row[1:] for row in SECONDS], ids=[row[0] for row in SECONDS]
)
def test_seconds_behind(committed: int | None, end: int, now_ms: int, expected: float | None) -> None:
    """Now minus the time at which the committed offset was the end."""
    assert lag_seconds(ring(EVEN), committed, end, now_ms) == expected


def test_nothing_left_to_read_needs_no_points() -> None:
    """No lag is no seconds, even before the ring can answer; a lag is unknown until it can."""
    assert lag_seconds(OffsetTimes(), 5, 5, 1000) == 0.0
    assert lag_seconds(OffsetTimes(), 4, 5, 1000) is None


points_strategy = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 100_000)), max_size=40)


@given(points_strategy, st.integers(2, 10), st.integers(-50, 400), st.integers(0, 200))
def test_later_offsets_have_later_times(points: Points, capacity: int, offset: int, more: int) -> None:
    """time_at never falls as the offset rises, within the ring and around it."""
    times = ring(points, capacity)
    early, late = times.time_at(offset), times.time_at(offset + more)
    if early is not None and late is not None:
        assert early <= late


@given(points_strategy, st.integers(2, 10), st.integers(0, 400), st.integers(0, 200), st.integers(0, 200_000))
def test_seconds_are_never_negative_and_fall_with_progress(
    points: Points, capacity: int, committed: int, more: int, now_ms: int
) -> None:
    """A consumer that commits further is never further behind in seconds."""
    times = ring(points, capacity)
    behind = lag_seconds(times, committed, 1000, now_ms)
    ahead = lag_seconds(times, committed + more, 1000, now_ms)
    if behind is not None and ahead is not None:
        assert behind >= ahead >= 0.0


@given(points_strategy, st.integers(2, 10))
def test_ring_keeps_its_bound(points: Points, capacity: int) -> None:
    """However many points are added, no more than the capacity are kept."""
    assert len(ring(points, capacity)) <= capacity
