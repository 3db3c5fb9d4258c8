"""A small language to write logs in, for the scenarios of this room."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stream_pool.detection import FOLD_VERSION, Conclusion, Rules, State, fold
from stream_pool.events import (
    ClockTicked,
    DetectorConfigured,
    Event,
    LagSampled,
    Latency,
    LoggedEvent,
    MalformedEvent,
    MemorySampled,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    SignalsSampled,
    UnknownEvent,
    event_id,
)
from stream_pool.lag import Status

START_MS = 1_700_000_000_000


@dataclass
class LogScript:
    """Writes events one after the other; `at_s` is the log's time since its start.

    With a `timestamp_type` of 0 (CreateTime) it is the writer's own time.
    """

    at_s: float = 0.0
    events: list[LoggedEvent] = field(default_factory=list)
    sequence: int = 0
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    timestamp_type: int = 1

    @property
    def now_ms(self) -> int:
        return START_MS + int(self.at_s * 1000)

    def add(
        self, event: Event | UnknownEvent | MalformedEvent, traceparent: str | None = None
    ) -> LoggedEvent:
        id_ = f"@{len(self.events)}" if isinstance(event, UnknownEvent | MalformedEvent) else event_id(event)
        logged = LoggedEvent(len(self.events), self.now_ms, id_, traceparent, event, self.timestamp_type)
        self.events.append(logged)
        return logged

    def repeat(self, logged: LoggedEvent) -> None:
        self.events.append(
            LoggedEvent(len(self.events), self.now_ms, logged.id, None, logged.event, self.timestamp_type)
        )

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def configure(self, rules: Rules, fold_version: int = FOLD_VERSION) -> None:
        self.add(DetectorConfigured("d", "i", self.next(), fold_version, rules.to_mapping()))

    def tick(self, seconds: float = 10.0, worker: str = "d", traceparent: str | None = None) -> LoggedEvent:
        self.at_s += seconds
        return self.add(ClockTicked(worker, "i", self.next(), 10.0), traceparent)

    def lag(self, records: int, partition: int = 0, committed: int = 1000, topic: str = "orders") -> None:
        """A poll that finds the group this far behind."""
        lag = PartitionLag(topic, partition, committed + records, committed, records, None, Status.OK)
        self.add(LagSampled("d", "i", self.next(), "g", "detector", (lag,)))

    def commit(self, offset: int, partition: int = 0, worker: str = "w") -> None:
        entry = PartitionCommit("orders", partition, offset, 0, None)
        self.add(OffsetsCommitted(worker, "i", self.next(), 10.0, (entry,)))

    def signals(
        self, records: int, errors: int = 0, bucket: int = 0, seconds: float = 0.0, start: int | None = None
    ) -> LoggedEvent:
        """The next interval of orders/0: so many records and errors, all in one bucket of latency."""
        begin = self.positions.get(("orders", 0), 0) if start is None else start
        self.positions["orders", 0] = max(begin + records, self.positions.get(("orders", 0), 0))
        latency = Latency(((bucket, records),) if records else (), seconds * records, seconds)
        part = PartitionSignals("orders", 0, begin, begin + records, records, 0, errors, 0, 0, latency)
        return self.add(SignalsSampled("w", "i", self.next(), 10.0, (part,)))

    def memory(self, rss_bytes: int, worker: str = "w", incarnation: str = "i") -> None:
        self.add(MemorySampled(worker, incarnation, self.next(), rss_bytes, None))


def fold_all(events: Iterable[LoggedEvent], state: State | None = None) -> tuple[State, list[Conclusion]]:
    """The state after a log, and everything that was concluded on the way."""
    state = state or State()
    conclusions: list[Conclusion] = []
    for logged in events:
        state, new = fold(state, logged)
        conclusions.extend(new)
    return state, conclusions
