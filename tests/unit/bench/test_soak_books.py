"""What became of every record of a soak, and of every event."""

from collections.abc import Mapping, Sequence

import pytest

from stream_pool.bench.dead_letters import Letter
from stream_pool.bench.ledger import Run
from stream_pool.bench.soak.books import Books
from stream_pool.bench.soak.log import Account
from stream_pool.bench.soak.traffic import POISON_HEADER, POISON_REASON, Place
from stream_pool.events import AnomalyOpened, MemorySampled, ObservationsLost

LETTER = Letter(0, 2, POISON_REASON, {POISON_HEADER: b"1"})


def books(
    ends: Mapping[int, int],
    handled: Sequence[Run],
    letters: Sequence[Letter] = (),
    poison: frozenset[Place] = frozenset(),
    acknowledged: Mapping[int, int] | None = None,
    times: int = 0,
) -> Books:
    return Books(ends, ends if acknowledged is None else acknowledged, handled, times, letters, poison)


CASES = [
    pytest.param(books({0: 3}, [Run(0, 0, 3)]), [], 3, id="1 all handled"),
    pytest.param(books({0: 3}, [Run(0, 0, 2)], [LETTER]), [], 3, id="2 a dead letter stands for its record"),
    pytest.param(books({0: 4}, [Run(0, 0, 2)], [LETTER]), [(0, 3, 4)], 4, id="3 neither handled nor buried"),
    pytest.param(books({0: 3}, [Run(0, 0, 3)], acknowledged={}), [], 3, id="4 written, but not acknowledged"),
    pytest.param(
        books({0: 3}, [Run(0, 0, 3)], acknowledged={0: 5}), [(0, 3, 5)], 5, id="5 acknowledged, and gone"
    ),
    pytest.param(
        books({0: 1}, [Run(0, 0, 1)], acknowledged={0: 1, 1: 2}), [(1, 0, 2)], 3, id="6 a partition gone"
    ),
]


@pytest.mark.parametrize(("closed", "missing", "count"), CASES)
def test_lost(closed: Books, missing: list[Run], count: int) -> None:
    """Every record that the broker has or has promised is handled, or a dead letter, or lost."""
    assert (closed.lost, closed.records) == (missing, count)


def test_repeats_are_counted_and_nothing_else() -> None:
    """Five records, one of them three times."""
    assert books({0: 5}, [Run(0, 0, 3), Run(0, 2, 5), Run(0, 2, 3)], times=7).repeats == 2
    assert books({0: 5}, [Run(0, 0, 5)], times=5).repeats == 0


LETTERS = [
    pytest.param([LETTER, LETTER], 0, set(), id="1 poison, its letter twice"),
    pytest.param([Letter(0, 2, POISON_REASON, {})], 1, set(), id="2 no poison, but buried"),
    pytest.param([Letter(0, 2, "depth_limit", LETTER.headers)], 1, set(), id="3 another reason"),
    pytest.param([], 0, {(0, 2)}, id="4 poison without a letter"),
    pytest.param([LETTER, Letter(1, 2, POISON_REASON, LETTER.headers)], 0, set(), id="5 a retry's copy"),
]


@pytest.mark.parametrize(("letters", "strangers", "unburied"), LETTERS)
def test_dead_letters_are_the_poison(letters: list[Letter], strangers: int, unburied: set[Place]) -> None:
    """All of it, with its reason, and nothing else."""
    closed = books({0: 3}, [Run(0, 0, 2)], letters, frozenset({(0, 2)}))
    assert (len(closed.strangers), closed.unburied) == (strangers, unburied)


def sampled(sequence: int, incarnation: str = "i", worker: str = "w") -> MemorySampled:
    return MemorySampled(worker, incarnation, sequence, 1, None)


def said(sequence: int, lost: int, incarnation: str = "i") -> ObservationsLost:
    return ObservationsLost("w", incarnation, sequence, lost, {MemorySampled.TYPE: lost})


EVENTS = [
    pytest.param([sampled(1), sampled(2), sampled(3)], (0, 0), id="1 nothing missing"),
    pytest.param([sampled(1), sampled(4)], (2, 0), id="2 two missing without a word"),
    pytest.param([sampled(3)], (2, 0), id="3 the first two missing"),
    pytest.param([sampled(1), sampled(4), said(5, 2)], (0, 2), id="4 two missing, and said"),
    pytest.param([sampled(1), sampled(4), said(5, 1)], (1, 1), id="5 one of them said"),
    pytest.param([sampled(1), sampled(2), said(3, 9)], (0, 9), id="6 more said than missing"),
    pytest.param([sampled(1), said(4, 2), said(4, 2)], (0, 2), id="7 a repeat says nothing new"),
    pytest.param([sampled(2), sampled(1), sampled(2)], (0, 0), id="8 out of order, and twice"),
    pytest.param([sampled(9), sampled(1, "j")], (0, 0), id="9 a life that was killed is not asked"),
    pytest.param([sampled(1), sampled(3, worker="v")], (2, 0), id="10 each worker for itself"),
]


@pytest.mark.parametrize(("events", "expected"), EVENTS)
def test_missing_events(events: list[object], expected: tuple[int, int]) -> None:
    """What is missing from the log must have been said to be lost."""
    account = Account()
    for event in events:
        account.take(event)
    assert (account.unsaid, account.said_lost, account.events) == (*expected, len(events))


def test_an_anomaly_counts_once() -> None:
    """Two owners may append it."""
    account = Account()
    for anomaly_id, rule in (("a", "lag"), ("b", "lag"), ("a", "lag"), ("c", "errors")):
        account.take(
            AnomalyOpened(anomaly_id, rule, "orders", "P2", 1.0, None, 1.0, {}, "unknown", 1, "event")
        )
    assert account.opened == {"lag": 2, "errors": 1}
