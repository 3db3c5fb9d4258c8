"""The latency histogram: fixed buckets, a known error, sums that do not depend on how they were added up."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import MisuseError
from stream_pool.events import Latency
from stream_pool.signals import BOUNDS_S, Histogram

seconds_strategy = st.floats(0, 1000)


def histogram(values: list[float]) -> Histogram:
    filled = Histogram()
    for value in values:
        filled.add(value)
    return filled


def exact_quantile(values: list[float], q: float) -> float:
    return next(value for rank, value in enumerate(sorted(values), start=1) if rank >= q * len(values))


def test_bounds_are_fixed() -> None:
    """Indexes stand in logs: neither the first bound, the growth nor the number of bounds may ever change."""
    assert len(BOUNDS_S) == 141
    assert (BOUNDS_S[0], BOUNDS_S[1], BOUNDS_S[-1]) == (0.001, 0.0011, 623.7002557739826)
    assert all(1.0999 < high / low < 1.1001 for low, high in pairwise(BOUNDS_S))


BUCKETS = [
    ("01 nothing", 0.0, 0),
    ("02 a bound belongs to its own bucket", 0.001, 0),
    ("03 just above a bound", 0.0010001, 1),
    ("04 the last bound", BOUNDS_S[-1], 140),
    ("05 beyond the last bound", 624.0, 141),
]


@pytest.mark.parametrize(("seconds", "index"), [row[1:] for row in BUCKETS], ids=[row[0] for row in BUCKETS])
def test_bucket_of_a_latency(seconds: float, index: int) -> None:
    """Bounds are inclusive, as Prometheus has them."""
    assert histogram([seconds]).sparse() == Latency(((index, 1),), seconds, seconds)


QUANTILES = [
    ("01 empty", [], 0.99, None),
    ("02 one value: its own maximum, not its bound", [0.0105], 0.99, 0.0105),
    ("03 the median of two is the lower, by its bound", [0.001, 5.0], 0.5, 0.001),
    ("04 over half is the upper", [0.001, 5.0], 0.51, 5.0),
    ("05 beyond the last bound: the exact maximum", [700.0, 800.0], 0.5, 800.0),
    ("06 one slow in a hundred is no P99", [0.001] * 99 + [5.0], 0.99, 0.001),
    ("07 two slow in a hundred are", [0.001] * 98 + [5.0] * 2, 0.99, 5.0),
]


@pytest.mark.parametrize(
    ("values", "q", "expected"), [row[1:] for row in QUANTILES], ids=[row[0] for row in QUANTILES]
)
def test_quantile(values: list[float], q: float, expected: float | None) -> None:
    """A quantile is the upper bound of its bucket, and never above the maximum."""
    assert histogram(values).quantile(q) == expected


@pytest.mark.parametrize("q", [0.0, -0.1, 1.01, float("nan")])
def test_quantile_outside_its_range_is_misuse(q: float) -> None:
    """A share is over 0 and at most 1."""
    with pytest.raises(MisuseError):
        histogram([1.0]).quantile(q)


@given(st.lists(st.floats(0.001, 623.0), min_size=1), st.floats(0.001, 1.0))
def test_quantile_error_is_bounded(values: list[float], q: float) -> None:
    """From 1 ms to 623 s a quantile is never too low and at most 10 % too high."""
    exact, answer = exact_quantile(values, q), histogram(values).quantile(q)
    assert answer is not None
    assert exact <= answer <= exact * 1.1000001


@given(st.lists(st.lists(seconds_strategy), max_size=5))
def test_parts_add_up_to_the_whole(parts: list[list[float]]) -> None:
    """Counts and maximum of merged parts are those of all values together, the sum too but for rounding."""
    merged = Histogram()
    for part in parts:
        merged.merge(histogram(part).sparse())
    whole = histogram([value for part in parts for value in part])
    assert (merged.counts, merged.count, merged.max_s) == (whole.counts, whole.count, whole.max_s)
    assert merged.sum_s == pytest.approx(whole.sum_s)


@given(st.lists(seconds_strategy))
def test_sparse_form_keeps_everything(values: list[float]) -> None:
    """Sparse and back is the same histogram."""
    filled, again = histogram(values), Histogram()
    again.merge(filled.sparse())
    assert again.sparse() == filled.sparse()


def test_many_at_once() -> None:
    """Adding n is adding one n times."""
    at_once = Histogram()
    at_once.add(0.25, 4)
    assert at_once.sparse() == histogram([0.25] * 4).sparse()


def test_index_of_a_later_version_counts_as_the_last() -> None:
    """A histogram with more buckets than ours loses precision, not records."""
    merged = Histogram()
    merged.merge(Latency(((500, 3),), 3000.0, 1000.0))
    assert merged.sparse() == Latency(((141, 3),), 3000.0, 1000.0)
