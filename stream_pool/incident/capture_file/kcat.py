"""The lines that `kcat -J` writes, which are records without a header before them or a trailer behind.

kcat writes bytes as they are: a key, header or value that is not UTF-8 makes a line that is no JSON. Headers
are a flat list, or with its map option an object of lists, whose order is lost. A record without a timestamp
has none of the two members.
"""

from collections.abc import Iterator
from typing import Any

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file.form import CapturedRecord, CaptureHeader
from stream_pool.incident.json_bytes import bytes_of, count, integer, string

NOT_UTF8 = "a line of kcat that is not UTF-8: kcat writes bytes as they are, and what they were is lost in it"

_BEGINS = b'{"topic":'
_TIMESTAMP_TYPES = {"create": 0, "logappend": 1, "unknown": 0}
_NO_TIMESTAMP_MS = -1


def is_kcat(told: Any) -> bool:
    """Whether a first line is one of kcat's."""
    return isinstance(told, dict) and {"topic", "partition", "offset", "payload"} <= told.keys()


def is_not_utf8(line: bytes) -> bool:
    """Whether a line that is no JSON may be one of kcat's with bytes in it that are no text."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.startswith(_BEGINS)
    return False


def kcat_header(told: Any) -> CaptureHeader:
    """A header made up from the first line: of what it cannot tell it says nothing."""
    record = kcat_record(told)
    return CaptureHeader(
        cluster=None,
        topic=record.topic,
        partitions={},
        from_ms=None,
        to_ms=None,
        captured_at_ms=max(0, record.record.timestamp_ms),
    )


def kcat_record(told: Any) -> CapturedRecord:
    """What a line tells. Raises `KeyError`, `TypeError`, `ValueError`, `AttributeError`."""
    record = RawRecord(
        count(told["offset"]),
        integer(told.get("ts", _NO_TIMESTAMP_MS)),
        _TIMESTAMP_TYPES[told.get("tstype", "unknown")],
        _content(told["key"]),
        tuple(_headers(told.get("headers", []))),
        _content(told["payload"]),
    )
    return CapturedRecord(string(told["topic"]), count(told["partition"]), record)


def _headers(told: Any) -> Iterator[tuple[str, bytes | None]]:
    if isinstance(told, dict):
        for name, contents in told.items():
            for content in contents:
                yield name, _content(content)
        return
    for name, content in zip(told[::2], told[1::2], strict=True):
        yield string(name), _content(content)


def _content(told: Any) -> bytes | None:
    """kcat decodes Avro into JSON where it is told to: that is not what lay on the topic."""
    if told is not None and not isinstance(told, str):
        raise TypeError(f"{told!r} is not as it lay on the topic: let kcat decode nothing")
    return bytes_of(told)
