"""The books of the demo: what counts as processed, dead and lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.cli.demo.ledger import Account, Ledger


def ledger_of(
    sent: dict[int, int],
    finished: list[tuple[int, int, int, int]],
    letters: list[tuple[int, int]],
    committed: dict[int, int],
) -> Ledger:
    """Records by partition; (partition, start, end, failed); (partition, offset); commit by partition."""
    ledger = Ledger()
    for partition, records in sent.items():
        for offset in range(records):
            ledger.sent(partition, offset)
    for entry in finished:
        ledger.finished(*entry)
    for partition, offset in letters:
        ledger.dead_letter(partition, offset)
    for partition, offset in committed.items():
        ledger.committed(partition, offset)
    return ledger


@pytest.mark.parametrize(
    ("sent", "finished", "letters", "committed", "account"),
    [
        pytest.param({0: 10}, [(0, 0, 10, 0)], [], {0: 10}, Account(10, 10, 0), id="1 all processed"),
        pytest.param({0: 10}, [(0, 0, 10, 1)], [(0, 3)], {0: 10}, Account(10, 9, 1), id="2 one dead letter"),
        pytest.param(
            {0: 10}, [(0, 0, 7, 0)], [], {0: 10}, Account(10, 7, 0, lost=3), id="3 committed, never finished"
        ),
        pytest.param(
            {0: 10},
            [(0, 0, 7, 0)],
            [],
            {0: 7},
            Account(10, 7, 0, unfinished=3),
            id="4 a tail that can come again",
        ),
        pytest.param({0: 10}, [], [], {}, Account(10, 0, 0, unfinished=10), id="5 never committed"),
        pytest.param(
            {0: 10},
            [(0, 0, 4, 0), (0, 6, 8, 0)],
            [],
            {0: 8},
            Account(10, 6, 0, lost=2, unfinished=2),
            id="6 a hole below the commit, a tail above it",
        ),
        pytest.param(
            {0: 10},
            [(0, 0, 10, 1)],
            [],
            {0: 10},
            Account(10, 9, 0, lost=1),
            id="7 failed, and no letter of it",
        ),
        pytest.param(
            {0: 10},
            [(0, 0, 10, 1)],
            [(0, 3), (0, 3)],
            {0: 10},
            Account(10, 9, 1),
            id="8 a letter twice is one",
        ),
        pytest.param(
            {0: 10},
            [(0, 0, 6, 1), (0, 4, 10, 0)],
            [(0, 3)],
            {0: 10},
            Account(10, 9, 1, repeated=2),
            id="9 overlapping ranges count once",
        ),
        pytest.param(
            {0: 10},
            [(0, 0, 10, 1), (0, 0, 10, 1)],
            [(0, 3)],
            {0: 10},
            Account(10, 9, 1, repeated=10),
            id="10 a range that repeats whole brings no failures",
        ),
        pytest.param(
            {0: 5, 1: 5},
            [(0, 0, 5, 0)],
            [],
            {0: 5, 1: 0},
            Account(10, 5, 0, unfinished=5),
            id="11 partitions stay apart",
        ),
        pytest.param(
            {0: 5}, [(0, 0, 9, 0)], [], {0: 9}, Account(5, 5, 0), id="12 what others sent is not ours"
        ),
        pytest.param(
            {0: 5}, [], [(0, 1)], {}, Account(5, 0, 0, unfinished=5), id="13 a letter alone finishes nothing"
        ),
        pytest.param({}, [], [], {}, Account(0, 0, 0), id="14 nothing yet"),
    ],
)
def test_the_books(
    sent: dict[int, int],
    finished: list[tuple[int, int, int, int]],
    letters: list[tuple[int, int]],
    committed: dict[int, int],
    account: Account,
) -> None:
    """Acknowledgements, finished ranges, dead letters and commits, compared."""
    assert ledger_of(sent, finished, letters, committed).account() == account


@given(
    sent=st.dictionaries(st.integers(0, 2), st.integers(0, 30), max_size=3),
    ranges=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 10), st.integers(0, 3)), max_size=8
    ),
    letters=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=8),
    committed=st.dictionaries(st.integers(0, 2), st.integers(0, 40), max_size=3),
)
def test_the_books_always_balance(
    sent: dict[int, int],
    ranges: list[tuple[int, int, int, int]],
    letters: list[tuple[int, int]],
    committed: dict[int, int],
) -> None:
    """What was sent is processed, dead, lost or unfinished: never two of these, never none."""
    finished = [
        (partition, start, start + length, min(failed, length)) for partition, start, length, failed in ranges
    ]
    account = ledger_of(sent, finished, letters, committed).account()
    assert account.sent == account.processed + account.dead_letters + account.lost + account.unfinished
    assert account.lost >= 0
    assert account.unfinished >= 0
    assert account.settled == (account.lost == account.unfinished == 0)
