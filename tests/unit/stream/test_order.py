"""What a handler sees of a record."""

import pytest
from fakes import FakeRecord

from stream_pool.stream.order import Headers, Order
from stream_pool.telemetry.trace_context import current_record

TRACEPARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_headers_are_a_mapping_that_keeps_repeats() -> None:
    """`[]` gives the last value of a name, `all` each of them in order."""
    headers = Headers([("a", b"1"), ("b", b"2"), ("a", b"3")])
    assert dict(headers) == {"a": b"3", "b": b"2"}
    assert headers.all("a") == [b"1", b"3"]
    assert headers.all("c") == []
    assert len(headers) == 2
    with pytest.raises(KeyError):
        headers["c"]


def test_header_text_that_is_not_utf8_is_none() -> None:
    """A handler that asks for text never meets a decoding error; the bytes stay available."""
    headers = Headers([("tenant", b"\xff"), ("region", "münchen".encode())])
    assert headers.text("tenant") is None
    assert headers["tenant"] == b"\xff"
    assert headers.text("region") == "münchen"
    assert headers.text("none") is None


def test_trace_context_and_baggage() -> None:
    """Both are parsed from their headers when asked for."""
    order = Order(
        FakeRecord(1, headers=[("traceparent", TRACEPARENT), ("baggage", b"tenant=a,request_id=r")]), {}
    )
    assert order.trace_context is not None
    assert order.trace_context.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert dict(order.baggage) == {"tenant": "a", "request_id": "r"}


@pytest.mark.parametrize("header", [b"", b"00-zz", b"\xff", TRACEPARENT + b"-x", TRACEPARENT.upper()])
def test_a_malformed_traceparent_is_none(header: bytes) -> None:
    """A header that is no traceparent is never repaired into one."""
    assert Order(FakeRecord(1, headers=[("traceparent", header)]), {}).trace_context is None


def test_nothing_is_parsed_before_it_is_asked_for() -> None:
    """An order whose headers would fail to parse costs nothing as long as nobody looks."""

    class Exploding:
        topic, partition, offset, key, value, timestamp = "orders", 0, 1, b"k", b"{}", 5

        @property
        def headers(self) -> list[tuple[str, bytes]]:
            raise AssertionError("parsed too early")

    order = Order(Exploding(), {"a": 1})
    assert (order.topic, order.partition, order.offset, order.key, order.timestamp) == (
        "orders",
        0,
        1,
        b"k",
        5,
    )
    assert order.document == {"a": 1}
    assert current_record.get() is None
    with pytest.raises(AssertionError, match="too early"):
        order.headers  # noqa: B018  # the access is what is tested


def test_headers_are_parsed_once() -> None:
    """Asking again gives the same objects."""
    order = Order(FakeRecord(1, headers=[("traceparent", TRACEPARENT)]), {})
    assert order.headers is order.headers
    assert order.trace_context is order.trace_context
    assert order.baggage is order.baggage
