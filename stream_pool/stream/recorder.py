"""What a worker writes down about itself: what it is when it starts, and then once an interval how it does.

One event of each kind for all its partitions: commits (moved or not, each with its time), signals, lag,
pool, memory, pauses of the collector. The order within an interval is that in which a reader needs them: a
commit stands in the log before the lag that is judged by it. What fails, or waits for a broker that does not
answer, keeps nothing else from being observed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import structlog
from aiokafka import TopicPartition
from mode import Service

from stream_pool.clock import Clock
from stream_pool.events import (
    GcPaused,
    LagSampled,
    MemorySampled,
    OffsetsCommitted,
    PartitionCommit,
    WorkerStarted,
)
from stream_pool.lag import PartitionState
from stream_pool.pool import GrowthRule, Pool
from stream_pool.stream.client import Client
from stream_pool.stream.counters import Counters
from stream_pool.stream.every import every
from stream_pool.stream.host import GcSource, MemorySource
from stream_pool.stream.intake import Intake
from stream_pool.stream.lag_poller import LagPoller, partition_lag
from stream_pool.stream.outlet import Outlet
from stream_pool.stream.pool_keeper import PoolKeeper
from stream_pool.stream.signal_sampler import SignalSampler
from stream_pool.stream.source import Source
from stream_pool.telemetry import BuildInfo

log = structlog.get_logger(__name__)


class Recorder(Service):
    """Records what the app's own group does, when the intake and the outlet have started.

    `lag` is the last poll's result, for the metrics. Where the app has no agent in its own group there is
    no lag to record; the broker is asked for an answer all the same, by which readiness is judged.
    """

    mundane_level = "debug"

    def __init__(
        self,
        *,
        group: str,
        intake: Intake,
        outlet: Outlet,
        counters: Counters,
        pool: Pool | None,
        growth_rule: GrowthRule | None,
        pool_base_s: float,
        client: Client,
        interval_s: float,
        clock: Clock,
        gc_probe: GcSource,
        memory_probe: MemorySource,
        build: BuildInfo,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.lag: dict[TopicPartition, PartitionState] = {}
        self.poller: LagPoller | None = None
        self.pool_keeper: PoolKeeper | None = None
        self._group = group
        self._intake = intake
        self._outlet = outlet
        self._counters = counters
        self._pool = pool
        self._growth_rule = growth_rule
        self._pool_base_s = pool_base_s
        self._client = client
        self._interval_s = interval_s
        self._clock = clock
        self._gc_probe = gc_probe
        self._memory_probe = memory_probe
        self._build = build
        self._source: Source | None = None
        self._signals: SignalSampler | None = None
        self._recorded_at_s = clock.monotonic()
        self._covered_s = 0.0

    async def on_start(self) -> None:
        self._gc_probe.start()
        self._recorded_at_s = self._clock.monotonic()
        writer = self._outlet.writer
        labels = {name: label for name, label in asdict(self._build).items() if label}
        writer.append(WorkerStarted(*writer.stamp(), version("stream-pool"), labels))
        if self._pool is not None:
            self.pool_keeper = PoolKeeper(
                self._pool,
                writer,
                rule=self._growth_rule,
                base_s=self._pool_base_s,
                documents=self._counters.total_records,
                clock=self._clock,
            )
        self._source = source = self._intake.sources.get(self._group)
        if source is not None:
            self._signals = SignalSampler(source.tracker, self._counters, writer, self._clock)
            source.on_hand_back = self._signals.sample_last
        self.poller = LagPoller(
            self._group, self._client.observer("lag"), interval_s=self._interval_s, clock=self._clock
        )
        await self.poller.start()
        beat = every(self._interval_s, self.record, clock=self._clock, stopped=lambda: self.should_stop)
        self.add_future(beat)

    async def on_stop(self) -> None:
        self._gc_probe.stop()
        if self.poller is not None:
            await self.poller.stop()

    async def record(self) -> None:
        """Write one interval's events."""
        now_s = self._clock.monotonic()
        self._covered_s, self._recorded_at_s = now_s - self._recorded_at_s, now_s
        source, signals, poller = self._source, self._signals, self.poller
        commits: Mapping[TopicPartition, tuple[int, int]] = {}
        if source is not None and signals is not None:
            with _observing("commits"):
                commits = await self._commit(source)
            with _observing("signals"):
                signals.sample()
        if self.pool_keeper is not None:
            with _observing("pool"):
                self.pool_keeper.keep()
        with _observing("memory"):
            self._sample_memory()
        with _observing("collector"):
            self._sample_collector()
        if poller is not None:
            with _observing("lag"):
                await self._poll(source, poller, commits)

    def _sample_memory(self) -> None:
        writer = self._outlet.writer
        memory = self._memory_probe.sample()
        if memory.rss_bytes is not None:
            writer.append(MemorySampled(*writer.stamp(), memory.rss_bytes, memory.limit_bytes))

    def _sample_collector(self) -> None:
        writer = self._outlet.writer
        pauses = self._gc_probe.take_interval()
        writer.append(
            GcPaused(
                *writer.stamp(),
                self._covered_s,
                pauses.pauses,
                pauses.total_s,
                pauses.max_s,
                pauses.by_generation,
            )
        )

    async def _commit(self, source: Source) -> Mapping[TopicPartition, tuple[int, int]]:
        committed = await source.commit_all()
        at_ms = self._clock.now_ms()
        if committed:
            entries = tuple(
                PartitionCommit(p.topic, p.partition, offset, at_ms, self._lag_at(p, offset))
                for p, offset in sorted(committed.items())
            )
            self._outlet.writer.append(
                OffsetsCommitted(*self._outlet.writer.stamp(), self._covered_s, entries)
            )
        return {partition: (offset, at_ms) for partition, offset in committed.items()}

    def _lag_at(self, partition: TopicPartition, offset: int) -> int | None:
        state = self.lag.get(partition)
        return None if state is None else max(0, state.end_offset - offset)

    async def _poll(
        self, source: Source | None, poller: LagPoller, commits: Mapping[TopicPartition, tuple[int, int]]
    ) -> None:
        partitions = [] if source is None else source.tracker.partitions()
        if not partitions:
            await poller.knock()
        self.lag = await poller.poll(partitions, commits)
        if self.lag:
            entries = tuple(partition_lag(p, state) for p, state in sorted(self.lag.items()))
            self._outlet.writer.append(
                LagSampled(*self._outlet.writer.stamp(), self._group, "worker", entries)
            )


@contextmanager
def _observing(what: str) -> Iterator[None]:
    """A fault in observing one thing is no reason to miss the next."""
    try:
        yield
    except Exception as error:
        log.exception("not observed", what=what, error=repr(error))
