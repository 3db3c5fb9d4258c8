"""The lines of a capture: header, records, ranges that were lost, trailer. See the package's first lines."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from stream_pool.documents import quote
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.json_bytes import bytes_of, count, integer, string

FORMAT = 1
MAX_LINE_BYTES = 256 << 20
"""A record of 100 MB in base64, and room: Kafka's own default bound is 1 MB."""

_RECORD = (
    b'{%b"partition":%d,"offset":%d,"timestamp":%d,"timestamp_type":%d,"key":%b,"headers":[%b],"value":%b}'
)

TRAILER_BEGINS = b'{"records":'

Headers = tuple[tuple[str, bytes | None], ...]
Range = tuple[int, int]
"""Offsets, the second of which is no longer part of it."""


@dataclass(frozen=True, slots=True)
class CapturedRecord:
    """A record, and where it lay."""

    topic: str
    partition: int
    record: RawRecord


@dataclass(frozen=True, slots=True)
class CaptureHeader:
    """What a capture was asked for.

    `partitions` has the range of offsets of each partition that was asked for, of `partition_count` that the
    topic had (None: nobody said), and `others` the ranges of further topics (the event log, snapshots).
    `from_ms`, `to_ms` are the times asked for, in Unix epoch, and `from_offset`, `to_offset` the offsets;
    None where none were. `redaction` has the rules in the words in which they were given, None where values
    stand as they were; `salt_id` tells the salt of their hashes from another.
    """

    cluster: str | None
    topic: str
    partitions: Mapping[int, Range]
    from_ms: int | None
    to_ms: int | None
    captured_at_ms: int
    group: str | None = None
    redaction: tuple[str, ...] | None = None
    others: Mapping[str, Mapping[int, Range]] = field(default_factory=dict)
    salt_id: str | None = None
    partition_count: int | None = None
    from_offset: int | None = None
    to_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Offsets of a partition that were gone before they could be read: `start` to `stop`, without it."""

    topic: str
    partition: int
    start: int
    stop: int
    why: str


Counts = dict[str, dict[int, int]]
"""Records by topic and partition."""


def header_line(header: CaptureHeader) -> bytes:
    """The first line of a capture."""
    told: dict[str, Any] = {
        "stream_pool_capture": FORMAT,
        "cluster": header.cluster,
        "topic": header.topic,
        "partitions": _ranges_told(header.partitions),
        "from_ms": header.from_ms,
        "to_ms": header.to_ms,
        "captured_at_ms": header.captured_at_ms,
        "group": header.group,
        "redaction": None
        if header.redaction is None
        else {"rules": header.redaction} | ({} if header.salt_id is None else {"salt_id": header.salt_id}),
    }
    for name in ("partition_count", "from_offset", "to_offset"):
        if (value := getattr(header, name)) is not None:
            told[name] = value
    if header.others:
        told["others"] = {topic: _ranges_told(ranges) for topic, ranges in header.others.items()}
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def header_of(told: Any) -> CaptureHeader:
    """The header that a first line tells. Raises `ValueError` where it tells none."""
    if not isinstance(told, dict) or "stream_pool_capture" not in told:
        raise ValueError("its first line does not say so")
    if told["stream_pool_capture"] != FORMAT:
        raise ValueError(f"it is of format {told['stream_pool_capture']!r}, and this version reads {FORMAT}")
    try:
        redaction = told.get("redaction")
        return CaptureHeader(
            cluster=_optional(string, told.get("cluster")),
            topic=string(told["topic"]),
            partitions=_ranges(told["partitions"]),
            partition_count=_optional(count, told.get("partition_count")),
            from_ms=_optional(integer, told.get("from_ms")),
            to_ms=_optional(integer, told.get("to_ms")),
            from_offset=_optional(count, told.get("from_offset")),
            to_offset=_optional(count, told.get("to_offset")),
            captured_at_ms=integer(told["captured_at_ms"]),
            group=_optional(string, told.get("group")),
            redaction=None if redaction is None else tuple(string(rule) for rule in redaction["rules"]),
            salt_id=None if redaction is None else _optional(string, redaction.get("salt_id")),
            others={string(topic): _ranges(ranges) for topic, ranges in told.get("others", {}).items()},
        )
    except KeyError as error:
        raise ValueError(f"its first line is without {error}") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"its first line is wrong: {error}") from error


def trailer_line(counts: Counts, sha256: str, *, is_whole: bool = True) -> bytes:
    """The last line of a capture; `is_whole` where all was read that the header speaks of."""
    told: dict[str, Any] = {
        "records": sum(sum(partitions.values()) for partitions in counts.values()),
        "by_topic": {
            topic: {str(partition): partitions[partition] for partition in sorted(partitions)}
            for topic, partitions in sorted(counts.items())
        },
    }
    if not is_whole:
        told["whole"] = False
    return orjson.dumps(told | {"sha256": sha256}, option=orjson.OPT_APPEND_NEWLINE)


def record_line(
    topic: str | None,
    partition: int,
    offset: int,
    timestamp_ms: int,
    timestamp_type: int,
    key: bytes | None,
    headers: Sequence[tuple[str, bytes | None]],
    value: bytes | None,
) -> bytes:
    """A record's line, without its end; `topic` is None where it is the header's."""
    named = b"" if topic is None else b'"topic":%b,' % _quoted(topic.encode())
    told = [b"[%b,%b]" % (_quoted(name.encode()), _quoted(content)) for name, content in headers]
    return _RECORD % (
        named,
        partition,
        offset,
        timestamp_ms,
        timestamp_type,
        _quoted(key),
        b",".join(told),
        _quoted(value),
    )


def _quoted(content: bytes | None) -> bytes:
    """What `text_or_base64` tells, as JSON, without a text being made of it."""
    if content is None:
        return b"null"
    return quote(content) or b'{"base64":"%b"}' % b64encode(content)


def lost_line(lost: Lost, capture_topic: str) -> bytes:
    """The line of a lost range."""
    named: dict[str, Any] = {} if lost.topic == capture_topic else {"topic": lost.topic}
    told = {"partition": lost.partition, "lost": (lost.start, lost.stop), "why": lost.why}
    return orjson.dumps(named | told, option=orjson.OPT_APPEND_NEWLINE)


def entry_of(told: Any, capture_topic: str) -> CapturedRecord | Lost:
    """What a line tells. Raises `KeyError`, `TypeError`, `ValueError`, `AttributeError`."""
    topic = string(told.get("topic", capture_topic))
    partition = count(told["partition"])
    if "lost" in told:
        start, stop = _range(told["lost"])
        return Lost(topic, partition, start, stop, string(told["why"]))
    record = RawRecord(
        count(told["offset"]),
        integer(told["timestamp"]),
        count(told["timestamp_type"]),
        bytes_of(told["key"]),
        tuple([(string(name), bytes_of(content)) for name, content in told["headers"]]),
        bytes_of(told["value"]),
    )
    return CapturedRecord(topic, partition, record)


def _optional(check: Any, told: Any) -> Any:
    return None if told is None else check(told)


def _ranges_told(ranges: Mapping[int, Range]) -> dict[str, Range]:
    return {str(partition): ranges[partition] for partition in sorted(ranges)}


def _ranges(told: Any) -> dict[int, Range]:
    return {int(partition): _range(range_) for partition, range_ in told.items()}


def _range(told: Any) -> Range:
    start, stop = told
    return count(start), count(stop)
