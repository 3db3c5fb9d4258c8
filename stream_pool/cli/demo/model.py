"""The event log folded into what a spectator sees: figures of now, and what has happened so far.

Pure: times come in as seconds since the first record was sent (`at_s`), and log times are turned into the
same by `started_ms`. An event that is met twice counts once.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from stream_pool import words
from stream_pool.cli.demo.ledger import Account, Ledger
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    LagSampled,
    LoggedEvent,
    MemorySampled,
    ObservationsLost,
    PoolResized,
    PoolSampled,
    SignalsSampled,
)
from stream_pool.signals import Histogram

Kind = Literal["phase", "opened", "resolved", "pool", "lost"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something worth a line, in words."""

    at_s: float
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One anomaly; `resolved_s` is None while it is open. Seconds since the first record."""

    rule: str
    subject: str
    severity: str
    diagnosis: str
    opened_s: float
    resolved_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Totals of hits, misses and evictions; the rest as last sampled, None before that."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    size: int | None = None
    capacity: int | None = None
    shapes: int | None = None
    hit_ratio: float | None = None
    lookups_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything that a renderer needs, at one moment."""

    at_s: float
    phase: str
    sent: int
    sent_per_s: float
    processed: int
    processed_per_s: float
    dead_letters: int
    dead_letter_reasons: tuple[tuple[str, int], ...]
    lag_records: int | None
    lag_seconds: float | None
    lag_records_max: int
    lag_seconds_max: float
    lag_history: tuple[int, ...]
    p99_s: float | None
    rss_bytes: int | None
    pool: Pool
    anomalies: tuple[Anomaly, ...]
    happenings: tuple[Happening, ...]


class DemoModel:
    """State of one run of the demo on one topic."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._ledger = Ledger()
        self._started_ms = 0
        self._seen: set[str] = set()
        self._phase = "waiting for the worker"
        self._sent = 0
        self._sent_before = (0.0, 0)
        self._sent_per_s = 0.0
        self._processed_per_s = 0.0
        self._processed_per_s_max = 0.0
        self._reasons: Counter[str] = Counter()
        self._worker_has_begun = False
        self._lag: tuple[int | None, float | None] = (None, None)
        self._lag_records_max = 0
        self._lag_seconds_max = 0.0
        self._lag_history: list[int] = []
        self._p99_s: float | None = None
        self._rss_bytes: int | None = None
        self._pool = Pool()
        self._last_resize = ""
        self._anomalies: dict[str, Anomaly] = {}
        self._happenings: list[Happening] = []

    def start(self, started_ms: int) -> None:
        """The first record is sent at this moment (milliseconds since the epoch)."""
        self._started_ms = started_ms

    def begin_phase(self, name: str, at_s: float, about: str) -> None:
        """A phase of the scenario begins."""
        self._phase = name
        self._happenings.append(Happening(at_s, "phase", f"{name}: {about}"))

    def sent(self, partition: int, offset: int) -> None:
        """The broker acknowledged a record."""
        self._sent += 1
        self._ledger.sent(partition, offset)

    def dead_letter(self, partition: int, offset: int, reason: str) -> None:
        """A dead letter was read, with the place of the record that it came from."""
        if self._ledger.dead_letter(partition, offset):
            self._reasons[reason] += 1

    def committed(self, partition: int, offset: int) -> None:
        """The group's commit was read."""
        self._ledger.committed(partition, offset)

    def sample(self, at_s: float) -> None:
        """Take the rate of sending since the last sample, and one more point for the curve of the lag."""
        before_s, before = self._sent_before
        if at_s > before_s:
            self._sent_per_s = (self._sent - before) / (at_s - before_s)
            self._sent_before = (at_s, self._sent)
        self._lag_history.append(self._lag[0] or 0)

    def apply(self, logged: LoggedEvent) -> None:
        """Take one event of the log in."""
        if logged.id in self._seen:
            return
        self._seen.add(logged.id)
        at_s = self._seconds(logged.timestamp_ms)
        match logged.event:
            case SignalsSampled() as event:
                self._take_signals(event)
            case LagSampled() as event:
                self._take_lag(event)
            case PoolSampled() as event:
                self._take_pool(event)
            case PoolResized() as event:
                self._resize(event, at_s)
            case MemorySampled() as event:
                self._rss_bytes = event.rss_bytes
            case ObservationsLost() as event:
                self._happenings.append(Happening(at_s, "lost", f"{event.lost} observations lost"))
            case AnomalyOpened() as event:
                self._open(event)
            case AnomalyResolved() as event:
                self._resolve(event)

    @property
    def worker_has_begun(self) -> bool:
        """Whether the worker has been given partitions: it reports the lag of those that it owns."""
        return self._worker_has_begun

    @property
    def open_anomalies(self) -> int:
        return sum(anomaly.resolved_s is None for anomaly in self._anomalies.values())

    @property
    def processed_per_s_max(self) -> float:
        """The most records a second that any interval finished."""
        return self._processed_per_s_max

    def account(self) -> Account:
        """The books as they stand."""
        return self._ledger.account()

    def view(self, at_s: float) -> View:
        """What is to be seen now."""
        account = self.account()
        return View(
            at_s=at_s,
            phase=self._phase,
            sent=self._sent,
            sent_per_s=self._sent_per_s,
            processed=account.processed,
            processed_per_s=self._processed_per_s,
            dead_letters=account.dead_letters,
            dead_letter_reasons=tuple(sorted(self._reasons.items())),
            lag_records=self._lag[0],
            lag_seconds=self._lag[1],
            lag_records_max=self._lag_records_max,
            lag_seconds_max=self._lag_seconds_max,
            lag_history=tuple(self._lag_history),
            p99_s=self._p99_s,
            rss_bytes=self._rss_bytes,
            pool=self._pool,
            anomalies=tuple(self._anomalies.values()),
            happenings=tuple(self._happenings),
        )

    def _seconds(self, at_ms: int) -> float:
        return round((at_ms - self._started_ms) / 1_000, 1)

    def _take_signals(self, event: SignalsSampled) -> None:
        mine = [part for part in event.partitions if part.topic == self._topic]
        latency = Histogram()
        for part in mine:
            self._ledger.finished(part.partition, part.from_offset, part.to_offset, part.errors)
            latency.merge(part.latency)
        if event.interval_s > 0:
            self._processed_per_s = sum(part.records for part in mine) / event.interval_s
            self._processed_per_s_max = max(self._processed_per_s_max, self._processed_per_s)
        self._p99_s = latency.quantile(0.99)

    def _take_lag(self, event: LagSampled) -> None:
        mine = [part for part in event.partitions if part.topic == self._topic]
        self._worker_has_begun |= event.observer == "worker" and bool(mine)
        records = [part.lag_records for part in mine if part.lag_records is not None]
        seconds = [part.lag_seconds for part in mine if part.lag_seconds is not None]
        self._lag = (sum(records) if records else None, max(seconds, default=None))
        self._lag_records_max = max(self._lag_records_max, sum(records))
        self._lag_seconds_max = max(self._lag_seconds_max, *seconds, 0.0)

    def _take_pool(self, event: PoolSampled) -> None:
        lookups = event.hits + event.misses
        self._pool = Pool(
            hits=self._pool.hits + event.hits,
            misses=self._pool.misses + event.misses,
            evictions=self._pool.evictions + event.evictions,
            size=event.size,
            capacity=event.capacity,
            shapes=event.shapes,
            hit_ratio=event.hits / lookups if lookups else self._pool.hit_ratio,
            lookups_per_s=event.lookups_per_s,
        )

    def _resize(self, event: PoolResized, at_s: float) -> None:
        """Every growth is told; of a slow shrinking only its first step, since it takes one an interval."""
        if event.kind == "grow" or event.kind != self._last_resize:
            text = f"pool {event.kind}: {event.from_capacity:,} → {event.to_capacity:,} ({event.reason})"
            self._happenings.append(Happening(at_s, "pool", text))
        self._last_resize = event.kind

    def _open(self, event: AnomalyOpened) -> None:
        opened_s = self._seconds(event.opened_at_ms)
        self._anomalies[event.anomaly_id] = Anomaly(
            event.rule, event.subject, event.severity, event.diagnosis, opened_s
        )
        bound = (
            "" if event.expected_high is None else f", expected at most {words.figure(event.expected_high)}"
        )
        value = f"{words.figure(event.value)}{bound} ({event.diagnosis})"
        text = f"{event.severity} {event.rule} on {event.subject}: {value}"
        self._happenings.append(Happening(opened_s, "opened", text))

    def _resolve(self, event: AnomalyResolved) -> None:
        anomaly = self._anomalies.get(event.anomaly_id)
        if anomaly is None or anomaly.resolved_s is not None:
            return
        resolved_s = self._seconds(event.resolved_at_ms)
        self._anomalies[event.anomaly_id] = replace(anomaly, resolved_s=resolved_s)
        lasted_s = resolved_s - anomaly.opened_s
        text = f"{event.severity} {event.rule} on {event.subject}: over after {lasted_s:.1f} s"
        self._happenings.append(Happening(resolved_s, "resolved", text))
