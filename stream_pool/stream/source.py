"""One consumer of one group.

Fetches, hands deliveries to the agents' channels, commits what they are done with.

The idea: Kafka's consumer is never in the hands of an agent. The source polls on its own, registers every
delivery with the offset tracker before it awaits anything, and pauses the partitions of a topic whose
agents are behind. Commits follow the tracker's contiguous prefix.

The limits: at-least-once. A drain waits for begun work at most `drain_timeout_s`; what hangs longer is
another consumer's to repeat. Every await on the broker has a time limit of its own, since a frozen broker
answers nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from stream_pool.clock import Clock
from stream_pool.errors import StreamPoolError
from stream_pool.stream.channel import BatchChannel
from stream_pool.stream.client import Consumer
from stream_pool.stream.commits import Commits
from stream_pool.stream.counters import Counters
from stream_pool.stream.errors import FORBIDDEN, forbidden
from stream_pool.stream.offsets import OffsetTracker, Record
from stream_pool.stream.positions import Start
from stream_pool.stream.pressure import Pressure
from stream_pool.stream.source_options import SourceCounters, SourceOptions
from stream_pool.stream.topic_id import TopicId
from stream_pool.stream.topic_watch import TopicWatch
from stream_pool.stream.unreadable import Bury, step_over
from stream_pool.stream.whereabouts import Whereabouts

log = structlog.get_logger(__name__)

_STOP_TIMEOUT_S = 2.0
_FETCH_BACKOFF_S = 0.5
_PREMATURE_FETCH_S = 0.02


class Source(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """The consumer of `group`: `start`, then it runs until `stop`.

    `fail` is called with what ends it, `bury` with a record that the client cannot read, `on_hand_back` with
    partitions just before they are forgotten.
    """

    def __init__(
        self,
        group: str,
        consumer: Consumer,
        channels: Sequence[BatchChannel],
        options: SourceOptions,
        traffic: Counters,
        *,
        clock: Clock,
        fail: Callable[[StreamPoolError], None],
        bury: Bury,
    ) -> None:
        self.group = group
        self.counters = SourceCounters()
        self.tracker = OffsetTracker(traffic.finished, self._released)
        self.is_joined = False
        self.unassigned_since_s: float | None = clock.monotonic()
        self._consumer = consumer
        self._options = options
        self._clock = clock
        self._fail = fail
        self._bury = bury
        self._channels: dict[str, list[BatchChannel]] = {}
        for channel in channels:
            for topic in channel.topics:
                self._channels.setdefault(topic, []).append(channel)
        self._from_beginning = channels[0].from_beginning
        self._changed = asyncio.Event()
        self.on_hand_back: Callable[[list[TopicPartition]], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._assignments = 0
        self._whereabouts = Whereabouts(
            group,
            consumer,
            self.topics,
            options,
            from_beginning=self._from_beginning,
            resume=channels[0].resume,
        )
        self._commits = Commits(group, consumer, self.tracker, self._whereabouts, self.counters)
        self._pressure = Pressure(consumer, self.tracker, self._channels, options, clock)
        self._watch = TopicWatch(
            consumer,
            self.topics,
            compare=self._compare,
            max_age_s=options.topic_max_age_s,
            missing_timeout_s=options.topic_missing_timeout_s,
            clock=clock,
        )

    @property
    def topics(self) -> list[str]:
        return list(self._channels)

    @property
    def paused_since_s(self) -> Mapping[str, float]:
        """Since when each of the topics that are paused is, in monotonic seconds."""
        return self._pressure.paused_since_s

    @property
    def away_since_s(self) -> Mapping[str, float]:
        """Since when each of the topics that are not there is away, in monotonic seconds."""
        return self._watch.away_since_s

    async def start(self) -> None:
        """Join the group and begin to fetch. Raises `aiokafka.errors.KafkaError` where no broker answers."""
        self._consumer.subscribe(self.topics, listener=self)
        await self._consumer.start()
        self._tasks.append(asyncio.create_task(self._guard(self._fetch)))
        self._tasks.append(asyncio.create_task(self._guard(self._watch.run)))
        if not self._from_beginning:
            self._tasks.append(asyncio.create_task(self._guard(self._commit_often)))

    async def stop(self) -> None:
        """Finish or drop what is in flight, commit, leave the group: each step within its own time."""
        self._stopping = True
        await self._hand_back(self.tracker.partitions())
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP_TIMEOUT_S)
        try:
            await asyncio.wait_for(self._consumer.stop(), _STOP_TIMEOUT_S)
        except (TimeoutError, KafkaError) as error:
            log.warning("the group was not left in time", group=self.group, error=repr(error))

    async def commit_all(self) -> dict[TopicPartition, int]:
        """Commit every position, moved or not, and return what the broker acknowledged."""
        await self._commits.pass_markers()
        positions = self.tracker.positions()
        return positions if await self._commit(positions) else {}

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the client before the group's partitions are dealt anew; it swallows what is raised."""
        partitions = list(revoked)
        await self._guard(lambda: self._revoked(partitions))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the client with this member's partitions, before it fetches from them; as above."""
        partitions = list(assigned)
        await self._guard(lambda: self._assigned(partitions))

    async def _revoked(self, partitions: list[TopicPartition]) -> None:
        self.counters.rebalances += 1
        self._assignments += 1
        self.unassigned_since_s = self._clock.monotonic()
        await self._hand_back(partitions)

    async def _assigned(self, partitions: list[TopicPartition]) -> None:
        self._assignments += 1
        if self._stopping or (starts := await self._starts(partitions)) is None:
            return
        self.is_joined, self.unassigned_since_s = True, None
        self._begin(starts)
        self._pressure.begin_anew()
        log.info(
            "partitions assigned",
            group=self.group,
            partitions=[f"{p.topic}-{p.partition}" for p in partitions],
        )

    async def _starts(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, Start] | None:
        """Where to begin; None where the source was stopped meanwhile, whatever came of it."""
        try:
            starts = await self._whereabouts.begin(partitions) if partitions else {}
        except StreamPoolError:
            if self._stopping:
                return None
            raise
        return None if self._stopping else starts

    def _begin(self, starts: Mapping[TopicPartition, Start]) -> None:
        self._whereabouts.begun(starts)
        for partition, start in starts.items():
            self.tracker.assign(partition, start.position, start.committed)
            self._consumer.seek(partition, start.position)

    async def _fetch(self) -> None:
        options = self._options
        unreadable = False
        while not self._stopping:
            try:
                if unreadable:
                    unreadable = False
                    await self._step_over()
                fetched = await self._consumer.getmany(
                    timeout_ms=options.poll_timeout_ms, max_records=options.max_poll_records
                )
            except ConsumerStoppedError:
                return
            except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
                if self._is_premature(error):
                    await asyncio.sleep(_PREMATURE_FETCH_S)
                    continue
                await self._go_on_from(error.args[0])
                continue
            except UnicodeDecodeError:
                self._rewind()
                unreadable = True
                continue
            except FORBIDDEN as error:
                raise forbidden(error) from error
            except KafkaError as error:
                self.counters.fetch_failures += 1
                log.warning("fetch failed, trying again", group=self.group, error=repr(error))
                await asyncio.sleep(_FETCH_BACKOFF_S)
                continue
            polled_at_s = self._clock.monotonic()
            for partition, records in fetched.items():
                self._deliver(partition, records, polled_at_s)
            if fetched:
                self._pressure.apply()
                await asyncio.sleep(0)

    def _is_premature(self, error: KafkaError) -> bool:
        """Whether the client began to fetch by itself, before `on_partitions_assigned` said where."""
        if isinstance(error, NoOffsetForPartitionError):
            return True
        offsets: Mapping[TopicPartition, int] = error.args[0]
        return not offsets.keys() <= set(self.tracker.partitions())

    async def _compare(self, topic_ids: Mapping[str, TopicId | None]) -> None:
        """Leave offsets of topics that are no more. Raises `OffsetLost`."""
        ends = self.tracker.ends()
        lost = self._whereabouts.of_another(ends, topic_ids)
        if lost:  # or it is decided when they are given
            await self._go_on_from({partition: ends[partition] for partition in lost})

    async def _go_on_from(self, offsets: Mapping[TopicPartition, int]) -> None:
        """The log no longer has the offsets to read: stop, or go on where the options say.

        Raises `OffsetLost`.
        """
        assignments = self._assignments
        ahead, anew = await self._whereabouts.go_on(offsets)
        if self._assignments != assignments:
            return
        for partition, position in ahead.items():
            self._consumer.seek(partition, position)
        if anew:
            self._begin_anew(anew)
        self._pressure.apply()

    def _begin_anew(self, starts: Mapping[TopicPartition, Start]) -> None:
        """Forget what is in flight: its offsets are of a log that is no more."""
        if self.on_hand_back is not None:
            self.on_hand_back(list(starts))
        self.tracker.forget(starts)
        self._begin(starts)

    def _rewind(self) -> None:
        """The client has moved past what it took of other partitions, and then failed to hand it out."""
        for partition, offset in self.tracker.ends().items():
            self._consumer.seek(partition, offset)

    async def _step_over(self) -> None:
        assignments = self._assignments

        def deliver(partition: TopicPartition, records: Sequence[Record]) -> None:
            self._deliver(partition, records, self._clock.monotonic())
            self._pressure.apply()

        await step_over(
            self._consumer,
            self.tracker.partitions(),
            deliver=deliver,
            is_assigned=lambda: self._assignments == assignments,
            bury=self._bury,
            timeout_ms=self._options.poll_timeout_ms,
            steps=self._options.max_poll_records,
        )

    def _deliver(self, partition: TopicPartition, records: Sequence[Record], polled_at_s: float) -> None:
        channels = self._channels[partition.topic]
        claims = self.tracker.deliver(partition, records, polled_at_s, len(channels))
        if claims is None:
            self.counters.discarded += len(records)
            return
        for channel, claim in zip(channels, claims, strict=True):
            channel.batches.offer(claim)

    def _released(self) -> None:
        self._changed.set()
        if self._pressure.paused_since_s and not self._stopping:
            self._pressure.apply()

    async def _commit_often(self) -> None:
        while not self._stopping:
            await asyncio.sleep(self._options.commit_interval_s)
            await self._commits.pass_markers()
            await self._commit(self.tracker.uncommitted())

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        return not self._from_beginning and await self._commits.commit(offsets)

    async def _hand_back(self, partitions: list[TopicPartition]) -> None:
        """Drop what has not begun, wait for what has, commit what is done, forget."""
        self.tracker.drain(partitions)
        deadline_s = self._clock.monotonic() + self._options.drain_timeout_s
        while self.tracker.held(partitions):
            left_s = deadline_s - self._clock.monotonic()
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                log.warning("work in flight did not end in time, it will be repeated", group=self.group)
                break
        await self._commit(self.tracker.uncommitted(partitions))
        try:
            if self.on_hand_back is not None:
                self.on_hand_back(partitions)
        finally:
            self.tracker.forget(partitions)

    async def _guard(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Nothing dies unseen: what a loop or a callback of the client raises stops the worker."""
        try:
            await work()
        except StreamPoolError as error:
            self._fail(error)
        except Exception as error:
            fault = StreamPoolError(f"group {self.group!r}: {error!r}")
            fault.__cause__ = error
            self._fail(fault)
