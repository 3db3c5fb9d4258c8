"""Members of a group on the in-memory log, each in a worker of its own, for tests in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextvars import copy_context
from random import Random
from typing import Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaConnectionError, KafkaError

from stream_pool.stream.client import Consumer
from stream_pool.testing import WORKER, VirtualClock, VirtualLoop, run
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.faults import Faults
from stream_pool.testing.log import MemoryLog

T = TypeVar("T")


class World:
    """A log with topic `orders` of four partitions, and members by name."""

    def __init__(self, latency_s: float = 0.0, seed: int = 0) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.session_s = 6.0 if latency_s < 0.5 else 20.0
        self.seed = seed
        self.log = MemoryLog(VirtualClock(loop))
        self.log.create_topic("orders", 4)
        self.faults = Faults(latency_s=latency_s)

    def client(self, worker: str = "one") -> MemoryClient:
        return MemoryClient(self.log, worker, faults=self.faults, random=Random(f"{self.seed}:{worker}"))

    def member(self, worker: str, group: str = "group") -> "Member":
        return Member(self, worker, group)


class Member:
    """A worker with one consumer, which reads whatever it has. `told` is what its listener heard."""

    def __init__(self, world: World, worker: str, group: str) -> None:
        self.world = world
        self.worker = worker
        self.client = world.client(worker)
        options = {
            "session_timeout_ms": int(world.session_s * 1_000),
            "heartbeat_interval_ms": 2_000,
            "rebalance_timeout_ms": int(world.session_s * 1_000),
        }
        self.consumer: Consumer = self.client.consumer(group, options)
        self.has: list[int] = []
        self.read: list[tuple[int, int]] = []
        self.told: list[tuple[str, list[int]]] = []
        self.slow_s = 0.0
        self.consumer.subscribe(["orders"], listener=self)
        self.life = self.run(self._live())

    def run(self, deed: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do something as this worker."""
        context = copy_context()
        context.run(WORKER.set, self.worker)
        return self.world.loop.create_task(deed, context=context)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self.told.append(("revoked", [each.partition for each in revoked]))
        await asyncio.sleep(self.slow_s)
        self.has = []

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        places = list(assigned)
        commits = await self.consumer.commits(places)
        for place in places:
            self.consumer.seek(place, commits[place].offset if place in commits else 0)
        self.has = [place.partition for place in places]
        self.told.append(("assigned", self.has))

    def kill(self) -> None:
        self.client.die()
        self.world.loop.kill(self.worker)

    async def _live(self) -> None:
        while True:
            try:
                await self.consumer.start()
            except KafkaConnectionError:
                await asyncio.sleep(1)
            else:
                break
        while True:
            try:
                fetched = await self.consumer.getmany(timeout_ms=500, max_records=3)
            except ConsumerStoppedError:
                return
            except KafkaError:
                await asyncio.sleep(0.1)
                continue
            for place, records in fetched.items():
                self.read += [(place.partition, record.offset) for record in records]


def in_world(story: Callable[[World], Coroutine[Any, Any, T]], *, latency_s: float = 0.0, seed: int = 0) -> T:
    """Run a story on a world of its own."""

    async def main() -> T:
        return await story(World(latency_s, seed))

    return run(main(), limit_s=10_000)
