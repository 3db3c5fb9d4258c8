"""What came of an offline replay, in figures that two replays can be compared by.

Pure: it is fed the records of the log and of the dead letters, and what the in-memory log itself says of the
lag. Times are seconds from the first record's.

A record counts once, however often it was delivered: workers that are given a partition begin behind its last
commit, and what another has done since comes again. Ranges are held against each other as the detector does
it, and dead letters by the place of their record, as far as `MAX_REMEMBERED` of them go back.
"""

from collections import Counter, OrderedDict
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    LagSampled,
    PartitionSignals,
    PoolSampled,
    SignalsSampled,
    read_raw,
)
from stream_pool.events.raw_record import RawRecord
from stream_pool.signals import Coverage, Slice

MAX_REMEMBERED: Final = 100_000

_REASON: Final = "stream-pool.reason"
_PLACE: Final = frozenset(f"stream-pool.{part}" for part in ("group", "topic", "partition", "offset"))


@dataclass(slots=True)
class AnomalyFigure:
    """One anomaly: who opened it on what, when, and when it resolved (None: it was open at the end)."""

    rule: str
    subject: str
    severity: str
    diagnosis: str
    opened_s: float
    resolved_s: float | None = None


@dataclass(slots=True)
class Figures:
    """`records` are those that workers reported as finished, `done` those of them that were handled,
    `dead_letters` those that were buried, by reason, `skipped` what failed and was left; each once.
    `redelivered` is how many deliveries there were beyond that.

    `lag_peak_records` is the most that was behind at a time, `drain_s` how long after the last record all was
    committed (None: it never was). Latency is from poll to done. `pool_bytes_peak` is what the strings of the
    largest pool took. None: nobody said.
    """

    records: int = 0
    errors: int = 0
    retries: int = 0
    redelivered: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    anomalies: list[AnomalyFigure] = field(default_factory=list)
    lag_peak_records: int = 0
    lag_peak_at_s: float = 0.0
    lag_peak_s: float | None = None
    drain_s: float | None = None
    latency_p50_s: float | None = None
    latency_p99_s: float | None = None
    pool_hit_ratio: float | None = None
    pool_capacity_peak: int | None = None
    pool_bytes_peak: int | None = None

    @property
    def buried(self) -> int:
        """Dead letters of every reason."""
        return sum(self.dead_letters.values())

    @property
    def outcomes(self) -> dict[str, int]:
        """Every record that was finished, by what became of it."""
        skipped = max(0, self.errors - self.buried)
        outcomes = {"done": max(0, self.records - self.errors), **dict(sorted(self.dead_letters.items()))}
        return outcomes | ({"skipped": skipped} if skipped else {})

    def to_json(self) -> dict[str, Any]:
        """As an object of plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Self:
        """Back again, without what only a later build tells. Raises TypeError, KeyError for what is no such
        object."""
        anomalies = [AnomalyFigure(**_known(AnomalyFigure, anomaly)) for anomaly in told["anomalies"]]
        return cls(**_known(cls, told) | {"anomalies": anomalies})


def _known(kind: type, told: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in told.items() if name in names}


class Tally:
    """Makes the figures of one replay. `zero_ms` is the time of day of its first record."""

    def __init__(self, zero_ms: int) -> None:
        self._zero_ms = zero_ms
        self._figures = Figures()
        self._signals = Slice()
        self._coverages: dict[tuple[str, int], Coverage] = {}
        self._letters: Counter[str] = Counter()
        self._buried: OrderedDict[frozenset[tuple[str, bytes | None]], None] = OrderedDict()
        self._open: dict[str, AnomalyFigure] = {}
        self._seen: set[str] = set()
        self._hits = 0
        self._lookups = 0

    def letter(self, record: RawRecord) -> None:
        """A dead letter was written."""
        place = frozenset(header for header in record.headers if header[0] in _PLACE)
        if place in self._buried:
            return
        if place:
            self._buried[place] = None
            if len(self._buried) > MAX_REMEMBERED:
                self._buried.popitem(last=False)
        reason = next((value for name, value in record.headers if name == _REASON), None)
        self._letters[(reason or b"unknown").decode()] += 1

    def event(self, record: RawRecord) -> None:
        """A record of the log was written."""
        logged = read_raw(record)
        figures = self._figures
        match logged.event:
            case SignalsSampled() as event:
                for entry in event.partitions:
                    self._finished(entry)
            case PoolSampled() as event:
                self._hits += event.hits
                self._lookups += event.hits + event.misses
                figures.pool_capacity_peak = max(figures.pool_capacity_peak or 0, event.capacity)
                figures.pool_bytes_peak = max(figures.pool_bytes_peak or 0, event.bytes)
            case LagSampled(observer="detector") as event:
                behind_s = [entry.lag_seconds for entry in event.partitions if entry.lag_seconds is not None]
                if behind_s:
                    figures.lag_peak_s = max(figures.lag_peak_s or 0.0, *behind_s)
            case AnomalyOpened() as event if logged.id not in self._seen:
                self._seen.add(logged.id)
                opened_s = self._at_s(event.opened_at_ms)
                anomaly = AnomalyFigure(event.rule, event.subject, event.severity, event.diagnosis, opened_s)
                self._open[event.anomaly_id] = anomaly
                figures.anomalies.append(anomaly)
            case AnomalyResolved() as event:
                opened = self._open.pop(event.anomaly_id, None)
                if opened is not None:
                    opened.resolved_s = self._at_s(event.resolved_at_ms)

    def _finished(self, entry: PartitionSignals) -> None:
        place = (entry.topic, entry.partition)
        if place not in self._coverages:
            self._coverages[place] = Coverage(entry.from_offset)
        before = self._signals.records
        self._signals.add(entry, self._coverages[place].cover(entry.from_offset, entry.to_offset))
        self._figures.redelivered += entry.records - (self._signals.records - before)

    def behind(self, at_s: float, records: int) -> None:
        """So many records are not committed at a moment."""
        if records > self._figures.lag_peak_records:
            self._figures.lag_peak_records = records
            self._figures.lag_peak_at_s = at_s

    def drained(self, after_s: float) -> None:
        """All was committed so long after the last record."""
        self._figures.drain_s = after_s

    def figures(self) -> Figures:
        """What it comes to."""
        figures, signals = self._figures, self._signals
        figures.records, figures.errors, figures.retries = signals.records, signals.errors, signals.retries
        figures.dead_letters = dict(sorted(self._letters.items()))
        figures.latency_p50_s = signals.latency.quantile(0.5)
        figures.latency_p99_s = signals.latency.quantile(0.99)
        figures.pool_hit_ratio = self._hits / self._lookups if self._lookups else None
        return figures

    def _at_s(self, at_ms: int) -> float:
        return (at_ms - self._zero_ms) / 1_000
