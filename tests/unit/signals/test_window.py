"""Windows of a topic's signals: the last closed slices, added up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.events import Latency, PartitionSignals
from stream_pool.signals import SignalWindow


def signals(records: int, errors: int = 0, bucket: int = 0, seconds: float = 0.0) -> PartitionSignals:
    latency = Latency(((bucket, records),), seconds * records, seconds)
    return PartitionSignals(
        "orders", 0, 0, records, records, 10 * records, errors, errors, 2 * errors, latency
    )


def test_slice_that_is_filling_does_not_show() -> None:
    """Only what came before the closing counts."""
    window = SignalWindow(3)
    window.add(signals(5))
    first = window.close()
    assert (first.records, first.approximate) == (5, False)
    window.add(signals(7))
    window.add(signals(1, errors=1))
    total = window.close()
    assert (total.records, total.bytes, total.errors, total.dead_letters, total.retries) == (13, 130, 1, 1, 2)


def test_window_forgets_its_oldest_slice() -> None:
    """A window of two slices is two closings long."""
    window = SignalWindow(2)
    window.add(signals(5, errors=5, bucket=80, seconds=2.0))
    totals = [window.close() for _ in range(3)]
    assert [total.records for total in totals] == [5, 5, 0]
    assert [total.latency.max_s for total in totals] == [2.0, 2.0, 0.0]


RATIOS = [("01 no records", 0, 0, None), ("02 none of ten", 10, 0, 0.0), ("03 one of four", 4, 1, 0.25)]


@pytest.mark.parametrize(
    ("records", "errors", "expected"), [row[1:] for row in RATIOS], ids=[row[0] for row in RATIOS]
)
def test_error_ratio(records: int, errors: int, expected: float | None) -> None:
    """Errors a record; unknown without records, which is not the same as none."""
    window = SignalWindow(1)
    window.add(signals(records, errors))
    assert window.close().error_ratio == expected


def test_approximate_lasts_as_long_as_its_slice() -> None:
    """One approximate part makes the window approximate until it leaves."""
    window = SignalWindow(2)
    window.add(signals(5), approximate=True)
    window.add(signals(5))
    assert [window.close().approximate for _ in range(3)] == [True, True, False]


@given(st.lists(st.lists(st.integers(0, 50), max_size=3), max_size=8), st.integers(1, 4))
def test_window_is_the_sum_of_its_last_slices(slices: list[list[int]], length: int) -> None:
    """After each closing the window holds the last slices and nothing else."""
    window = SignalWindow(length)
    for index, parts in enumerate(slices):
        for records in parts:
            window.add(signals(records))
        total = window.close()
        expected = sum(map(sum, slices[max(0, index - length + 1) : index + 1]))
        assert (total.records, total.latency.count) == (expected, expected)
