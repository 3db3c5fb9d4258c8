"""One record with its document, as a handler sees it.

The idea: an `Order` is two references, made for every record; everything else (headers, trace context,
baggage) is parsed when it is asked for and then kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream_pool.stream.offsets import Record
from stream_pool.telemetry.trace_context import TraceContext, current_record, parse_baggage, parse_traceparent


class Headers(Mapping[str, bytes]):
    """A record's headers: raw bytes by name.

    Names may repeat in Kafka: `[]` gives the last, `all` gives each. A header without a value has an empty
    one here.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Sequence[tuple[str, bytes | None]]) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> bytes:
        for other, value in reversed(self._pairs):
            if other == name:
                return value or b""
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"Headers({list(self)})"

    def all(self, name: str) -> list[bytes]:
        """Every value of a name, in the order of the record."""
        return [value or b"" for other, value in self._pairs if other == name]

    def text(self, name: str) -> str | None:
        """The last value of a name as text; None where it is missing or is not UTF-8."""
        try:
            return self[name].decode()
        except (KeyError, UnicodeDecodeError):
            return None


class Order:
    """A consumed record. `document` is its decoded value.

    A `Document`, or what the decoder in use makes of it.
    """

    __slots__ = ("_baggage", "_headers", "_trace_context", "document", "record")

    document: Any
    record: Record
    _headers: Headers
    _trace_context: TraceContext | None
    _baggage: Mapping[str, str]

    def __init__(self, record: Record, document: Any) -> None:
        self.record = record
        self.document = document

    @property
    def key(self) -> bytes | None:
        return self.record.key

    @property
    def value(self) -> bytes | None:
        """The raw bytes of the value."""
        return self.record.value

    @property
    def topic(self) -> str:
        return self.record.topic

    @property
    def partition(self) -> int:
        return self.record.partition

    @property
    def offset(self) -> int:
        return self.record.offset

    @property
    def timestamp(self) -> int:
        """The record's timestamp in milliseconds since the epoch, as Kafka has it."""
        return self.record.timestamp

    @property
    def headers(self) -> Headers:
        try:
            return self._headers
        except AttributeError:
            self._headers = Headers(self.record.headers)
            return self._headers

    @property
    def trace_context(self) -> TraceContext | None:
        """The W3C `traceparent` header; None where it is missing or malformed."""
        try:
            return self._trace_context
        except AttributeError:
            text = self.headers.text("traceparent")
            self._trace_context = None if text is None else parse_traceparent(text)
            return self._trace_context

    @property
    def baggage(self) -> Mapping[str, str]:
        """The W3C `baggage` header by name; empty where it is missing, malformed members left out."""
        try:
            return self._baggage
        except AttributeError:
            self._baggage = parse_baggage(self.headers.text("baggage") or "")
            return self._baggage

    def __repr__(self) -> str:
        return f"Order({self.topic}-{self.partition}@{self.offset})"


class Current:
    """The order at hand, for log lines: put into the task's context once a batch, then moved on."""

    __slots__ = ("order",)

    def __init__(self, order: Order) -> None:
        self.order = order
        current_record.set(self)

    @property
    def trace_context(self) -> TraceContext | None:
        return self.order.trace_context

    @property
    def baggage(self) -> Mapping[str, str]:
        return self.order.baggage
