"""The detector at work: owns the event log, folds it, ticks its clock, and appends what follows.

The idea: what is concluded is a pure fold (`stream_pool.detection`); this file only feeds it. Its agent
reads the log from the beginning whenever the log's one partition is assigned to it. Once it has caught up
with the end, it opens an epoch where the rules changed, and then every window polls the group's lag into
the log and ticks the clock. A conclusion that the log does not show after `_PATIENCE` windows is appended
again: its id makes repeats harmless.

The limits: one owner at a time is the consumer group's doing. An owner that freezes and wakes appends what
its successor appended before, to the byte.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import TopicPartition
from mode import Service

from stream_pool.clock import Clock
from stream_pool.detection import (
    FOLD_VERSION,
    Conclusion,
    Rules,
    State,
    fold,
    message,
    missing,
    open_anomalies,
)
from stream_pool.events import ClockTicked, DetectorConfigured, LagSampled, read_record
from stream_pool.stream.batch import Batch
from stream_pool.stream.event_writer import EventWriter
from stream_pool.stream.every import every
from stream_pool.stream.lag_poller import LagPoller, partition_lag
from stream_pool.stream.offsets import Record
from stream_pool.stream.source import Source

log = structlog.get_logger(__name__)

_PATIENCE = 3
_CONFIGURE_EVERY_S = 3_600.0


class Detector(Service):
    """Detection for one group. `read` is its agent; the service ticks while it owns the log."""

    mundane_level = "debug"

    def __init__(
        self,
        *,
        group: str,
        events_topic: str,
        rules: Rules,
        topics: Callable[[], list[str]],
        source: Callable[[], Source],
        writer: Callable[[], EventWriter],
        poller: LagPoller,
        clock: Clock,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._group = group
        self._log = TopicPartition(events_topic, 0)
        self._rules = rules
        self._topics = topics
        self._source = source
        self._writer = writer
        self._poller = poller
        self._clock = clock
        self._state = State()
        self._next_offset = 0
        self._live_from: int | None = None
        self._appended: dict[str, int] = {}
        self._window = 0
        self._configure_at_s = 0.0

    @property
    def is_live(self) -> bool:
        """Whether this process owns the log and has folded it up to where it began to own it."""
        owns = self._log in self._source().tracker.partitions()
        return owns and self._live_from is not None and self._next_offset >= self._live_from

    def open(self) -> dict[tuple[str, str], int] | None:
        """Open anomalies by (rule, severity); None where another owner knows them."""
        if not self.is_live:
            return None
        return dict(Counter((each.rule, each.severity) for each in open_anomalies(self._state)))

    async def read(self, batches: Any) -> None:
        """The agent: folds every event of the log, in order."""
        async for batch in batches:
            await self._fold(batch)

    async def _fold(self, batch: Batch) -> None:
        slept_s = self._clock.monotonic()
        for record in batch.records:
            if record.offset < self._next_offset:
                self._begin_anew()
            self._next_offset = record.offset + 1
            try:
                self._take(record)
            except Exception as error:  # a fault in observing is no reason to stop what is observed
                log.exception("event not folded", offset=record.offset, error=repr(error))
            if (now_s := self._clock.monotonic()) - slept_s > batch.yield_interval_s:
                await asyncio.sleep(0)
                slept_s = now_s

    def _take(self, record: Record) -> None:
        event = read_record(record.offset, record.timestamp, record.headers, record.value)
        self._state, conclusions = fold(self._state, event)
        if self.is_live:
            for conclusion in conclusions:
                self._append(conclusion)

    def _begin_anew(self) -> None:
        self._state = State()
        self._live_from = None
        self._appended.clear()

    async def on_start(self) -> None:
        await self._poller.start()
        beat = every(self._rules.window_s, self._tick, clock=self._clock, stopped=lambda: self.should_stop)
        self.add_future(beat)

    async def on_stop(self) -> None:
        await self._poller.stop()

    async def _tick(self) -> None:
        if self._log not in self._source().tracker.partitions():
            self._live_from = None
            return
        if self._live_from is None:
            self._live_from = await self._poller.end_of(self._log)
        if not self.is_live:
            return
        writer = self._writer()
        now_s = self._clock.monotonic()
        if self._state.rules != self._rules or now_s >= self._configure_at_s:
            self._configure_at_s = now_s + _CONFIGURE_EVERY_S
            writer.append(DetectorConfigured(*writer.stamp(), FOLD_VERSION, self._rules.to_mapping()))
        await self._poll_lag(writer)
        writer.append(ClockTicked(*writer.stamp(), self._rules.window_s))
        self._append_again()

    async def _poll_lag(self, writer: EventWriter) -> None:
        topics = sorted({*self._topics(), *(topic for topic, _ in self._state.partitions.entries)})
        states = await self._poller.poll(await self._poller.partitions_of(topics), {})
        if states:
            entries = tuple(partition_lag(partition, state) for partition, state in sorted(states.items()))
            writer.append(LagSampled(*writer.stamp(), self._group, "detector", entries))

    def _append_again(self) -> None:
        self._window += 1
        waiting = {conclusion.id: conclusion for conclusion in missing(self._state)}
        self._appended = {id_: window for id_, window in self._appended.items() if id_ in waiting}
        for id_, conclusion in waiting.items():
            if self._window - self._appended.get(id_, -_PATIENCE) >= _PATIENCE:
                self._append(conclusion)

    def _append(self, conclusion: Conclusion) -> None:
        self._appended[conclusion.id] = self._window
        self._writer().append_encoded(type(conclusion.event).TYPE, message(conclusion, self._group))
