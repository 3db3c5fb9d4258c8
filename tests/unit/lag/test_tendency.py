"""Quiet topics and growing lag, as numbered cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.lag import is_growing, is_quiet

QUIET = [
    ("01 nothing known", [], False),
    ("02 one end cannot tell", [5], False),
    ("03 the same end throughout", [5, 5, 5], True),
    ("04 one record at the end", [5, 5, 6], False),
    ("05 one record long ago", [4, 5, 5], False),
]


@pytest.mark.parametrize(("ends", "expected"), [row[1:] for row in QUIET], ids=[row[0] for row in QUIET])
def test_quiet_topic(ends: list[int], expected: bool) -> None:
    """Quiet is a window in which the end offset did not move."""
    assert is_quiet(ends) is expected


GROWING = [
    ("01 three lags cannot tell", [1, 2, 3], False),
    ("02 rises throughout", [1, 2, 3, 4], True),
    ("03 rises although it fell once", [10, 20, 30, 25, 40, 50], True),
    ("04 falls throughout", [4, 3, 2, 1], False),
    ("05 even", [5, 5, 5, 5], False),
    ("06 saw teeth", [0, 9, 0, 9, 0, 9], False),
    ("07 ends where it began", [5, 6, 7, 8, 5], False),
    ("08 an outlier at the start does not hide it", [25, 10, 20, 30, 40, 60], True),
    ("09 an outlier at the end does not make it", [50, 40, 30, 20, 60], False),
    ("10 tau of exactly one half", [2, 1, 3, 4, 3], True),
]


@pytest.mark.parametrize(("lags", "expected"), [row[1:] for row in GROWING], ids=[row[0] for row in GROWING])
def test_growing_lag(lags: list[int], expected: bool) -> None:
    """Growing is a last lag above the first and a Kendall's tau of at least one half."""
    assert is_growing(lags) is expected


@given(st.lists(st.integers(0, 100), max_size=12))
def test_lag_does_not_grow_both_ways(lags: list[int]) -> None:
    """What grows does not grow when read backwards."""
    assert not (is_growing(lags) and is_growing(lags[::-1]))
