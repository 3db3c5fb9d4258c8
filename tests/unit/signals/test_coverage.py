"""The account of a partition's records: each counted once, holes known, late reports fill them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.signals import Coverage, Covered
from stream_pool.signals.coverage import MAX_HOLES

CASES = [
    ("01 the next range", [(0, 10)], Covered(10, 0), 0),
    ("02 an empty range", [(0, 10), (10, 10)], Covered(0, 0), 0),
    ("03 the same range again", [(0, 10), (0, 10)], Covered(0, 10), 0),
    ("04 a range that overlaps", [(0, 10), (5, 15)], Covered(5, 5), 0),
    ("05 a range further on leaves a hole", [(0, 10), (15, 20)], Covered(5, 0, 5), 5),
    ("06 a late range fills the hole", [(0, 10), (15, 20), (10, 15)], Covered(5, 0, -5), 0),
    ("07 a late range fills a part", [(0, 10), (15, 20), (11, 13)], Covered(2, 0, -2), 3),
    ("08 a range over all, holes and all", [(0, 10), (15, 20), (0, 30)], Covered(15, 15, -5), 0),
    ("09 an empty range further on", [(0, 10), (12, 12)], Covered(0, 0, 2), 2),
    ("10 a range backwards", [(0, 10), (15, 20), (18, 3)], Covered(0, 0), 5),
]


@pytest.mark.parametrize(
    ("ranges", "covered", "missing"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_account_of_ranges(ranges: list[tuple[int, int]], covered: Covered, missing: int) -> None:
    """What the last range added, and what is missing after it."""
    account = Coverage(end=0)
    results = [account.cover(start, stop) for start, stop in ranges]
    assert (results[-1], account.missing) == (covered, missing)


def test_before_the_beginning_is_repeated() -> None:
    """Records from before the account began are nobody's news."""
    assert Coverage(end=100).cover(90, 110) == Covered(fresh=10, repeated=10)


def test_holes_are_bounded() -> None:
    """With too many holes the oldest is given up, and stays counted as missing."""
    account = Coverage(end=0)
    for index in range(MAX_HOLES + 10):
        account.cover(10 * index + 5, 10 * index + 10)
    assert len(account.holes) == MAX_HOLES
    assert account.lost == 50
    assert account.missing == 5 * (MAX_HOLES + 10)
    assert account.cover(0, 5) == Covered(fresh=0, repeated=5)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=30))
def test_account_equals_a_set_of_positions(ranges: list[tuple[int, int]]) -> None:
    """Against a set of all positions: fresh, repeated and missing are exact."""
    account, seen, end = Coverage(end=0), set[int](), 0
    for start, length in ranges:
        positions = set(range(start, start + length))
        missing = account.missing
        covered = account.cover(start, start + length)
        assert covered[:2] == (len(positions - seen), len(positions & seen))
        assert covered.unobserved == account.missing - missing
        seen |= positions
        end = max(end, start + length)
        assert (account.end, account.missing) == (end, end - len(seen))
        bounds = [bound for hole in account.holes for bound in hole]
        assert bounds == sorted(set(bounds)), "holes are in order, apart and none is empty"
