"""A record as the in-memory log keeps it, and as a consumer gets it.

What is kept knows neither its topic nor its offset, so that millions of records may be one object; what a
consumer gets is aiokafka's own record, made when it is fetched.
"""

from collections.abc import Iterable
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

CREATE_TIME = 0
LOG_APPEND_TIME = 1

_RECORD_OVERHEAD = 21
_HEADER_OVERHEAD = 4
_BATCH_OVERHEAD = 61

StoredHeaders = tuple[tuple[str | bytes, bytes | None], ...]


class Stored(NamedTuple):
    """One record without its place. `timestamp` in milliseconds, of `timestamp_type` 0 or 1.

    `size_bytes` is what it takes in a batch, to within a few bytes. A header name that is no UTF-8 stays
    bytes; the record is then not `readable` by any Python client.
    """

    value: bytes | None
    key: bytes | None
    headers: StoredHeaders
    timestamp: int
    timestamp_type: int
    size_bytes: int
    readable: bool


def stored(
    value: bytes | None,
    key: bytes | None = None,
    headers: Iterable[tuple[str | bytes, bytes | None]] = (),
    *,
    timestamp: int,
    timestamp_type: int = CREATE_TIME,
) -> Stored:
    """A record to keep."""
    kept = tuple([(_name(name), content) for name, content in headers])
    readable = not any(isinstance(name, bytes) for name, _ in kept)
    size_bytes = record_size(key, value, kept)
    return Stored(value, key, kept, timestamp, timestamp_type, size_bytes, readable)


def record_size(
    key: bytes | None, value: bytes | None, headers: Iterable[tuple[str | bytes, bytes | None]]
) -> int:
    """The bytes of one record in a batch, at most."""
    size = _RECORD_OVERHEAD + len(key or b"") + len(value or b"")
    for name, content in headers:
        size += _HEADER_OVERHEAD + len(name) + len(content or b"")
    return size


def batch_size(records: Iterable[int]) -> int:
    """The bytes of a batch of records of these sizes, which is what a topic's limit is for."""
    return _BATCH_OVERHEAD + sum(records)


def fetched(topic: str, partition: int, offset: int, kept: Stored) -> "ConsumerRecord[bytes, bytes]":
    """The record as a consumer gets it. Raises `UnicodeDecodeError`, as aiokafka does while it unpacks."""
    value, key, headers, timestamp, timestamp_type, _, readable = kept
    if not readable:
        for name, _ in headers:
            if isinstance(name, bytes):
                name.decode()
    return ConsumerRecord(
        topic,
        partition,
        offset,
        timestamp,
        timestamp_type,
        key,
        value,
        None,
        -1 if key is None else len(key),
        -1 if value is None else len(value),
        headers,
    )


def _name(name: str | bytes) -> str | bytes:
    if isinstance(name, str):
        return name
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name
