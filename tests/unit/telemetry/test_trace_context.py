"""W3C Trace Context and Baggage, rule by rule."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.telemetry.trace_context import TraceContext, parse_baggage, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
KNOWN = TraceContext(TRACE, SPAN, 1)

TRACEPARENTS = [
    pytest.param(f"00-{TRACE}-{SPAN}-01", KNOWN, id="1 sampled"),
    pytest.param(f"00-{TRACE}-{SPAN}-00", TraceContext(TRACE, SPAN, 0), id="2 not sampled"),
    pytest.param(f"00-{TRACE}-{SPAN}-ff", TraceContext(TRACE, SPAN, 255), id="3 unknown flags are kept"),
    pytest.param(f"01-{TRACE}-{SPAN}-01", KNOWN, id="4 later version, same length"),
    pytest.param(f"cc-{TRACE}-{SPAN}-01-what-comes", KNOWN, id="5 later version, more after a dash"),
    pytest.param(f"cc-{TRACE}-{SPAN}-01.what", None, id="6 later version, more without a dash"),
    pytest.param(f"00-{TRACE}-{SPAN}-01-what", None, id="7 version 00 ends after the flags"),
    pytest.param(f"00-{TRACE}-{SPAN}-01-", None, id="8 version 00, trailing dash"),
    pytest.param(f"ff-{TRACE}-{SPAN}-01", None, id="9 version ff is invalid"),
    pytest.param(f"00-{TRACE.upper()}-{SPAN}-01", None, id="10 upper-case trace id"),
    pytest.param(f"00-{TRACE}-{SPAN.upper()}-01", None, id="11 upper-case span id"),
    pytest.param(f"0A-{TRACE}-{SPAN}-01", None, id="12 upper-case version"),
    pytest.param(f"00-{'0' * 32}-{SPAN}-01", None, id="13 trace id of zeros"),
    pytest.param(f"00-{TRACE}-{'0' * 16}-01", None, id="14 span id of zeros"),
    pytest.param(f"00-{TRACE[:-1]}-{SPAN}-01", None, id="15 short trace id"),
    pytest.param(f"00-{TRACE}-{SPAN}0-01", None, id="16 long span id"),
    pytest.param(f"00-{TRACE}-{SPAN}-1", None, id="17 short flags"),
    pytest.param(f"00-{TRACE}-{SPAN}-0x", None, id="18 flags are hexadecimal"),
    pytest.param(f"00_{TRACE}_{SPAN}_01", None, id="19 dashes only"),
    pytest.param(f" 00-{TRACE}-{SPAN}-01", None, id="20 leading blank"),
    pytest.param(f"00-{TRACE}-{SPAN}-01\n", None, id="21 trailing newline"),
    pytest.param("", None, id="22 empty"),
]


@pytest.mark.parametrize(("header", "context"), TRACEPARENTS)
def test_traceparent(header: str, context: TraceContext | None) -> None:
    """A header is a trace context or nothing."""
    assert parse_traceparent(header) == context


def test_no_header_is_no_trace() -> None:
    """A record without the header has no trace, and no baggage."""
    assert parse_traceparent(None) is None
    assert parse_baggage(None) == {}


def test_only_the_lowest_flag_says_sampled() -> None:
    """Flags that nobody has defined yet change nothing."""
    assert [TraceContext(TRACE, SPAN, flags).sampled for flags in (0, 1, 2, 3, 0xFE)] == [
        False,
        True,
        False,
        True,
        False,
    ]


@given(st.text(max_size=80))
def test_any_text_is_a_trace_or_none(header: str) -> None:
    """No header raises, and one that is accepted says itself again."""
    context = parse_traceparent(header)
    assert context is None or parse_traceparent(context.traceparent) == context


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_every_context_survives_its_header(trace: int, span: int, flags: int) -> None:
    """What is written is what is read."""
    context = TraceContext(f"{trace:032x}", f"{span:016x}", flags)
    assert parse_traceparent(context.traceparent) == context


BAGGAGES = [
    pytest.param("tenant=acme", {"tenant": "acme"}, id="1 one entry"),
    pytest.param(
        "tenant=acme,schema_version=3", {"tenant": "acme", "schema_version": "3"}, id="2 two entries"
    ),
    pytest.param(
        " tenant \t= acme , a=b", {"tenant": "acme", "a": "b"}, id="3 blanks around names and values"
    ),
    pytest.param("tenant=acme;ttl=5;secret", {"tenant": "acme"}, id="4 properties are dropped"),
    pytest.param("city=M%C3%BCnchen%2C%20S%C3%BCd", {"city": "München, Süd"}, id="5 percent-decoding"),
    pytest.param("city=M%FCnchen", {"city": "M\ufffdnchen"}, id="6 bytes that are not UTF-8"),
    pytest.param("a=1,a=2", {"a": "2"}, id="7 the last of a name counts"),
    pytest.param("a=", {"a": ""}, id="8 empty value"),
    pytest.param("a=b=c", {"a": "b=c"}, id="9 only the first = divides"),
    pytest.param("a=100%", {"a": "100%"}, id="10 a percent sign that starts no code stays"),
    pytest.param("a,b=1", {"b": "1"}, id="11 a member without = is skipped"),
    pytest.param("=x,b=1", {"b": "1"}, id="12 a member without a name is skipped"),
    pytest.param("a b=x,c=1", {"c": "1"}, id="13 a blank in a name"),
    pytest.param('a="x",c=1', {"c": "1"}, id="14 a quote in a value"),
    pytest.param("a=x y,c=1", {"c": "1"}, id="15 a blank in a value"),
    pytest.param("a=x\\y,c=1", {"c": "1"}, id="16 a backslash in a value"),
    pytest.param("a(b)=1,c=1", {"c": "1"}, id="17 brackets in a name"),
    pytest.param("a=1,,c=1,", {"a": "1", "c": "1"}, id="18 empty members"),
    pytest.param("a=1\n,c=1", {"c": "1"}, id="19 a newline is no blank"),
    pytest.param("ä=1,c=1", {}, id="20 bytes outside ASCII spoil the header"),
    pytest.param("", {}, id="21 empty"),
    pytest.param("a=" + "x" * 8190, {"a": "x" * 8190}, id="22 as long as must be kept"),
    pytest.param("a=" + "x" * 8191, {}, id="23 one byte longer"),
    pytest.param(
        ",".join(f"k{i}={i}" for i in range(65)),
        {f"k{i}": str(i) for i in range(64)},
        id="24 as many as must be kept",
    ),
]


@pytest.mark.parametrize(("header", "entries"), BAGGAGES)
def test_baggage(header: str, entries: dict[str, str]) -> None:
    """A member follows the rules or is skipped, and spoils no other."""
    assert parse_baggage(header) == entries


@given(st.text(max_size=200))
def test_any_text_is_baggage(header: str) -> None:
    """No header raises."""
    assert all(name for name in parse_baggage(header))


def test_importing_it_loads_no_library() -> None:
    """The stream room imports this on its hot path's side: nothing heavy may come along."""
    heavy = "prometheus_client structlog faust aiokafka pydantic asyncio"
    code = (
        "import sys, stream_pool.telemetry.trace_context\n"
        f"print(*[name for name in {heavy.split()!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
