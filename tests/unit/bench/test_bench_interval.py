"""Ratios of paired rounds, and how sure they are."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.bench.interval import Interval, exactly, paired_ratio, spread, trend

COSTS = st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(0.1, 1e6)), min_size=2, max_size=40)
VALUES = 14
"""Of a series with a trend: as many as an hour of a soak gives."""


def test_the_value_is_the_geometric_mean() -> None:
    """Twice as dear and half as dear make neither."""
    assert paired_ratio([2.0, 1.0], [1.0, 2.0]).value == pytest.approx(1.0)


def test_the_interval_is_students_t_on_the_logarithms() -> None:
    """Ten rounds with logs of mean 0.1 and deviation 0.02: the half width is 2.262 * 0.02 / sqrt(10)."""
    deviations = [0.02 * math.sqrt(9 / 10) * sign for sign in (1, -1) * 5]
    ratio = paired_ratio([math.exp(0.1 + deviation) for deviation in deviations], [1.0] * 10)
    half = 2.262 * 0.02 / math.sqrt(10)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (math.exp(0.1), math.exp(0.1 - half), math.exp(0.1 + half))
    )


def test_rounds_that_agree_leave_no_doubt() -> None:
    """What disturbs both of a round alike is no noise."""
    ratio = paired_ratio([1.1, 2.2, 4.4], [1.0, 2.0, 4.0])
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.1, 1.1, 1.1))


def test_one_unknown_round_makes_the_ratio_unknown() -> None:
    """Not an error, and no figure of the other rounds alone."""
    ratio = paired_ratio([1.1, math.nan, 1.2], [1.0, 1.0, 1.0])
    assert all(map(math.isnan, (ratio.value, ratio.low, ratio.high)))


@given(COSTS)
def test_the_value_lies_within_its_interval_and_turns_round(costs: list[tuple[float, float]]) -> None:
    """low ≤ value ≤ high, and the other way about every end is the inverse of the opposite one."""
    ours, theirs = [one for one, _ in costs], [other for _, other in costs]
    ratio, inverse = paired_ratio(ours, theirs), paired_ratio(theirs, ours)
    assert ratio.low <= ratio.value <= ratio.high
    assert 1 / inverse.value == pytest.approx(ratio.value)
    if inverse.low > 1e-200:
        assert 1 / inverse.low == pytest.approx(ratio.high)


def test_few_runs_are_judged_by_their_worst() -> None:
    """Median between smallest and largest; a counted figure is its own interval."""
    assert spread([1.3, 1.1, 1.15]) == Interval(1.15, 1.1, 1.3)
    assert exactly(20) == Interval(20, 20, 20)


def autocorrelated(chance: random.Random, r: float) -> list[float]:
    """Values that have so much in common with those before them."""
    values = [chance.gauss(0, 1)]
    while len(values) < 50 + VALUES:
        values.append(r * values[-1] + chance.gauss(0, 1))
    return values[50:]


def contains_0(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


@pytest.mark.parametrize(("r", "at_least"), [(0.0, 0.94), (0.3, 0.90), (0.5, 0.86)])
def test_a_flat_series_is_found_flat(r: float, at_least: float) -> None:
    """Of a thousand, nearly as many as the interval promises, although neighbours have much in common."""
    chance = random.Random(1)
    flat = [contains_0(trend(autocorrelated(chance, r))) for _ in range(1_000)]
    assert sum(flat) / len(flat) >= at_least


def test_a_leak_is_found() -> None:
    """One that a look at the series shows: in most of a thousand it is told from noise."""
    chance = random.Random(2)
    leaks = [[0.5 * at + value for at, value in enumerate(autocorrelated(chance, 0.2))] for _ in range(1_000)]
    assert sum(trend(leak).low > 0 for leak in leaks) > 850
    assert sum(trend(leak).high < 0 for leak in leaks) == 0


def test_an_exact_line_has_an_exact_trend() -> None:
    """And a flat one has none."""
    assert trend([1.0, 3.0, 5.0, 7.0]) == Interval(2.0, 2.0, 2.0)
    assert trend([4.0] * 5) == Interval(0.0, 0.0, 0.0)


@pytest.mark.parametrize("at", range(3, 12))
def test_one_step_is_no_trend(at: int) -> None:
    """What came to another level once, and stays there, does not rise."""
    chance = random.Random(at)
    assert contains_0(trend([chance.gauss(0, 0.1) + (number >= at) for number in range(VALUES)]))
