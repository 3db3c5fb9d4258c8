"""Counting in bounded memory: how many different things, and how large they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_pool.incident.estimate.cardinality import Cardinality, fingerprint
from stream_pool.incident.estimate.sizes import Sizes

KEPT = 64


def counting(things: range) -> Cardinality:
    made = Cardinality(KEPT)
    for thing in things:
        made.add(fingerprint(b"%d" % thing))
    return made


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), max_size=400))
def test_few_are_counted_exactly_whatever_comes_again(things: list[int]) -> None:
    """Up to the number kept; beyond, it says that it is no more exact."""
    made = Cardinality(KEPT)
    for thing in things:
        made.add(fingerprint(b"%d" % thing))
    different = len(set(things))
    assert made.exact == (different <= KEPT)
    if made.exact:
        assert made.count == different
        assert made.error_ratio == 0


@pytest.mark.parametrize("different", [65, 1_000, 50_000])
def test_many_are_estimated_within_their_error(different: int) -> None:
    """Four standard errors: the fingerprints are fixed, so this holds or does not."""
    made = counting(range(different))
    assert made.count == pytest.approx(different, rel=4 * made.error_ratio)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_two_merge_into_that_of_both(first: int, overlap: int, second: int) -> None:
    """Exact or estimated, with or without things in common."""
    one = counting(range(first + overlap))
    one.merge(counting(range(first, first + overlap + second)))
    both = counting(range(first + overlap + second))
    assert (one.count, one.exact) == (both.count, both.exact)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=200))
def test_percentiles_are_never_too_high_and_hardly_too_low(values: list[int]) -> None:
    """Exact below 256, at most 0.8 % too low above; mean and maximum are exact."""
    sizes = Sizes()
    for value in values:
        sizes.add(value)
    told = sizes.summary()
    assert told is not None
    ordered = sorted(values)
    for percent, percentile in ((50, told.p50), (90, told.p90), (99, told.p99)):
        exact = ordered[-(-len(values) * percent // 100) - 1]
        assert percentile <= exact
        assert percentile >= exact * (1 - 1 / 128)
        assert exact >= 256 or percentile == exact
    assert told.max == max(values)
    assert told.mean == pytest.approx(sum(values) / len(values))


def test_nothing_has_no_sizes() -> None:
    """None, and no zeros."""
    assert Sizes().summary() is None
