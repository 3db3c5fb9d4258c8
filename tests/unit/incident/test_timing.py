"""Quantiles of however many values."""

import pytest

from stream_pool.incident.timing import KEPT, Timing


def test_few_values_are_exact() -> None:
    """Each was kept."""
    timing = Timing()
    assert timing.quantile(0.5) is None
    for value in (0.3, 0.1, 0.2):
        timing.add(value)
    assert (timing.quantile(0.5), timing.quantile(1.0), timing.max_s) == (0.2, 0.3, 0.3)


def test_many_values_take_no_more_room() -> None:
    """And the quantiles are close, the maximum exact."""
    timing = Timing()
    for number in range(50 * KEPT):
        timing.add(number / (50 * KEPT))
    timing.add(9.0)
    assert len(timing._kept) < KEPT
    assert timing.quantile(0.5) == pytest.approx(0.5, abs=0.001)
    assert timing.max_s == 9.0
