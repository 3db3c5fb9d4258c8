"""A capture through the production app, with no broker: on the in-memory log, under a virtual clock.

Workers begin `LEAD_S` before the traffic; each record is appended when it was written, at its own offset.
When the last one is committed the detector has a while to look at the calm, and the workers stop.

What stands in memory is what no worker has committed yet: the log is fed as time goes on, and trimmed behind
the commits. So an incident that leaves a million records behind needs room for a million records.

The same file, app, settings and build give the same log, to the byte. The limits are the simulation's: one
thread, CPU costs no time (`service_times`), no network and no memory but the pool's own; a worker that stops
with a fault is not started again.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from stream_pool.errors import MisuseError, StreamPoolError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CapturedRecord
from stream_pool.incident.offline_figures import Figures, Tally
from stream_pool.incident.offline_traffic import Traffic
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace
from stream_pool.incident.quiet import quiet
from stream_pool.incident.service_times import Seconds, working
from stream_pool.incident.survey import Survey
from stream_pool.stream.app import App
from stream_pool.stream.log_reader import raw_record
from stream_pool.testing.app_module import AppModule
from stream_pool.testing.records import Stored, fetched, stored
from stream_pool.testing.simulation import Simulation, simulate

LEAD_S = 10.0
TICK_S = 1.0
DRAIN_LIMIT_S = 86_400.0

Take = Callable[[str, RawRecord], None]
"""Told of every record of the log, of the snapshots and of the dead letters, in order, with its topic."""

Watch = Callable[[float, int, int], None]
"""Told where the replay is, in seconds from its first record, how many records came and how many are
behind."""

Found = Callable[[App], None]
"""Told of the app before its first worker starts."""


@dataclass(frozen=True, slots=True)
class Offline:
    """How a capture is played. `seconds`: what each record takes, `factor` times; None: nothing.

    `topic` is where its traffic goes; `loops` how often it comes; `drain_s` how long after the last record
    workers have at most to commit all.
    """

    app: str
    topic: str
    workers: int = 1
    pace: Pace = field(default_factory=Pace)
    only: Only = field(default_factory=Only)
    loops: int = 1
    seconds: Seconds | None = None
    factor: float = 1.0
    drain_s: float = DRAIN_LIMIT_S


@dataclass(frozen=True, slots=True)
class Fault:
    """A worker that stopped by itself, and what for."""

    worker: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: `records` that were appended, in `virtual_s` from the first to the end. They are all
    there were, unless every worker stopped before."""

    group: str
    records: int
    virtual_s: float
    figures: Figures
    faults: tuple[Fault, ...]
    damage: CaptureDamaged | None


def play(
    capture: Capture, offline: Offline, surveyed: Survey, *, found: Found, take: Take, watch: Watch
) -> Played:
    """Play a capture that was surveyed.

    Raises `MisuseError` where the app does not read the topic, or the capture stands still for longer than a
    day and no `max_gap_s` shortens that; what kept the workers from starting.
    """
    zero_ms = surveyed.first_ms or 0
    lead_ms = min(zero_ms, int(LEAD_S * 1_000))

    async def story(sim: Simulation) -> Played:
        return await _Run(sim, capture, offline, surveyed, found, take, watch, lead_ms / 1_000).play()

    with quiet():
        return simulate(story, epoch_ms=zero_ms - lead_ms)


class _Run:
    """One playing."""

    def __init__(
        self,
        sim: Simulation,
        capture: Capture,
        offline: Offline,
        surveyed: Survey,
        found: Found,
        take: Take,
        watch: Watch,
        begins_s: float,
    ) -> None:
        self._sim = sim
        self._offline = offline
        self._surveyed = surveyed
        self._found = found
        self._take = take
        self._watch = watch
        self._begins_s = begins_s
        self._tally = Tally(surveyed.first_ms or 0)
        self._app: App | None = None
        self._module = AppModule(offline.app)
        self._names = [f"worker-{number}" for number in range(1, offline.workers + 1)]
        self._records = 0
        self._traffic = Traffic(capture, offline.pace, offline.only, surveyed.begins, offline.loops)
        self._places = [TopicPartition(offline.topic, number) for number in range(surveyed.partitions)]

    @property
    def _at_s(self) -> float:
        return self._sim.loop.time() - self._begins_s

    async def play(self) -> Played:
        sim = self._sim
        await self._start()
        keeping = asyncio.create_task(self._keep_house())
        if await self._feed():
            await self._drain(self._at_s)
        keeping.cancel()
        faults = tuple(self._faults())
        await asyncio.gather(*(sim.stop(name) for name in self._names))
        assert self._app is not None, "a worker that started has an app"
        return Played(
            group=self._app.plant.group,
            records=self._records,
            virtual_s=self._at_s,
            figures=self._tally.figures(),
            faults=faults,
            damage=self._traffic.damage,
        )

    # --- workers

    async def _start(self) -> None:
        sim, offline = self._sim, self._offline
        sim.create_topic(offline.topic, len(self._places))
        for number, begin in self._surveyed.begins.items():
            sim.log.begin(self._places[number], begin)
        sim.log.on_append.append(self._appended)
        for name in self._names:
            sim.memory(name).rss_bytes = None  # of the machine that it will run on nothing is known here
            if offline.seconds is not None:
                sim.works[name] = working(offline.seconds, [offline.topic], offline.factor)
            sim.start_worker(self._make_app, name)
        await sim.advance(self._begins_s)
        for name in self._names:
            worker = sim.worker(name)
            if worker.ended.is_set() and worker.fault is not None:
                raise worker.fault

    def _make_app(self) -> App:
        app = self._module.make_app()
        plant = app.plant
        own = {plant.events_topic, plant.dead_letters_topic, plant.snapshots_topic}
        topics = {topic for channel in app.batch_channels for topic in channel.topics} - own
        if self._offline.topic not in topics:
            reads = ", ".join(map(repr, sorted(topics))) or "no topic"
            raise MisuseError(
                f"the app {self._offline.app!r} reads {reads}, and not {self._offline.topic!r}, where the "
                "records of the capture would go: say with --topic where they should"
            )
        for topic in sorted(topics):
            if self._sim.log.partition_count(topic) is None:
                self._sim.create_topic(topic)
        if self._app is None:
            self._app = app
            self._found(app)
        return app

    def _faults(self) -> Iterator[Fault]:
        for name in self._names:
            worker = self._sim.worker(name)
            if worker.ended.is_set():
                error: StreamPoolError = worker.fault or StreamPoolError("it ended")
                yield Fault(name, error.reason, str(error))

    def _is_anybody_there(self) -> bool:
        return any(not self._sim.worker(name).ended.is_set() for name in self._names)

    # --- traffic

    async def _feed(self) -> bool:
        """Append each record at its time. False where nobody is left to read them."""
        for due_s, offset, captured in self._traffic:
            if (wait_s := due_s - self._at_s) > 0:
                await self._sim.advance(wait_s)
                if not self._is_anybody_there():
                    return False
            self._append(offset, captured)
        return True

    def _append(self, offset: int, captured: CapturedRecord) -> None:
        record, place = captured.record, self._places[captured.partition]
        kept = stored(
            record.value,
            record.key,
            record.headers,
            timestamp=record.timestamp_ms,
            timestamp_type=record.timestamp_type,
        )
        self._sim.log.skip(place, offset)
        self._sim.log.append_batch(place, [kept])
        self._records += 1

    async def _drain(self, last_s: float) -> None:
        """Until all is committed; then a while of calm, in which anomalies may resolve."""
        sim = self._sim
        assert self._app is not None, "the workers have started"
        settings = self._app.settings
        give_up_s = self._at_s + self._offline.drain_s
        while self._behind() and self._is_anybody_there() and self._at_s < give_up_s:
            await sim.advance(TICK_S)
        if not self._behind():
            self._tally.drained(self._at_s - last_s)
        windows = settings.detector_resolve_after + settings.detector_open_after + 1
        await sim.advance(2 * settings.interval_s + windows * settings.detector_window_s)

    # --- the log

    async def _keep_house(self) -> None:
        while True:
            await self._sim.advance(TICK_S)
            behind = self._behind()
            self._tally.behind(self._at_s, behind)
            self._watch(self._at_s, self._records, behind)
            self._trim()

    def _trim(self) -> None:
        """Delete what every group of the app has committed, and the letters, which nobody reads."""
        assert self._app is not None, "the workers have started"
        log, plant = self._sim.log, self._app.plant
        channels = [each for each in self._app.batch_channels if self._offline.topic in each.topics]
        if not any(channel.from_beginning for channel in channels):
            commits = [log.committed(group) for group in {channel.group: None for channel in channels}]
            for place in self._places:
                done = min(commit.get(place, 0) for commit in commits)
                log.trim(place.topic, place.partition, done)
        if log.partition_count(plant.dead_letters_topic):
            end = log.bounds(TopicPartition(plant.dead_letters_topic, 0))[1]
            log.trim(plant.dead_letters_topic, 0, end)

    def _behind(self) -> int:
        """Records that the slowest group of the app has not committed."""
        assert self._app is not None, "the workers have started"
        groups = {each.group for each in self._app.batch_channels if self._offline.topic in each.topics}
        return max(self._sim.behind(group, self._offline.topic) for group in sorted(groups))

    def _appended(self, place: TopicPartition, offset: int, kept: Stored) -> None:
        if self._app is None or place.topic == self._offline.topic:
            return
        plant = self._app.plant
        if place.topic not in (plant.events_topic, plant.snapshots_topic, plant.dead_letters_topic):
            return
        record = raw_record(fetched(place.topic, place.partition, offset, kept))
        if place.topic == plant.events_topic:
            self._tally.event(record)
        elif place.topic == plant.dead_letters_topic:
            self._tally.letter(record)
        self._take(place.topic, record)
