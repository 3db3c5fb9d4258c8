"""Tells the broker how far a group is: the tracker's contiguous prefix, with the ids of the topics."""

import asyncio
from collections.abc import Mapping

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from stream_pool.stream.client import Consumer
from stream_pool.stream.offsets import OffsetTracker
from stream_pool.stream.source_options import SourceCounters
from stream_pool.stream.whereabouts import Whereabouts

log = structlog.get_logger(__name__)

_TIMEOUT_S = 2.0


class Commits:
    """The commits of one consumer of `group`, one at a time. Each fails within a time limit of its own."""

    def __init__(
        self,
        group: str,
        consumer: Consumer,
        tracker: OffsetTracker,
        whereabouts: Whereabouts,
        counters: SourceCounters,
    ) -> None:
        self._group = group
        self._consumer = consumer
        self._tracker = tracker
        self._whereabouts = whereabouts
        self._counters = counters
        self._lock = asyncio.Lock()

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Whether the broker has acknowledged these."""
        if not offsets:
            return False
        commits = self._whereabouts.commits(offsets)  # now: a partition may begin anew while this waits
        try:
            async with asyncio.timeout(_TIMEOUT_S), self._lock:
                await self._consumer.commit(commits)
        except (TimeoutError, KafkaError) as error:
            self._counters.commit_failures += 1
            log.warning("commit failed, its records may come again", group=self._group, error=repr(error))
            return False
        self._counters.commits += 1
        still = self._whereabouts.commits(offsets)
        self._tracker.committed({p: at for p, at in offsets.items() if still[p] == commits[p]})
        return True

    async def pass_markers(self) -> None:
        """Where nothing is in flight, stand where the client stands: behind markers and holes at the end."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                for partition in self._tracker.idle():
                    self._tracker.skip_to(partition, await self._consumer.position(partition))
        except (TimeoutError, KafkaError) as error:
            log.debug("positions not known", group=self._group, error=repr(error))
