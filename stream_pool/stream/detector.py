"""The detector at work: owns the event log, folds it, ticks its clock, and appends what follows.

The idea: what is concluded is a pure fold (`stream_pool.detection`); this file only feeds it. Whenever the
log's one partition is assigned to it, its agent goes on from the newest usable snapshot (`resume`), or from
the oldest event kept. Once it has folded up to where the log ended then, it opens an epoch where the rules
changed, and every window polls the group's lag into the log and ticks the clock. Conclusions are appended
oldest first, while less than half the writer's buffer waits: the others follow as those come back from the
log, at the latest in the next window. One that the log does not show after `_PATIENCE` windows is appended
again: its id makes repeats harmless. A state belongs to one assignment: records of a claim that was dropped
meanwhile are never folded on.

The limits: one owner at a time is the consumer group's doing. An owner that freezes and wakes appends what
its successor appended before, to the byte.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
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
from stream_pool.detection.account import account_by_topic
from stream_pool.events import ClockTicked, DetectorConfigured, LagSampled, read_record
from stream_pool.stream.batch import Batch
from stream_pool.stream.errors import BrokerUnavailable
from stream_pool.stream.event_writer import EventWriter
from stream_pool.stream.every import every
from stream_pool.stream.lag_poller import LagPoller, partition_lag
from stream_pool.stream.offsets import Record
from stream_pool.stream.snapshot_store import SnapshotStore
from stream_pool.stream.source import Source

log = structlog.get_logger(__name__)

_PATIENCE = 3
_CONFIGURE_EVERY_S = 3_600.0
_SNAPSHOT_TIMEOUT_S = 10.0
_LAST_SNAPSHOT_TIMEOUT_S = 1.0


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
        source: Callable[[], Source | None],
        writer: Callable[[], EventWriter],
        poller: LagPoller,
        snapshots: SnapshotStore,
        snapshot_interval_s: float,
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
        self._snapshots = snapshots
        self._snapshot_interval_s = snapshot_interval_s
        self._clock = clock
        self._state = State()
        self._next_offset = 0
        self._live_from: int | None = None
        self._due: deque[Conclusion] = deque()
        self._appended: dict[str, int] = {}
        self._window = 0
        self._configure_at_s = 0.0

    @property
    def owns_log(self) -> bool:
        """Whether the log's partition is assigned to this process."""
        source = self._source()
        return source is not None and self._log in source.tracker.partitions()

    @property
    def is_live(self) -> bool:
        """Whether this process owns the log and has folded it up to where it began to own it."""
        return self.owns_log and self._live_from is not None and self._next_offset >= self._live_from

    @property
    def snapshot_offset(self) -> int | None:
        """Where the newest snapshot stands that this owner knows; None where it is not live, or has none."""
        return self._snapshots.written_offset if self.is_live else None

    @property
    def snapshot_age_s(self) -> float | None:
        """How long ago this owner wrote that snapshot, or found it."""
        written_at_s = self._snapshots.written_at_s if self.is_live else None
        return None if written_at_s is None else self._clock.monotonic() - written_at_s

    def open(self) -> dict[tuple[str, str], int] | None:
        """Open anomalies by (rule, severity); None where another owner knows them."""
        if not self.is_live:
            return None
        return dict(Counter((each.rule, each.severity) for each in open_anomalies(self._state)))

    def unobserved(self) -> dict[str, int] | None:
        """Positions that no worker reported on, by topic; None where another owner knows them."""
        if not self.is_live:
            return None
        return {topic: account.unobserved for topic, account in account_by_topic(self._state).items()}

    async def read(self, batches: Any) -> None:
        """The agent: folds every event of the log, in order."""
        async for batch in batches:
            await self._fold(batch)

    async def resume(self, partition: TopicPartition, earliest: int, end: int) -> int:
        """Begin a new life of the state, with the log as [earliest, end); the offset to go on from.

        Raises `TimeoutError`, `KafkaError`, `BrokerUnavailable` where that cannot be told now.
        """
        state = None
        try:
            state = await self._snapshots.newest(earliest, end)
        except (TimeoutError, KafkaError, BrokerUnavailable):
            raise  # to be asked again
        except Exception as error:  # a fault in observing is no reason to stop what is observed
            log.exception("snapshots not usable, the whole log is folded", error=repr(error))
        if state is None:
            self._begin(State(), earliest, end)
        else:
            self._begin(state, state.chain.folded_to, end)
        log.info(
            "detector resumes", offset=self._next_offset, from_snapshot=state is not None, log=[earliest, end]
        )
        return self._next_offset

    def hand_back(self, partitions: Sequence[TopicPartition]) -> None:
        """The log is given to another owner: leave it what was folded."""
        if self._log in partitions and not self.should_stop:
            self._live_from = None
            if self._has_news():
                self.add_future(self._snapshots.write(self._state, timeout_s=_SNAPSHOT_TIMEOUT_S))

    async def _fold(self, batch: Batch) -> None:
        slept_s = self._clock.monotonic()
        for record in batch.records:
            if record.offset != self._next_offset and not batch.dropped:
                await self._jump_to(record.offset, batch)
            if batch.dropped:
                return
            self._next_offset = record.offset + 1
            try:
                self._take(record)
            except Exception as error:  # a fault in observing is no reason to stop what is observed
                log.exception("event not folded", offset=record.offset, error=repr(error))
            if (now_s := self._clock.monotonic()) - slept_s > batch.yield_interval_s:
                await asyncio.sleep(0)
                slept_s = now_s

    async def _jump_to(self, offset: int, batch: Batch) -> None:
        """The next record is not the one expected. A hole in the log is none of ours; where the log was made
        anew, or retention overtook us, the state has seen what nobody can read any more. A broker that does
        not say which costs no state: begun anew for a mere hole, it would conclude what does not follow."""
        expected = self._next_offset
        if offset > expected:
            try:
                earliest = await self._poller.beginning_of(self._log)
            except (TimeoutError, KafkaError) as error:
                log.warning("oldest event not known", error=repr(error))
                return
            if earliest <= expected or batch.dropped:
                return
        log.warning("the log was cut, folding it anew", expected=expected, offset=offset)
        self._begin(State(), offset, None)

    def _take(self, record: Record) -> None:
        event = read_record(
            record.offset,
            record.timestamp,
            record.headers,
            record.value,
            record.key,
            record.timestamp_type,
        )
        self._state, conclusions = fold(self._state, event)
        if self.is_live:
            self._due.extend(conclusions)
            self._append_due()

    def _begin(self, state: State, offset: int, live_from: int | None) -> None:
        self._state = state
        self._next_offset = offset
        self._live_from = live_from
        self._due.clear()
        self._appended.clear()

    def _has_news(self) -> bool:
        """Whether anything was folded that no snapshot has."""
        chain = self._state.chain
        return chain.since is not None and chain.folded_to != self._snapshots.written_offset

    async def on_start(self) -> None:
        await self._poller.start()
        for interval_s, work in (
            (self._rules.window_s, self._tick),
            (self._snapshot_interval_s, self._write_snapshot),
        ):
            self.add_future(every(interval_s, work, clock=self._clock, stopped=lambda: self.should_stop))

    async def on_stop(self) -> None:
        await asyncio.gather(self._poller.stop(), self._write_last_snapshot())
        await self._snapshots.stop()

    async def _write_snapshot(self) -> None:
        if (
            self.is_live
            and self._has_news()
            and not await self._snapshots.write(self._state, timeout_s=_SNAPSHOT_TIMEOUT_S)
        ):
            await self._snapshots.mend()

    async def _write_last_snapshot(self) -> None:
        if self.owns_log and self._has_news():
            await self._snapshots.write(self._state, timeout_s=_LAST_SNAPSHOT_TIMEOUT_S)

    async def _tick(self) -> None:
        if not self.owns_log:
            self._live_from = None
            return
        if self._live_from is None:
            end = await self._poller.end_of(self._log)
            self._live_from = end if self._live_from is None else self._live_from
        if not self.is_live:
            return
        writer = self._writer()
        now_s = self._clock.monotonic()
        if self._state.rules != self._rules or now_s >= self._configure_at_s:
            self._configure_at_s = now_s + _CONFIGURE_EVERY_S
            rules = self._rules.to_mapping()
            writer.append(DetectorConfigured(*writer.stamp(), FOLD_VERSION, rules, self._group))
        await self._poll_lag(writer)
        if self.is_live:  # it was a while ago that this was asked
            writer.append(self._ticked(writer))
            self._append_again()

    def _ticked(self, writer: EventWriter) -> ClockTicked:
        """A tick, with what it vouches for."""
        chain = self._state.chain
        stamp, window_s = writer.stamp(), self._rules.window_s
        if chain.since is None:
            return ClockTicked(*stamp, window_s)
        return ClockTicked(*stamp, window_s, chain.folded_to, chain.since, chain.hex)

    async def _poll_lag(self, writer: EventWriter) -> None:
        topics = {*self._topics(), *(topic for topic, _ in self._state.partitions.entries)}
        states = await self._poller.poll(await self._poller.partitions_of_group(topics), {})
        if states and self.is_live:
            entries = tuple(partition_lag(partition, state) for partition, state in sorted(states.items()))
            writer.append(LagSampled(*writer.stamp(), self._group, "detector", entries))

    def _append_again(self) -> None:
        self._window += 1
        waiting = {conclusion.id: conclusion for conclusion in missing(self._state)}
        self._appended = {id_: window for id_, window in self._appended.items() if id_ in waiting}
        self._due = deque(
            conclusion
            for id_, conclusion in waiting.items()
            if self._window - self._appended.get(id_, -_PATIENCE) >= _PATIENCE
        )
        self._append_due()

    def _append_due(self) -> None:
        if not self._due:
            return
        writer = self._writer()
        while self._due and writer.has_room:
            conclusion = self._due.popleft()
            if conclusion.id in self._state.pending:  # it may have come from another owner meanwhile
                self._appended[conclusion.id] = self._window
                encoded = message(conclusion, self._group)
                writer.append_encoded(type(conclusion.event).TYPE, encoded)
