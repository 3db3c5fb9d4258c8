"""Windows of a topic's signals: the last closed slices, added up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.events import Latency, PartitionSignals
from stream_pool.signals import Covered, SignalWindow

ALL_NEW = Covered(1, 0)


def signals(records: int, errors: int = 0, bucket: int = 0, seconds: float = 0.0) -> PartitionSignals:
    latency = Latency(((bucket, records),), seconds * records, seconds)
    return PartitionSignals(
        "orders", 0, 0, records, records, 10 * records, errors, errors, 2 * errors, latency
    )


def test_slice_that_is_filling_does_not_show() -> None:
    """Only what came before the closing counts."""
    window = SignalWindow(3)
    window.add(signals(5), ALL_NEW)
    first = window.close()
    assert (first.records, first.approximate) == (5, False)
    window.add(signals(7), ALL_NEW)
    window.add(signals(1, errors=1), ALL_NEW)
    total = window.close()
    assert (total.records, total.bytes, total.errors, total.dead_letters, total.retries) == (13, 130, 1, 1, 2)


def test_window_forgets_its_oldest_slice() -> None:
    """A window of two slices is two closings long."""
    window = SignalWindow(2)
    window.add(signals(5, errors=5, bucket=80, seconds=2.0), ALL_NEW)
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
    window.add(signals(records, errors), ALL_NEW)
    assert window.close().error_ratio == expected


def test_approximate_lasts_as_long_as_its_slice() -> None:
    """One approximate part makes the window approximate until it leaves."""
    window = SignalWindow(2)
    window.add(signals(5), Covered(4, 1))
    window.add(signals(5), ALL_NEW)
    assert [window.close().approximate for _ in range(3)] == [True, True, False]


PARTS = [
    ("01 all of it new", Covered(10, 0), (10, 100, 6, 6, False)),
    ("02 nothing new", Covered(0, 10), (0, 0, 0, 0, False)),
    ("03 eight new, and all errors may be among them", Covered(8, 2), (8, 80, 6, 6, True)),
    ("04 four new, and no more than four errors among them", Covered(4, 6), (4, 40, 4, 4, True)),
    ("05 more new positions than records", Covered(20, 5), (10, 100, 6, 6, True)),
    ("06 errors before their record is done", Covered(0, 0), (10, 100, 6, 6, False)),
]


@pytest.mark.parametrize(("covered", "expected"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS])
def test_record_counts_once(covered: Covered, expected: tuple[int, int, int, int, bool]) -> None:
    """2.3: of ten records with six errors as many count as are new; which ones, nobody knows."""
    window = SignalWindow(1)
    window.add(signals(10, errors=6), covered)
    total = window.close()
    assert (total.records, total.bytes, total.errors, total.dead_letters, total.approximate) == expected


def test_positions_that_nobody_observed() -> None:
    """A gap shows in the window in which it opens, until a late report fills it."""
    window = SignalWindow(2)
    window.add(signals(5), Covered(5, 0, 7))
    assert window.close().unobserved == 7
    window.add(signals(4), Covered(4, 0, -4))
    assert [window.close().unobserved for _ in range(2)] == [3, -4]


@given(st.lists(st.lists(st.integers(0, 50), max_size=3), max_size=8), st.integers(1, 4))
def test_window_is_the_sum_of_its_last_slices(slices: list[list[int]], length: int) -> None:
    """After each closing the window holds the last slices and nothing else."""
    window = SignalWindow(length)
    for index, parts in enumerate(slices):
        for records in parts:
            window.add(signals(records), ALL_NEW)
        total = window.close()
        expected = sum(map(sum, slices[max(0, index - length + 1) : index + 1]))
        assert (total.records, total.latency.count) == (expected, expected)
