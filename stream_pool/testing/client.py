"""The ports of `stream/client.py` over the in-memory log, for one worker.

A client dies with its worker: from then on none of its consumers and producers reaches the log, and the group
finds out when the session is over.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError

from stream_pool.clock import Clock
from stream_pool.stream.client import Admin, Consumer, Observer, Producer
from stream_pool.stream.errors import BrokerUnavailable
from stream_pool.stream.offsets import Record
from stream_pool.testing.admin import MemoryAdmin
from stream_pool.testing.consumer import MemoryConsumer
from stream_pool.testing.faults import Faults
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.membership import ConsumerOptions
from stream_pool.testing.observer import MemoryObserver
from stream_pool.testing.producer import MemoryProducer
from stream_pool.testing.wire import Wire

_RETRY_S = 0.5
_READ_AT_ONCE = 5_000
_READ_AGAIN_S = 1.0
_READ_PATIENCE = 30


class MemoryClient:
    """Makes consumers, producers, observers and admins for `worker`.

    `random` draws the latencies that `faults` asks for; `clock` is the worker's own, by default the log's.
    """

    def __init__(
        self,
        log: MemoryLog,
        worker: str,
        *,
        faults: Faults | None = None,
        random: Random | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._log = log
        self._clock = clock or log.clock
        self._wire = Wire(worker, faults or Faults(), random or Random(worker))

    def die(self) -> None:
        """From now on nothing of this worker reaches the log, and no answer reaches it."""
        self._wire.dead = True

    def consumer(self, group: str, options: Mapping[str, Any]) -> Consumer:
        """A consumer of `group`, not started. Raises `TypeError` for an option that means nothing here."""
        return MemoryConsumer(
            self._log, group, f"stream-pool-{group}", self._wire, ConsumerOptions(**options)
        )

    async def producer(self, name: str, *, linger_ms: int) -> Producer:
        """A started producer. Raises `KafkaConnectionError` where no broker answers."""
        if self._wire.away():
            raise KafkaConnectionError("no broker answers")
        await self._wire.way()
        return MemoryProducer(self._log, self._clock, self._wire, linger_ms=linger_ms)

    def observer(self, name: str) -> Observer:
        """An observer, not started."""
        return MemoryObserver(self._log, self._wire)

    def admin(self, *, timeout_s: float) -> AbstractAsyncContextManager[Admin]:
        """An admin, once the broker answers. Raises `BrokerUnavailable` where it does not in time."""
        return self._admin(timeout_s)

    @asynccontextmanager
    async def _admin(self, timeout_s: float) -> AsyncIterator[Admin]:
        give_up_s = asyncio.get_running_loop().time() + timeout_s
        while self._wire.away():
            if asyncio.get_running_loop().time() >= give_up_s:
                raise BrokerUnavailable(f"no broker answered in {timeout_s:.1f} s")
            await asyncio.sleep(_RETRY_S)
        await self._wire.way()
        try:
            yield MemoryAdmin(self._log, self._wire)
        except (TimeoutError, OSError, KafkaError) as error:
            raise BrokerUnavailable(f"the broker answered, and then failed: {error!r}") from error

    async def records(
        self, partition: TopicPartition, start: int, stop: int
    ) -> AsyncIterator[Sequence[Record]]:
        """The records of [start, stop), in order, as they come.

        Raises `OffsetOutOfRangeError` where the log has them no more, `TopicAuthorizationFailedError`,
        `BrokerUnavailable` where nothing comes for half a minute.
        """
        silent = 0
        about = {"topic": partition.topic, "worker": self._wire.worker}
        while start < stop:
            if self._wire.faults.find("topic_refused", **about) is not None:
                await self._wire.ask(lambda: None)
                raise TopicAuthorizationFailedError(partition.topic)
            if (slow := self._wire.faults.find("topic_slow", **about)) is not None:
                await asyncio.sleep(slow.seconds)
            at, count = start, min(stop - start, _READ_AT_ONCE)
            records = await self._wire.ask(lambda: self._log.read(partition, at, count))  # noqa: B023  # done at once
            if records:
                silent = 0
                start = records[-1].offset + 1
                yield records
                continue
            silent += 1
            if silent > _READ_PATIENCE:
                raise BrokerUnavailable(
                    f"{partition.topic}-{partition.partition}: nothing came from offset {start} on, "
                    f"which should end at {stop}"
                )
            await asyncio.sleep(_READ_AGAIN_S)
