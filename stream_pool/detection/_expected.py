"""The anomaly events that must stand in a log, and those that do: each to the byte, and none besides."""

from dataclasses import dataclass, field

from stream_pool.detection.conclusion import Conclusion, message
from stream_pool.detection.verdict import Difference, Kind, version_of
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    EncodedEvent,
    LoggedEvent,
    MalformedEvent,
    UnknownEvent,
)
from stream_pool.events.raw_record import RawRecord

PATIENCE = 6
"""Closed windows after which a conclusion that is not in the log is missing."""

ANOMALY_TYPES = frozenset({AnomalyOpened.TYPE, AnomalyResolved.TYPE})


@dataclass(slots=True)
class _Wanted:
    conclusion: Conclusion
    message: EncodedEvent
    cause_offset: int
    windows: int = 0


@dataclass(slots=True)
class Expected:
    """Conclusions on their way into the log.

    Where the log does not begin at its beginning, some anomalies rest on what is no longer there: those
    opened before `opened_from_ms`, or concluded before `concluded_from_ms`, are counted in `unchecked` and
    not judged. Neither is any once there was an owner who had begun `elsewhere`, as one does that finds no
    snapshot: it takes for news what was open before. A conclusion's message is held until it is found; of
    what was found, the message stays, since a repeat must be the same.
    """

    opened_from_ms: int = 0
    concluded_from_ms: int = 0
    elsewhere: bool = False
    anomalies: int = 0
    repeats: int = 0
    unchecked: int = 0
    _wanted: dict[str, _Wanted] = field(default_factory=dict)
    _written: dict[str, RawRecord] = field(default_factory=dict)

    @property
    def unwritten(self) -> int:
        return len(self._wanted)

    def is_about(self, logged: LoggedEvent) -> bool:
        """Whether a record is an anomaly event, or has taken the place of one."""
        event = logged.event
        type_ = event.type if isinstance(event, UnknownEvent | MalformedEvent) else event.TYPE
        return type_ in ANOMALY_TYPES or logged.id in self._wanted or logged.id in self._written

    def want(self, conclusion: Conclusion, group: str, cause_offset: int) -> None:
        """From here on the log should come to have it."""
        if conclusion.event.opened_at_ms < self.opened_from_ms:
            self.unchecked += 1
        elif conclusion.id not in self._written:
            self._wanted[conclusion.id] = _Wanted(conclusion, message(conclusion, group), cause_offset)

    def note(self, record: RawRecord, logged: LoggedEvent) -> None:
        """An anomaly event that stands before the place where checking begins."""
        self._written.setdefault(logged.id, record)

    def compare(self, record: RawRecord, logged: LoggedEvent) -> Difference | None:
        """An anomaly event of the log against what is expected."""
        if (first := self._written.get(logged.id)) is not None:
            self.repeats += 1
            return _compare(record, first, Kind.REPEAT, f"repeats offset {first.offset}, and differs from it")
        wanted = self._wanted.pop(logged.id, None)
        if wanted is None:
            return self._without_cause(record, logged)
        self.anomalies += 1
        self._written[logged.id] = record
        cause = f"differs from what follows from offset {wanted.cause_offset}"
        found = _compare(record, wanted.message, Kind.CONTENT, cause)
        if found is not None and self.elsewhere:
            self.unchecked += 1
            return None
        return found

    def close_window(self, offset: int, folded_to: int | None) -> Difference | None:
        """A tick closed a window; `folded_to` is how far its writer had folded, None where it does not say.

        A writer that had not come to the cause could not conclude: its tick does not count.
        """
        for id_, wanted in list(self._wanted.items()):
            if folded_to is None or folded_to > wanted.cause_offset:
                wanted.windows += 1
            if wanted.windows > PATIENCE and self.elsewhere:
                self.unchecked += 1
                del self._wanted[id_]
            elif wanted.windows > PATIENCE:
                conclusion = wanted.conclusion
                return Difference(
                    wanted.cause_offset,
                    Kind.MISSING,
                    f"{conclusion.id} ({conclusion.event.rule} of {conclusion.subject}) follows from here, "
                    f"and is not in the log {PATIENCE} windows later, at offset {offset}",
                    version_of(wanted.message),
                )
        return None

    def _without_cause(self, record: RawRecord, logged: LoggedEvent) -> Difference | None:
        event = logged.event
        if isinstance(event, AnomalyOpened | AnomalyResolved):
            at_ms = event.opened_at_ms if isinstance(event, AnomalyOpened) else event.resolved_at_ms
            rests_on_more = event.opened_at_ms < self.opened_from_ms or at_ms < self.concluded_from_ms
            if self.elsewhere or rests_on_more:
                self.unchecked += 1
                self._written[logged.id] = record
                return None
        problem = f"nothing before it leads to {logged.id}"
        return Difference(record.offset, Kind.WITHOUT_CAUSE, problem, None, version_of(record))


def _compare(
    record: RawRecord, wanted: EncodedEvent | RawRecord, kind: Kind, problem: str
) -> Difference | None:
    if (record.key, record.value, record.headers) == (wanted.key, wanted.value, wanted.headers):
        return None
    return Difference(record.offset, kind, problem, version_of(wanted), version_of(record))
