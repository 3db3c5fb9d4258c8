"""The load of the benches."""

import json
from itertools import islice

from stream_pool.bench.backlog import messages
from stream_pool.incident import POISONS


def test_the_same_backlog_every_time() -> None:
    """Benches of two days compare the same orders."""
    assert list(messages(20, 5)) == list(messages(20, 5))


def test_without_poison_every_value_is_an_order() -> None:
    """The cost of errors is no part of the cost of a record."""
    for key, value in messages(50, 0):
        assert key
        assert isinstance(json.loads(value or b"null"), dict)


def test_poison_comes_at_its_rate_and_in_every_kind() -> None:
    """One in so many differs from the good backlog, each kind in turn."""
    rounds = 2 * len(POISONS)
    clean, mixed = list(messages(10 * rounds, 0)), list(messages(10 * rounds, 10))
    spoilt = [number for number, (one, other) in enumerate(zip(clean, mixed, strict=True), 1) if one != other]
    assert spoilt == list(range(10, 10 * rounds + 1, 10))
    tombstones = [value for _, value in islice(mixed, 9, None, 10)].count(None)
    assert tombstones == rounds / len(POISONS)
