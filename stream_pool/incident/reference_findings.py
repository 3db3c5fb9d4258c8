"""What the log says of the reference incident, beside what the story tells.

Pure: it is fed the records of the log and of the snapshots, and asked at the end. Times are seconds from
T+00:00. A thing counts as found when its anomaly stands in the log, not when it began.
"""

from dataclasses import dataclass

from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.detection.verdict import Verdict
from stream_pool.detection.verification import verify
from stream_pool.events import (
    Anomaly,
    AnomalyOpened,
    AnomalyResolved,
    LagSampled,
    LoggedEvent,
    MemorySampled,
    SignalsSampled,
    read_raw,
)
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident import reference as told
from stream_pool.incident.reference import GROUP, TOPIC, VICTIM, WORKERS, Story
from stream_pool.signals import Histogram

EVENTS_TOPIC = f"{GROUP}.events"
SNAPSHOTS_TOPIC = f"{GROUP}.snapshots"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the story. `rule` on `subject` found it at `found_s`; None: it did not, or there is none.

    `story_s` is when a person saw it, None where the story does not tell.
    """

    what: str
    story_s: float | None
    rule: str | None
    subject: str
    severity: str | None
    found_s: float | None

    @property
    def ahead_s(self) -> float | None:
        """By how many seconds the detector was ahead of the person."""
        return None if self.story_s is None or self.found_s is None else self.story_s - self.found_s


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the story and the run's own; `close` says whether they are as near as they can be told."""

    what: str
    story: float
    run: float | None
    unit: str
    close: bool


class _Signals:
    """Latency and errors of one stretch of the story."""

    def __init__(self) -> None:
        self.latency = Histogram()
        self.records = 0
        self.errors = 0

    def add(self, event: SignalsSampled) -> None:
        for entry in event.partitions:
            self.latency.merge(entry.latency)
            self.records += entry.records
            self.errors += entry.errors

    @property
    def error_ratio(self) -> float | None:
        return self.errors / self.records if self.records else None


class Findings:
    """The log of one run. `began_ms` is the time of day at which the story's world began."""

    def __init__(self, story: Story, began_ms: int) -> None:
        self.story = story
        self._zero_ms = began_ms - int(told.BEGINS_S * 1_000)
        self._log: list[RawRecord] = []
        self._snapshots = SnapshotsKept()
        self._opened: dict[tuple[str, str], tuple[float, AnomalyOpened]] = {}
        self._calm, self._dry = _Signals(), _Signals()
        self._incarnation: str | None = None
        self.anomalies: list[tuple[float, Anomaly]] = []
        self.lag_max = 0
        self.memory_max = 0.0
        self.back_s: float | None = None

    def take(self, topic: str, record: RawRecord) -> None:
        """One more record, in the order in which they were written."""
        if topic == SNAPSHOTS_TOPIC:
            self._snapshots.take(record)
        elif topic == EVENTS_TOPIC:
            self._log.append(record)
            self.see(read_raw(record))

    def see(self, logged: LoggedEvent) -> None:
        """One more event of the log, for who reads one and does not verify it."""
        at_s = self.at_s(logged)
        match logged.event:
            case AnomalyOpened() as event:
                self.anomalies.append((at_s, event))
                self._opened.setdefault((event.rule, event.subject), (at_s, event))
            case AnomalyResolved() as event:
                self.anomalies.append((at_s, event))
            case SignalsSampled() as event if at_s < told.UPGRADE_S:
                self._calm.add(event)
            case SignalsSampled() as event if at_s > told.ERRORS_STORY_S + event.interval_s:
                self._dry.add(event)
            case LagSampled(observer="detector") as event:
                behind = sum(entry.lag_records or 0 for entry in event.partitions if entry.topic == TOPIC)
                self.lag_max = max(self.lag_max, behind)
            case MemorySampled() as event if event.worker == VICTIM:
                self._take_memory(event, at_s)

    def at_s(self, logged: LoggedEvent) -> float:
        """When an event came into the log, in seconds from T+00:00."""
        return (logged.timestamp_ms - self._zero_ms) / 1_000

    def verify(self) -> Verdict:
        """What `stream-pool verify` says of this log."""
        return verify(GROUP, self._log, self._snapshots)

    def rows(self) -> list[Row]:
        """The lines of the story, in its order."""
        return [
            self._row("lag over its threshold, 2,000,000 at T+00:00", told.LAG_STORY_S, "lag", TOPIC),
            self._row("errors up 3,700 %", told.ERRORS_STORY_S, "error_ratio", TOPIC),
            self._row("a worker's memory, 99.2 % at T+11:45", told.MEMORY_STORY_S, "memory", VICTIM),
            self._row("P99 from 320 ms to 8.4 s", None, "latency_p99", TOPIC),
            Row(
                "its kill: its next life",
                told.MEMORY_STORY_S,
                None,
                VICTIM,
                None,
                self.back_s,
            ),
        ]

    def figures(self, orders: int) -> list[Figure]:
        """The story's figures and the run's, which handled `orders` since T+00:00."""
        story = self.story
        return [
            _at_least("records behind", story.backlog, self.lag_max, ""),
            _at_least("orders handled", story.orders, orders, ""),
            _same_bucket("P99 before", 0.320, self._calm.latency.quantile(0.99)),
            _same_bucket("P99", 8.4, self._dry.latency.quantile(0.99)),
            _near("errors before", told.CALM_ERRORS, self._calm.error_ratio, 0.05, self._calm.records),
            _near("errors", told.ERRORS, self._dry.error_ratio, 0.05, self._dry.records),
            _near("memory of its limit", told.MEMORY_FULL, self.memory_max, 0.001),
        ]

    def _row(self, what: str, story_s: float | None, rule: str, subject: str) -> Row:
        found = self._opened.get((rule, subject))
        if found is None:
            return Row(what, story_s, rule, subject, None, None)
        return Row(what, story_s, rule, subject, found[1].severity, found[0])

    def _take_memory(self, event: MemorySampled, at_s: float) -> None:
        if event.limit_bytes:
            self.memory_max = max(self.memory_max, event.rss_bytes / event.limit_bytes)
        begins_anew = self._incarnation not in (None, event.incarnation)
        if begins_anew and at_s > told.KILLED_S and self.back_s is None:
            self.back_s = at_s
        self._incarnation = event.incarnation


def _at_least(what: str, story: float, run: float, unit: str) -> Figure:
    return Figure(what, story, run, unit, run >= story)


def _near(what: str, story: float, run: float | None, within: float, records: int = 0) -> Figure:
    """A share of `records` is known to one record of each worker."""
    allowed = within * story + (len(WORKERS) / records if records else 0.0)
    return Figure(what, story, run, "ratio", run is not None and abs(run - story) <= allowed)


def _same_bucket(what: str, story: float, run: float | None) -> Figure:
    """A quantile is known to its bucket, whose upper bound stands for it: at most a tenth too high. Runs
    with few orders are off by one of them."""
    return Figure(what, story, run, "s", run is not None and 0.9 * story <= run <= 1.2 * story)
