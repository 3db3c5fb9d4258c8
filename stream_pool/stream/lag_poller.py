"""Polls how far a group is behind, on its own clock and its own connections.

The idea: never a by-product of consuming, or a stalled consumer would show no lag. An observer asks for all
end offsets and for all commits of the group at once, whatever the number of partitions. What they mean is
decided in `stream_pool.lag`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock
from stream_pool.events import PartitionLag
from stream_pool.lag import PartitionHistory, PartitionState
from stream_pool.stream.client import Observer
from stream_pool.stream.trouble import Trouble

log = structlog.get_logger(__name__)

_POLL_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 1.0


def partition_lag(partition: TopicPartition, state: PartitionState) -> PartitionLag:
    """One partition's state in the form of the log."""
    return PartitionLag(
        topic=partition.topic,
        partition=partition.partition,
        end_offset=state.end_offset,
        committed_offset=state.committed_offset,
        lag_records=state.lag_records,
        lag_seconds=state.lag_seconds,
        status=state.status,
        quiet=state.quiet,
        growing=state.growing,
    )


class LagPoller:
    """The lag of one group. `answered_at_s`: when the broker last answered, in monotonic seconds."""

    def __init__(self, group: str, observer: Observer, *, interval_s: float, clock: Clock) -> None:
        self.group = group
        self.answered_at_s: float | None = None
        self.failures = 0
        self._clock = clock
        self._lag_trouble = Trouble("lag not known", clock, group=group)
        self._partitions_trouble = Trouble("partitions not known", clock, group=group)
        self._commits_trouble = Trouble("topics that the group has commits on not known", clock, group=group)
        self._interval_ms = round(interval_s * 1_000)
        self._observer = observer
        self._histories: dict[TopicPartition, PartitionHistory] = {}
        self._committed: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connect. Raises `aiokafka.errors.KafkaError` where no broker answers."""
        await self._observer.start()

    async def stop(self) -> None:
        try:
            await asyncio.wait_for(self._observer.stop(), _STOP_TIMEOUT_S)
        except (TimeoutError, KafkaError) as error:
            log.debug("lag poller not closed in time", error=repr(error))

    async def partitions_of_group(self, topics: Collection[str]) -> list[TopicPartition]:
        """Every partition of these topics and of those that the group has commits on, in order.

        Of `topics` alone where the broker does not tell all commits of a group, which not every one can;
        empty where it does not answer.
        """
        try:
            async with asyncio.timeout(_POLL_TIMEOUT_S):
                named = {*topics, *await self._topics_committed_on()}
                return await self._observer.partitions_of(sorted(named))
        except (TimeoutError, KafkaError) as error:
            self.failures += 1
            self._partitions_trouble.met(error)
            return []

    async def _topics_committed_on(self) -> set[str]:
        try:
            return {partition.topic for partition in await self._observer.committed(self.group)}
        except KafkaError as error:
            self._commits_trouble.met(error)
            return set()

    async def beginning_of(self, partition: TopicPartition) -> int:
        """The first offset kept of one partition. Raises `aiokafka.errors.KafkaError`, `TimeoutError`."""
        async with asyncio.timeout(_POLL_TIMEOUT_S):
            return (await self._observer.beginning_offsets([partition]))[partition]

    async def end_of(self, partition: TopicPartition) -> int:
        """The end offset of one partition. Raises `aiokafka.errors.KafkaError`, `TimeoutError`."""
        async with asyncio.timeout(_POLL_TIMEOUT_S):
            return (await self._observer.end_offsets([partition]))[partition]

    async def knock(self) -> None:
        """Ask the broker for nothing but an answer: for whoever has no partitions to ask for."""
        try:
            async with asyncio.timeout(_POLL_TIMEOUT_S):
                await self._observer.partitions_of([])
        except (TimeoutError, KafkaError) as error:
            self.failures += 1
            self._lag_trouble.met(error)
            return
        self._lag_trouble.over()
        self.answered_at_s = self._clock.monotonic()

    async def poll(
        self, partitions: Sequence[TopicPartition], commits_at_ms: Mapping[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, PartitionState]:
        """Ask the broker, and say how each partition fares; empty where it did not answer.

        `commits_at_ms` has the commits that the caller made itself, as (offset, time): only who commits
        knows when, and that the same offset was committed again. Of other partitions a commit counts when
        its offset moved.
        """
        for gone in self._histories.keys() - set(partitions):
            del self._histories[gone]
            self._committed.pop(gone, None)
        if not partitions:
            return {}
        try:
            async with asyncio.timeout(_POLL_TIMEOUT_S):
                ends, committed = await asyncio.gather(
                    self._observer.end_offsets(partitions), self._observer.committed(self.group, partitions)
                )
        except (TimeoutError, KafkaError) as error:
            self.failures += 1
            self._lag_trouble.met(error)
            return {}
        self._lag_trouble.over()
        self.answered_at_s = self._clock.monotonic()
        now_ms = self._clock.now_ms()
        states = {}
        for partition in partitions:
            history = self._history(partition)
            history.add_end(ends[partition], now_ms)
            offset = committed.get(partition, -1)
            if partition in commits_at_ms:
                history.add_commit(*commits_at_ms[partition])
            elif offset >= 0 and offset != self._committed.get(partition):
                history.add_commit(offset, now_ms)
            self._committed[partition] = offset
            if (state := history.state(now_ms)) is not None:
                states[partition] = state
        return states

    def _history(self, partition: TopicPartition) -> PartitionHistory:
        found = self._histories.get(partition)
        if found is None:
            found = self._histories[partition] = PartitionHistory(interval_ms=self._interval_ms)
        return found
