"""What is promised about one order: its bytes, depth, key and headers."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import MisuseError
from stream_pool.incident import DEPTH_MAX, DEPTH_MIN, START_MS, OrderGenerator
from stream_pool.incident.orders import iso_utc, money


def levels(value: Any) -> int:
    """Containers on the longest way down; the root is 1."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max((levels(inner) for inner in value), default=0)


def test_the_same_seed_gives_the_same_bytes_on_every_python() -> None:
    """A digest of orders, keys and headers, written down once: any change of the sequence is seen here."""
    digest = hashlib.sha256()
    generator = OrderGenerator(seed=7)
    for number in range(500):
        order = generator.order(6 + number % 12, unique_keys=number % 3, at_ms=START_MS + number * 77)
        digest.update(order.key + order.value + repr(order.headers).encode())
    assert digest.hexdigest() == "2faab127a3b78f677feccfdfa2c6a60a1e030c34dcd557b77393c80c20502efb"


def test_another_seed_gives_other_orders() -> None:
    """Seeds are not decoration."""
    assert OrderGenerator(1).order().value != OrderGenerator(2).order().value


@given(seed=st.integers(0, 2**32), depth=st.integers(DEPTH_MIN, DEPTH_MAX), unique_keys=st.integers(0, 30))
def test_an_order_is_as_deep_as_asked(seed: int, depth: int, unique_keys: int) -> None:
    """Depth counts containers from the root; a flood of keys does not change it."""
    order = OrderGenerator(seed).order(depth, unique_keys)
    document = json.loads(order.value)
    assert levels(document) == depth
    assert len(document["extensions"].get("labels", ())) == unique_keys
    assert order.key.decode() == document["customer"]["id"]


def test_totals_add_up() -> None:
    """Amounts belong together, so a handler can check an order as it would a real one."""
    generator = OrderGenerator(3)
    for _ in range(200):
        order = json.loads(generator.order().value)
        totals = {name: round(amount * 100) for name, amount in order["totals"].items()}
        items = sum(round(item["price"]["amount"] * 100) * item["quantity"] for item in order["items"])
        assert totals["items"] == items
        assert totals["grand"] == totals["items"] + totals["shipping"] + totals["tax"]
        assert round(order["payments"][0]["amount"] * 100) == totals["grand"]


def test_flood_keys_never_come_again() -> None:
    """Ten thousand keys, ten thousand different ones."""
    generator = OrderGenerator(5)
    seen = [
        key
        for _ in range(500)
        for key in json.loads(generator.order(unique_keys=20).value)["extensions"]["labels"]
    ]
    assert len(set(seen)) == len(seen) == 10_000


def test_headers_carry_trace_and_baggage() -> None:
    """W3C `traceparent` and `baggage`, with the four labels of a record."""
    headers = dict(OrderGenerator(0).order().headers)
    version, trace_id, span_id, flags = headers["traceparent"].decode().split("-")
    assert (version, len(trace_id), len(span_id), flags) == ("00", 32, 16, "01")
    baggage = dict(entry.split("=") for entry in headers["baggage"].decode().split(","))
    assert list(baggage) == ["tenant", "business_event_type", "schema_version", "request_id"]


@pytest.mark.parametrize("depth", [0, DEPTH_MIN - 1, DEPTH_MAX + 1])
def test_a_depth_out_of_range_is_refused(depth: int) -> None:
    """The message says what is allowed."""
    with pytest.raises(MisuseError, match=rf"6 to 17 levels deep, not {depth}"):
        OrderGenerator(0).order(depth)


def test_a_negative_number_of_keys_is_refused() -> None:
    """A count cannot be negative."""
    with pytest.raises(MisuseError, match="unique_keys is a count of members, not -1"):
        OrderGenerator(0).order(unique_keys=-1)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (START_MS, "2026-01-01T00:00:00.000Z"),
        (START_MS + 86_399_999, "2026-01-01T23:59:59.999Z"),
        (1_709_210_096_007, "2024-02-29T12:34:56.007Z"),
    ],
)
def test_times_are_rfc_3339(at_ms: int, text: str) -> None:
    """In UTC, with milliseconds."""
    assert iso_utc(at_ms) == text


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00"), (5, "0.05"), (490, "4.90"), (123_456, "1234.56")])
def test_money_has_two_digits_after_the_point(cents: int, text: str) -> None:
    """Written by integers, so no float rounds it."""
    assert money(cents) == text
