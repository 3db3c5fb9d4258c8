"""Each poison is wrong in its own way, judged by the standard library where that can judge."""

import json

import pytest

from stream_pool.incident import POISONS, REASONS, OrderGenerator
from stream_pool.incident.poison import LEVELS_TOO_MANY


@pytest.fixture(params=range(20))
def order(request: pytest.FixtureRequest) -> bytes:
    return OrderGenerator(request.param).order().value


def test_every_kind_has_a_reason() -> None:
    """The two tables name the same kinds in the same order."""
    assert list(POISONS) == list(REASONS)


@pytest.mark.parametrize("kind", POISONS)
def test_poison_is_a_function_of_the_order(kind: str, order: bytes) -> None:
    """The same order gives the same poison, never the order itself."""
    assert POISONS[kind](order) == POISONS[kind](order) != order


@pytest.mark.parametrize("kind", ["not_json", "truncated"])
def test_not_a_document(kind: str, order: bytes) -> None:
    """Valid UTF-8 that is no JSON."""
    value = POISONS[kind](order)
    assert value is not None
    with pytest.raises(json.JSONDecodeError):
        json.loads(value.decode())


def test_a_truncated_order_lacks_only_its_end(order: bytes) -> None:
    """It is a true beginning of the order, so the end is the first thing missing."""
    value = POISONS["truncated"](order)
    assert value is not None
    assert order.startswith(value)
    assert value.endswith(b'":')


def test_a_tombstone_is_none(order: bytes) -> None:
    """Kafka's null."""
    assert POISONS["tombstone"](order) is None


def test_duplicate_keys_are_in_one_object(order: bytes) -> None:
    """Twice `orderId` in the root."""
    value = POISONS["duplicate_keys"](order)
    assert value is not None
    root: list[tuple[str, object]] = json.loads(value, object_pairs_hook=list)
    assert [key for key, _ in root].count("orderId") == 2


def test_a_lone_surrogate_is_escaped(order: bytes) -> None:
    """UTF-8 and JSON to a lenient reader, but no Unicode text."""
    value = POISONS["lone_surrogate"](order)
    assert value is not None
    with pytest.raises(UnicodeEncodeError):
        json.loads(value)["note"].encode()


def test_latin_1_is_not_utf_8(order: bytes) -> None:
    """The bytes themselves are wrong."""
    value = POISONS["invalid_utf8"](order)
    assert value is not None
    with pytest.raises(UnicodeDecodeError):
        value.decode()


def test_too_deep_is_valid_json_all_the_same(order: bytes) -> None:
    """Only a limit refuses it."""
    value = POISONS["too_deep"](order)
    assert value is not None
    assert json.loads(value)
    assert value.count(b"[" * LEVELS_TOO_MANY) == 1


def test_an_array_of_orders_is_valid_json(order: bytes) -> None:
    """Only an agent that takes objects alone refuses it."""
    value = POISONS["root_not_object"](order)
    assert value is not None
    assert json.loads(value) == [json.loads(order)]
