"""A record of a log as it lies there: bytes and their place, before anybody reads a meaning into them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record of a topic's only partition.

    `timestamp_ms` is Unix epoch, `timestamp_type` Kafka's: 0 where its producer set it (CreateTime), 1 where
    the broker did (LogAppendTime).
    """

    offset: int
    timestamp_ms: int
    timestamp_type: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
