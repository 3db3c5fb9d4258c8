"""Where a record's trace comes from: the W3C headers `traceparent` and `baggage`, parsed strictly.

Pure and light: no import beyond the standard library, since the stream room reads these once a record, on
demand. A header that breaks the rules is not repaired: an invalid `traceparent` is no trace at all (None), an
invalid member of a `baggage` is skipped and the others stay. Sources: W3C Trace Context (level 2, versioning
included) and W3C Baggage. `tracestate` is carried by nobody here.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_to_bytes

TRACEPARENT = "traceparent"
BAGGAGE = "baggage"
SAMPLED = 0x01

BAGGAGE_MEMBERS = 64
"""Members that a conforming receiver must keep; those after them are ignored."""
BAGGAGE_BYTES = 8_192
"""Bytes of a header that a conforming receiver must keep; a longer one is ignored whole."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_INVALID_VERSION = "ff"
_LENGTH_OF_VERSION_0 = 55

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The place in a trace that a record was produced at.

    `trace_id` is 32 and `span_id` 16 lower-case hexadecimal digits, neither all zero; `flags` is one byte.
    """

    trace_id: str
    span_id: str
    flags: int

    @property
    def sampled(self) -> bool:
        """Whether the caller may have recorded this trace."""
        return bool(self.flags & SAMPLED)

    @property
    def traceparent(self) -> str:
        """The header that says this, in version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def parse_traceparent(header: str | None) -> TraceContext | None:
    """The trace context of a `traceparent` header; None where there is none, or it breaks a rule.

    A version above 00 is read by what it must share with 00; version ff, upper-case digits and identifiers of
    zeros only are invalid.
    """
    if header is None:
        return None
    found = _TRACEPARENT.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, _rest = found.groups()
    if version == _INVALID_VERSION or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    if version == "00" and len(header) != _LENGTH_OF_VERSION_0:
        return None
    return TraceContext(trace_id, span_id, int(flags, 16))


def parse_baggage(header: str | None) -> dict[str, str]:
    """The entries of a `baggage` header, percent-decoded; properties after a `;` are dropped.

    A member that is no `token=value` is skipped, and of two with one name the last counts. Bytes that do not
    decode as UTF-8 become U+FFFD, as the specification asks.
    """
    if header is None or not header.isascii() or len(header) > BAGGAGE_BYTES:
        return {}
    entries: dict[str, str] = {}
    for member in header.split(",")[:BAGGAGE_MEMBERS]:
        name, equals, value = member.partition(";")[0].partition("=")
        name, value = name.strip(_BLANKS), value.strip(_BLANKS)
        if equals and _TOKEN.fullmatch(name) and _VALUE.fullmatch(value):
            entries[name] = unquote_to_bytes(value).decode("utf-8", "replace")
    return entries


class Traced(Protocol):
    """What a record has to say about itself to the logs."""

    @property
    def trace_context(self) -> TraceContext | None: ...
    @property
    def baggage(self) -> Mapping[str, str]: ...


current_record: ContextVar[Traced | None] = ContextVar("stream_pool.current_record", default=None)
"""The record that this task handles now: set by whoever calls a handler, read when a log line is written."""
