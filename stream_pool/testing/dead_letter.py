"""A dead letter, as a test asks about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from stream_pool.events.raw_record import RawRecord

_PREFIX = "stream-pool."


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Where a record stood and why it went to the dead letters, with its own key, value and headers."""

    topic: str
    partition: int
    offset: int
    reason: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def read_dead_letters(records: Sequence[RawRecord]) -> list[DeadLetter]:
    """The letters of a dead-letter topic, by where their records stood: they are written side by side."""
    return sorted(map(_letter, records), key=lambda letter: (letter.topic, letter.partition, letter.offset))


def _letter(record: RawRecord) -> DeadLetter:
    ours = {name: value or b"" for name, value in record.headers if name.startswith(_PREFIX)}
    return DeadLetter(
        topic=ours[_PREFIX + "topic"].decode(),
        partition=int(ours[_PREFIX + "partition"]),
        offset=int(ours[_PREFIX + "offset"]),
        reason=ours[_PREFIX + "reason"].decode(),
        key=record.key,
        value=record.value,
        headers=tuple(header for header in record.headers if not header[0].startswith(_PREFIX)),
    )
