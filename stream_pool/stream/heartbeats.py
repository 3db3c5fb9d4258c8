"""Keeps a member in its group while it finds out where to begin.

aiokafka stops its heartbeat before it joins, and begins it anew only when `on_partitions_assigned` has
returned; the first beat comes an interval after that. A callback that takes more than two thirds of a session
so costs the membership, and the rebalance that follows calls it again: on a busy machine, where the callback
is always slow, without end. (Read and measured with aiokafka 0.14.)
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

_LET_GO_TIMEOUT_S = 1.0


class BeatingConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is not typed
    """A consumer whose heartbeat goes on while its listener is told of an assignment."""

    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None:
        super().subscribe(topics, listener=_Beating(self, listener))

    async def stop(self) -> None:
        """Leave the group. Whoever gives up waiting for that leaves no member behind that goes on beating."""
        try:
            await super().stop()
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LET_GO_TIMEOUT_S):
                    await self._let_go()
            raise

    async def _let_go(self) -> None:
        if self._coordinator is not None:  # it had begun
            await self._coordinator._stop_heartbeat_task()
            await self._fetcher.close()
        await self._client.close()


class _Beating(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    def __init__(self, consumer: BeatingConsumer, listener: Any) -> None:
        self._consumer = consumer
        self._listener = listener

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._listener.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """There is no public way to begin; that it has begun is what aiokafka finds when it wants to."""
        self._consumer._coordinator._start_heartbeat_task()
        await self._listener.on_partitions_assigned(assigned)
