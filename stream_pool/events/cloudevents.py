"""Events as Kafka messages: CloudEvents 1.0, Kafka protocol binding, binary content mode, JSON data.

Attributes ride in headers prefixed `ce_`, the trace context in the Distributed Tracing extension's
`ce_traceparent`, the data in the value. Equal arguments give equal bytes. What cannot be decoded is a value,
for its reader to count: a log outlives the versions that write to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import orjson

from stream_pool.events.anomalies import AnomalyOpened, AnomalyResolved
from stream_pool.events.catalog import EVENT_TYPES, FORMS, Event
from stream_pool.events.form import EventFormError
from stream_pool.events.raw_record import RawRecord
from stream_pool.events.record_digest import record_digest

Headers: TypeAlias = Iterable[tuple[str, bytes | None]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999  # RFC 3339 has years of four digits


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """A Kafka message, but for its topic."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """A sound CloudEvent of a type that this version does not know."""

    type: str


@dataclass(frozen=True, slots=True)
class MalformedEvent:
    """What is no CloudEvent, or breaks the form of the type that it names.

    `reason` is one of `not_cloudevents`, `unsupported_specversion`, `not_json`, `event_malformed`.
    """

    type: str | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event at its place in the log: `offset` in the one partition, `timestamp_ms` as the log has it.

    `id` is the CloudEvents id, or `@<offset>` for a record that has none; `traceparent` is None where not
    given. `timestamp_type` is Kafka's: 0 where the record's producer set the time (CreateTime), 1 where the
    log did (LogAppendTime). `digest` stands for the record's bytes; it is empty where there were none.
    """

    offset: int
    timestamp_ms: int
    id: str
    traceparent: str | None
    event: Event | UnknownEvent | MalformedEvent
    timestamp_type: int = 1
    digest: bytes = field(default=b"", compare=False, repr=False)


def encode(
    event: Event,
    *,
    id: str,  # noqa: A002  # CloudEvents' own name for the attribute
    source: str,
    time_ms: int,
    subject: str | None = None,
    traceparent: str | None = None,
) -> EncodedEvent:
    """The message of an event. `time_ms` is Unix epoch, from 1970 to 9999 (else the nearest of these); the
    key is the worker's name, or the anomaly's id.

    Raises EventFormError where a member has a value that its form, or JSON, does not allow.
    """
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_source": source,
        "ce_type": event.TYPE,
        "ce_time": _rfc3339(time_ms),
        "ce_subject": subject,
        "ce_traceparent": traceparent,
        "content-type": "application/json",
    }
    key = event.anomaly_id if isinstance(event, AnomalyOpened | AnomalyResolved) else event.worker
    try:
        return EncodedEvent(
            key=key.encode(),
            value=orjson.dumps(FORMS[type(event)].write(event)),
            headers=tuple((name, text.encode()) for name, text in attributes.items() if text is not None),
        )
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise EventFormError(f"{event.TYPE} cannot be written: {error}") from error


def decode(headers: Headers, value: bytes | None) -> Event | UnknownEvent | MalformedEvent:
    """The event of a message; never raises, whatever the bytes."""
    return _decode(_attributes(headers), value)


def read_record(
    offset: int,
    timestamp_ms: int,
    headers: Headers,
    value: bytes | None,
    key: bytes | None = None,
    timestamp_type: int = 1,
) -> LoggedEvent:
    """The event of a record of the log, with its place in it; never raises, whatever the bytes."""
    headers = tuple(headers)
    attributes = _attributes(headers)
    return LoggedEvent(
        offset,
        timestamp_ms,
        attributes.get("ce_id") or f"@{offset}",
        attributes.get("ce_traceparent"),
        _decode(attributes, value),
        timestamp_type,
        record_digest(offset, timestamp_ms, timestamp_type, key, headers, value),
    )


def read_raw(record: RawRecord) -> LoggedEvent:
    """The same for a record as it lies there."""
    return read_record(
        record.offset,
        record.timestamp_ms,
        record.headers,
        record.value,
        record.key,
        record.timestamp_type,
    )


def _attributes(headers: Headers) -> dict[str, str]:
    return {name: content.decode("utf-8", "replace") for name, content in headers if content is not None}


def _decode(attributes: dict[str, str], value: bytes | None) -> Event | UnknownEvent | MalformedEvent:
    type_ = attributes.get("ce_type")
    missing = [
        name for name in ("ce_specversion", "ce_id", "ce_source", "ce_type") if not attributes.get(name)
    ]
    if missing or type_ is None:
        return MalformedEvent(type_, "not_cloudevents", "missing " + ", ".join(missing))
    if attributes["ce_specversion"] != "1.0":
        return MalformedEvent(type_, "unsupported_specversion", attributes["ce_specversion"])
    cls = EVENT_TYPES.get(type_)
    if cls is None:
        return UnknownEvent(type_)
    try:
        event: Event = FORMS[cls].read(orjson.loads(value or b""))
    except orjson.JSONDecodeError as error:
        return MalformedEvent(type_, "not_json", str(error))
    except EventFormError as error:
        return MalformedEvent(type_, error.reason, str(error))
    return event


def _rfc3339(time_ms: int) -> str:
    """A log may hold any number for a time: what is out of the calendar is at its edge."""
    moment = _EPOCH + timedelta(milliseconds=min(max(0, time_ms), _LAST_MS))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
