"""Where captured records go."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from stream_pool.incident.capture_file import Lost
from stream_pool.incident.redaction import Redactor
from stream_pool.stream.offsets import Record


class Sink(Protocol):
    """Takes records in the order of the capture. `CaptureWriter` has all of it."""

    def append(self, records: Sequence[Record]) -> None: ...

    def lose(self, lost: Lost) -> None: ...


class Redacted(NamedTuple):
    """A record of which something does not leave."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


def redacted(record: Record, redactor: Redactor) -> Redacted:
    """A record as it may leave."""
    return Redacted(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        redactor.key(record.key),
        redactor.headers(record.headers),
        redactor.value(record.value),
    )


class Redacting:
    """A sink that redacts the records of one topic on their way to another sink."""

    def __init__(self, sink: Sink, redactor: Redactor, topic: str) -> None:
        self._sink = sink
        self._redactor = redactor
        self._topic = topic

    def append(self, records: Sequence[Record]) -> None:
        redactor, topic = self._redactor, self._topic
        self._sink.append([redacted(each, redactor) if each.topic == topic else each for each in records])

    def lose(self, lost: Lost) -> None:
        self._sink.lose(lost)


class Preview:
    """A sink that keeps the first `count` records, and calls `full` then."""

    def __init__(self, count: int, full: Callable[[], None]) -> None:
        self._count = count
        self._full = full
        self.records: list[Record] = []

    def append(self, records: Sequence[Record]) -> None:
        self.records += records[: self._count - len(self.records)]
        if len(self.records) == self._count:
            self._full()

    def lose(self, lost: Lost) -> None:
        """A preview is not of what is gone."""
