"""Logs for the tests of reports: events at times, in the order in which they are added."""

from bisect import bisect_left
from dataclasses import dataclass, field

from stream_pool.detection import FOLD_VERSION, Rules
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    DetectorConfigured,
    Diagnosis,
    Event,
    LagSampled,
    Latency,
    LoggedEvent,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    PoolSampled,
    Scalar,
    Severity,
    SignalsSampled,
    event_id,
)
from stream_pool.incident.report import Collector, Story
from stream_pool.lag import Status
from stream_pool.signals import BOUNDS_S

START_MS = 1_767_225_000_000
RULES = Rules(lag_limit_records=50, min_records=5)


@dataclass
class Log:
    """What is added goes to a collector at once."""

    collector: Collector = field(default_factory=Collector)
    logged: list[LoggedEvent] = field(default_factory=list)
    timestamp_type: int = 1
    sequence: int = 0

    def add(self, event: Event, at_s: float, id_: str | None = None) -> LoggedEvent:
        """One event, at so many seconds from the beginning."""
        at_ms = START_MS + int(at_s * 1_000)
        name = id_ or event_id(event)
        logged = LoggedEvent(len(self.logged), at_ms, name, None, event, self.timestamp_type)
        self.logged.append(logged)
        self.collector.take(logged)
        return logged

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def rules(self, at_s: float, rules: Rules = RULES) -> LoggedEvent:
        return self.add(
            DetectorConfigured("d", "1", self.next(), FOLD_VERSION, rules.to_mapping(), "g"), at_s
        )

    def tick(self, at_s: float) -> LoggedEvent:
        return self.add(ClockTicked("d", "1", self.next(), 10.0), at_s)

    def signals(
        self,
        at_s: float,
        start: int,
        records: int,
        *,
        errors: int = 0,
        letters: int = 0,
        topic: str = "orders",
        worker: str = "w1",
        seconds: float = 0.1,
    ) -> LoggedEvent:
        bucket = Latency(((bisect_left(BOUNDS_S, seconds), records),), records * seconds, seconds)
        part = PartitionSignals(
            topic, 0, start, start + records, records, 1_000 * records, errors, letters, 0, bucket
        )
        return self.add(SignalsSampled(worker, "1", self.next(), 10.0, (part,)), at_s)

    def lag(
        self, at_s: float, records: int, *, end: int = 1_000, worker: str = "d", partition: int = 0
    ) -> LoggedEvent:
        poll = PartitionLag("orders", partition, end, end - records, records, records / 10, Status.OK)
        observer = "detector" if worker == "d" else "worker"
        return self.add(LagSampled(worker, "1", self.next(), "g", observer, (poll,)), at_s)  # type: ignore[arg-type]  # one of the two

    def commits(self, at_s: float, worker: str, life: str, *partitions: int) -> LoggedEvent:
        commits = tuple(PartitionCommit("orders", each, 1, 0, None) for each in partitions)
        return self.add(OffsetsCommitted(worker, life, self.next(), 10.0, commits), at_s)

    def pool(self, at_s: float, worker: str, shapes: int) -> LoggedEvent:
        event = PoolSampled(
            worker, "1", self.next(), 10.0, 90, 10, 20, 5, 100, 4_096, 9_000, shapes, 0.9, 1.5, 10.0
        )
        return self.add(event, at_s)

    def opened(
        self,
        at_s: float,
        rule: str = "lag",
        subject: str = "orders",
        severity: Severity = "P2",
        *,
        value: float = 100.0,
        low: float | None = None,
        high: float | None = 50.0,
        diagnosis: Diagnosis = "unknown",
        cause: str = "none",
        evidence: dict[str, Scalar] | None = None,
    ) -> LoggedEvent:
        at_ms = START_MS + int(at_s * 1_000)
        name = f"{rule}-{subject}-{at_s}"
        event = AnomalyOpened(
            name, rule, subject, severity, value, low, high, evidence or {}, diagnosis, at_ms, cause
        )
        return self.add(event, at_s)

    def resolved(self, at_s: float, opening: LoggedEvent, value: float | None = 1.0) -> LoggedEvent:
        event = opening.event
        assert isinstance(event, AnomalyOpened)
        return self.add(
            AnomalyResolved(
                event.anomaly_id,
                event.rule,
                event.subject,
                event.severity,
                value,
                event.expected_low,
                event.expected_high,
                {},
                event.diagnosis,
                event.opened_at_ms,
                START_MS + int(at_s * 1_000),
                "none",
            ),
            at_s,
        )

    def story(self) -> Story:
        return self.collector.story("log", "g")


def values(story: Story, measure: str, subject: str = "orders") -> list[float]:
    """The values of one series."""
    return [
        point.value
        for series in story.series.get(measure, ())
        if series.subject == subject
        for point in series.points
    ]


def incident() -> Log:
    """A little of everything: calm, lag and errors, a worker that goes and comes back, an end."""
    log = Log()
    log.rules(0)
    position = 0
    opened = None
    for window in range(24):
        at_s = 10.0 * window
        wrong = 6 <= window < 18
        for worker, partition in (("w1", 0), ("w2", 1)):
            if worker == "w2" and 9 <= window < 12:
                continue
            log.commits(at_s + 1, worker, "2" if worker == "w2" and window >= 12 else "1", partition)
        log.signals(at_s + 2, position, 20, errors=4 if wrong else 0, seconds=2.0 if wrong else 0.1)
        position += 20
        log.pool(at_s + 3, "w1", 38 if window >= 6 else 20)
        log.lag(at_s + 4, 100 * (window - 5) if wrong else 0, end=1_000 + 30 * window)
        tick = log.tick(at_s + 9)
        if window == 7:
            opened = log.opened(at_s + 9, cause=tick.id, evidence={"partitions": 2, "lag_seconds": 12.5})
            for partition in (0, 1):
                log.opened(at_s + 9, "partition_warn", f"orders/{partition}", "P3", high=None, value=50.0)
    assert opened is not None
    log.resolved(240, opened)
    return log
