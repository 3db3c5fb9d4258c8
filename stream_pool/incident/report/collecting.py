"""One pass over a log, in bounded memory: events in, a `Story` out.

What a worker's retry wrote twice counts once. The clock is the log's own, as the detector reads it. Of what
came before the time that the story is to begin at, the rules are kept, what runs in the lives of workers, and
the anomalies that were still open.
"""

from dataclasses import dataclass, field

from stream_pool.detection.log_clock import LogClock
from stream_pool.detection.repeats import Repeats
from stream_pool.errors import MisuseError
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    DetectorConfigured,
    Event,
    GcPaused,
    LagSampled,
    LoggedEvent,
    MalformedEvent,
    MemorySampled,
    Observation,
    ObservationsLost,
    OffsetsCommitted,
    PoolResized,
    PoolSampled,
    SignalsSampled,
    UnknownEvent,
    WorkerStarted,
)
from stream_pool.incident.report.attendance import Attendance
from stream_pool.incident.report.cited import Cited, Citing, EventRef, Point
from stream_pool.incident.report.conclusions import Conclusions
from stream_pool.incident.report.golden import Golden
from stream_pool.incident.report.machines import Machines
from stream_pool.incident.report.measures import RECORD_BYTES, SHAPES
from stream_pool.incident.report.recorded import Recorded
from stream_pool.incident.report.shifts import shifts
from stream_pool.incident.report.story import Extent, Story
from stream_pool.incident.report.told import ReferenceReader

_WINDOW_S = 10.0
_UNTICKED_WINDOWS = 2
"""Windows without a tick after which one ends all the same."""


@dataclass(slots=True)
class Collector:
    """Takes the events of a log in its order, and tells of them from `from_ms` on."""

    from_ms: int = 0
    clock: LogClock = field(default_factory=LogClock)
    repeats: Repeats = field(default_factory=Repeats)
    recorded: Recorded = field(default_factory=Recorded)
    conclusions: Conclusions = field(default_factory=Conclusions)
    attendance: Attendance = field(default_factory=Attendance)
    reference: ReferenceReader = field(default_factory=ReferenceReader)
    golden: Golden = field(init=False)
    machines: Machines = field(init=False)
    first: Point | None = None
    last: Point | None = None
    events: int = 0
    skipped: int = 0
    repeated: int = 0
    lost: int = 0
    lost_cited: Citing = field(default_factory=Citing)
    _closed_ms: int = 0
    _ticked: bool = False

    def __post_init__(self) -> None:
        self.golden = Golden(self.recorded)
        self.machines = Machines(self.recorded)

    def take(self, logged: LoggedEvent) -> None:
        """One more event."""
        event = logged.event
        if isinstance(event, UnknownEvent | MalformedEvent):
            if self.first is not None or not self.from_ms:
                self.events += 1
                self.skipped += 1
            return
        ref = EventRef(logged.offset, logged.id)
        at_ms = self._now_ms(logged)
        if self.first is None and at_ms < self.from_ms:
            self._remember(event, ref, at_ms)
            return
        self.events += 1
        point = Point(at_ms, 0.0, Cited.one(ref))
        if self.first is None:
            self.first, self._closed_ms = point, at_ms
        self.last = point
        self.reference.take(logged, ref)
        if isinstance(event, AnomalyOpened):
            self.conclusions.open(event, ref, at_ms)
        elif isinstance(event, AnomalyResolved):
            self.conclusions.resolve(event, ref, at_ms)
        elif self.repeats.is_repeat(event, at_ms):
            self.repeated += 1
        else:
            self._observe(event, ref, at_ms)

    def story(self, source: str, group: str, damage: str | None = None) -> Story:
        """What has come so far. Raises `MisuseError` where no event of ours has."""
        if self.first is None or self.last is None:
            raise MisuseError(f"{source} has no event of stream-pool: there is nothing to report")
        self._close(self.last.at_ms)
        series = dict(self.recorded.measured.series())
        lost = Point(self.last.at_ms, self.lost, self.lost_cited.cited())
        return Story(
            extent=Extent(
                source,
                group,
                self.first,
                self.last,
                self.events,
                self.skipped,
                self.repeated,
                lost,
                damage,
            ),
            series=series,
            left_out={name: len(names) for name, names in self.recorded.measured.left_out.items()},
            episodes=tuple(self.conclusions.episodes.values()),
            episodes_left_out=self.conclusions.left_out,
            crossings=tuple(self.recorded.crossings.values()),
            totals=self.golden.totals(),
            epochs=tuple(self.conclusions.epochs),
            members=self.attendance.members(self.last.at_ms, self._window_ms),
            shifts=tuple(
                shift
                for measure in (RECORD_BYTES, SHAPES)
                for shift in shifts(measure.key, series.get(measure.key, ()))
            ),
            resizings=self.machines.resizings(),
            reference=self.reference.reference(),
        )

    @property
    def _window_ms(self) -> int:
        window_s = self.conclusions.rules.get("window_s")
        return int(1_000 * (window_s if isinstance(window_s, int | float) and window_s > 0 else _WINDOW_S))

    def _is_whole(self, took_ms: int) -> bool:
        """Whether a window is over after so long: as the detector sees it, ticks come a little early."""
        return 10 * took_ms >= 9 * self._window_ms

    def _now_ms(self, logged: LoggedEvent) -> int:
        """The log's time. A log without times of its own has none before its first tick, nor without any."""
        self.clock.see(logged)
        if self.clock.now_ms:
            return self.clock.now_ms
        return max(logged.timestamp_ms, 0 if self.last is None else self.last.at_ms)

    def _remember(self, event: Event, ref: EventRef, at_ms: int) -> None:
        """Keep what still holds when the story begins."""
        match event:
            case AnomalyOpened():
                self.conclusions.open(event, ref, at_ms)
            case AnomalyResolved():
                self.conclusions.forget(event.anomaly_id)
            case DetectorConfigured():
                self.conclusions.configure(event, ref, at_ms)
                self.recorded.limits = self.conclusions.rules
            case ClockTicked():
                self.conclusions.tick(ref)
            case WorkerStarted():
                self.attendance.remember(event, ref)

    def _observe(self, event: Observation, ref: EventRef, at_ms: int) -> None:
        if at_ms - self._closed_ms >= _UNTICKED_WINDOWS * self._window_ms:
            self._close(at_ms)
        self.attendance.see(event, ref, at_ms, ticks=isinstance(event, ClockTicked))
        match event:
            case ClockTicked():
                self.conclusions.tick(ref)
                if self._is_whole(at_ms - self._closed_ms) or not self._ticked:
                    self._ticked = True
                    self._close(at_ms)
            case DetectorConfigured():
                self.conclusions.configure(event, ref, at_ms)
                self.recorded.limits = self.conclusions.rules
            case SignalsSampled():
                self.golden.signals(event, ref, at_ms)
            case LagSampled():
                self.golden.lag(event, ref, at_ms)
            case WorkerStarted():
                self.attendance.started(event, ref)
            case OffsetsCommitted():
                self.attendance.commits(event, ref, at_ms)
            case PoolSampled():
                self.machines.pool(event, ref, at_ms)
            case PoolResized():
                self.machines.resize(event, ref, at_ms)
            case MemorySampled():
                self.machines.memory(event, ref, at_ms)
            case GcPaused():
                self.machines.pauses(event, ref, at_ms)
            case ObservationsLost():
                self.lost += event.lost
                self.lost_cited.add(ref)

    def _close(self, at_ms: int) -> None:
        took_ms = at_ms - self._closed_ms
        self.golden.close(at_ms, took_ms / 1_000, is_whole=self._is_whole(took_ms))
        self._closed_ms = at_ms
