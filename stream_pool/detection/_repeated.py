"""Observations that stand in a log more than once: a producer's retry writes the same bytes again.

Remembered are the last `REMEMBERED` records by their event's id; a repeat that comes later is counted by the
fold and not compared.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from stream_pool.detection.verdict import Difference, Kind, version_of
from stream_pool.events import EVENT_TYPES, LoggedEvent, MalformedEvent
from stream_pool.events.raw_record import RawRecord

REMEMBERED = 4_096


@dataclass(slots=True)
class Repeated:
    """The records seen lately, by id. Ids of others' event types are theirs to keep apart."""

    _seen: OrderedDict[str, RawRecord] = field(default_factory=OrderedDict)

    def compare(self, record: RawRecord, logged: LoggedEvent) -> Difference | None:
        """A record against the first one with its id."""
        event = logged.event
        if not isinstance(event, MalformedEvent) and event.__class__ not in _OURS:
            return None
        first = self._seen.setdefault(logged.id, record)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if (first.key, first.value, first.headers) == (record.key, record.value, record.headers):
            return None
        problem = f"has the id of offset {first.offset}, {logged.id}, and differs from it"
        return Difference(record.offset, Kind.REPEAT, problem, version_of(first), version_of(record))


_OURS = frozenset(EVENT_TYPES.values())
