"""The codec: CloudEvents 1.0 in Kafka's binary mode, byte for byte, and whatever bytes come back."""

from dataclasses import replace

import pytest
from event_examples import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.events import (
    ClockTicked,
    DetectorConfigured,
    Event,
    EventFormError,
    LoggedEvent,
    MalformedEvent,
    UnknownEvent,
    decode,
    encode,
    event_id,
    read_record,
)

TICK = ClockTicked("d1", "i2", 8, 10.0)
HEADERS = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"d1/i2/8-clock.ticked"),
    ("ce_source", b"/orders-v3/d1"),
    ("ce_type", b"stream-pool.clock.ticked.v1"),
    ("ce_time", b"2023-11-14T22:13:20.123Z"),
    ("content-type", b"application/json"),
)
VALUE = (
    b'{"worker":"d1","incarnation":"i2","sequence":8,"interval_s":10.0'
    b',"folded_to":null,"chain_since":null,"chain":null}'
)


def test_message_is_this_to_the_byte() -> None:
    """Attributes in ce_ headers, a key that names the writer, the data in declared order."""
    message = encode(TICK, id=event_id(TICK), source="/orders-v3/d1", time_ms=1_700_000_000_123)
    assert (message.key, message.value, message.headers) == (b"d1", VALUE, HEADERS)


def test_subject_and_trace_context_ride_in_headers() -> None:
    """Optional attributes appear exactly when they are given."""
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = encode(TICK, id="x", source="/s", time_ms=0, subject="orders/3", traceparent=traceparent)
    headers = dict(message.headers)
    assert headers["ce_subject"] == b"orders/3"
    assert headers["ce_traceparent"] == traceparent.encode()
    assert headers["ce_time"] == b"1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_event_decodes_to_itself(example: Event) -> None:
    """What encode writes, decode reads."""
    message = encode(example, id=event_id(example), source="/s", time_ms=0)
    assert decode(message.headers, message.value) == example


def test_order_of_a_mapping_does_not_show() -> None:
    """Equal events have equal bytes, however their mappings were filled."""
    there = DetectorConfigured("d", "i", 1, 1, {"a": 1, "b": 2})
    back = replace(there, rules={"b": 2, "a": 1})
    assert (
        encode(there, id="x", source="/s", time_ms=0).value
        == encode(back, id="x", source="/s", time_ms=0).value
    )


UNWRITABLE = [
    ("01 lone surrogate in the data", DetectorConfigured("d", "i", 1, 1, {"a": "\ud800"})),
    ("02 lone surrogate in the key", replace(TICK, worker="\ud800")),
    ("03 integer over 64 bits", replace(TICK, sequence=2**64)),
    ("04 NaN", replace(TICK, interval_s=float("nan"))),
]


@pytest.mark.parametrize("event", [row[1] for row in UNWRITABLE], ids=[row[0] for row in UNWRITABLE])
def test_unwritable_event_is_one_kind_of_error(event: Event) -> None:
    """Whatever keeps an event from being written is an EventFormError."""
    with pytest.raises(EventFormError):
        encode(event, id="x", source="/s", time_ms=0)


def without(name: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(header for header in HEADERS if header[0] != name)


def having(name: str, content: bytes) -> tuple[tuple[str, bytes], ...]:
    return (*without(name), (name, content))


TICKED = "stream-pool.clock.ticked.v1"
NOT_EVENTS = [
    ("01 no headers", (), VALUE, None, "not_cloudevents"),
    ("02 no type", without("ce_type"), VALUE, None, "not_cloudevents"),
    ("03 no id", without("ce_id"), VALUE, TICKED, "not_cloudevents"),
    ("04 empty source", having("ce_source", b""), VALUE, TICKED, "not_cloudevents"),
    ("05 other version", having("ce_specversion", b"0.3"), VALUE, TICKED, "unsupported_specversion"),
    ("06 tombstone", HEADERS, None, TICKED, "not_json"),
    ("07 truncated", HEADERS, VALUE[:-1], TICKED, "not_json"),
    ("08 not UTF-8", HEADERS, b'{"worker":"\xff"}', TICKED, "not_json"),
    ("09 no object", HEADERS, b"[]", TICKED, "event_malformed"),
    ("10 member missing", HEADERS, b'{"worker":"d1"}', TICKED, "event_malformed"),
    ("11 member of another type", HEADERS, VALUE.replace(b"8", b'"8"'), TICKED, "event_malformed"),
]


@pytest.mark.parametrize(
    ("headers", "value", "type_", "reason"),
    [row[1:] for row in NOT_EVENTS],
    ids=[row[0] for row in NOT_EVENTS],
)
def test_malformed_event_is_a_value(
    headers: tuple[tuple[str, bytes], ...], value: bytes | None, type_: str | None, reason: str
) -> None:
    """What cannot be read is a MalformedEvent with a reason to count it by, never an exception."""
    event = decode(headers, value)
    assert isinstance(event, MalformedEvent)
    assert (event.type, event.reason) == (type_, reason)
    assert event.detail


def test_unknown_type_is_a_value() -> None:
    """A type from a later version is skipped by name, whatever its data."""
    assert decode(having("ce_type", b"stream-pool.tea.brewed.v1"), b"\x00") == UnknownEvent(
        "stream-pool.tea.brewed.v1"
    )


def test_unknown_member_is_ignored() -> None:
    """Members that a later version adds do not disturb this one."""
    assert decode(HEADERS, VALUE[:-1] + b',"added":{"later":[1]}}') == TICK


def test_record_is_read_with_its_place_in_the_log() -> None:
    """Offset, the log's own timestamp, id and trace context accompany the event."""
    headers = (*HEADERS, ("ce_traceparent", b"00-x"), ("other", None))
    assert read_record(41, 1_700_000_000_500, headers, VALUE) == LoggedEvent(
        41, 1_700_000_000_500, "d1/i2/8-clock.ticked", "00-x", TICK
    )


def test_record_without_an_id_is_known_by_its_offset() -> None:
    """Junk in the log still has a name, which no CloudEvents writer here gives."""
    assert read_record(41, 5, (), None).id == "@41"


@given(
    st.lists(st.tuples(st.sampled_from([name for name, _ in HEADERS]), st.none() | st.binary(max_size=9))),
    st.none()
    | st.binary(max_size=40)
    | st.sampled_from([VALUE, VALUE[:-5], b"[" * 2000, b'{"sequence":1e999}']),
    st.booleans(),
)
def test_decoding_never_raises(
    headers: list[tuple[str, bytes | None]], value: bytes | None, sound_headers: bool
) -> None:
    """Any headers and any bytes give an event, an unknown or a malformed one."""
    decode([*headers, *(HEADERS if sound_headers else ())], value)
