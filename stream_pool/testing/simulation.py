"""A world in which production apps run: an in-memory log, virtual time, and workers that come and go.

    def test_orders_survive_a_kill() -> None:
        async def story(sim: Simulation) -> None:
            sim.create_topic("orders", partitions=2)
            sim.start_worker(make_app, "one")
            sim.produce("orders", [b'{"sku": "a"}'] * 10)
            await sim.advance(5)
            sim.kill("one")
            sim.restart("one")
            await sim.run_until(lambda: sim.behind("orders-group", "orders") == 0)

        simulate(story, seed=1)

`make_app` makes an ordinary `stream_pool.App`; nothing in it is changed. The story runs outside every worker,
and nothing that is done to a worker stops it. All chance comes from `seed`, so that a seed is a run.

The limits: one process, one thread. CPU costs no virtual time: a handler takes as long as it sleeps.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.detection.verdict import Verdict
from stream_pool.detection.verification import verify
from stream_pool.errors import MisuseError
from stream_pool.events import Anomaly, AnomalyOpened, AnomalyResolved, LoggedEvent, read_raw
from stream_pool.events.raw_record import RawRecord
from stream_pool.settings import Settings
from stream_pool.stream.app import App
from stream_pool.stream.event_writer import Identity
from stream_pool.stream.host import Host
from stream_pool.stream.log_reader import raw_record
from stream_pool.stream.runtime import Work
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.clock import EPOCH_MS, VirtualClock
from stream_pool.testing.faults import Faults
from stream_pool.testing.ledger import Ledger
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.loop import VirtualLoop
from stream_pool.testing.probes import ScriptedGc, ScriptedMemory
from stream_pool.testing.virtual_time import virtual_time
from stream_pool.testing.worker import SimWorker

T = TypeVar("T")


def dispose_quietly(loop: VirtualLoop) -> None:
    """End what a world left running, without a word: the services that are cut off would call it a crash."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        loop.dispose()
    finally:
        logging.disable(disabled)


def simulate(
    story: Callable[["Simulation"], Awaitable[T]],
    *,
    seed: int = 0,
    latency_s: float = 0.002,
    limit_s: float | None = None,
    epoch_ms: int = EPOCH_MS,
) -> T:
    """Run a story in a world of its own, and return what it returns.

    `latency_s` is about what every request to the log takes. Raises `SimDeadlock`, `SimSpin`, and
    `SimTimeout` where virtual time would pass `limit_s`.
    """

    async def world() -> T:
        return await story(Simulation(seed=seed, latency_s=latency_s, epoch_ms=epoch_ms))

    loop, main = VirtualLoop(limit_s=limit_s), world()
    with virtual_time():
        try:
            return loop.run_until_complete(main)
        finally:
            main.close()
            dispose_quietly(loop)


class Simulation:
    """The world of one run; made inside a `VirtualLoop`, which `simulate` does.

    `log` is the broker, `faults` what is wrong with it; `works` says by a worker's name how the time passes
    that a record takes it (nothing: none does). `workers` has the latest life of each name, `lives` all of
    them, `ledger` what handlers did that it was asked to record.
    """

    def __init__(self, *, seed: int = 0, latency_s: float = 0.002, epoch_ms: int = EPOCH_MS) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop), "a simulation lives in a VirtualLoop: use simulate"
        self.seed = seed
        self.loop = loop
        self.clock = VirtualClock(loop, epoch_ms)
        self.faults = Faults(latency_s=latency_s)
        self.log = MemoryLog(self.clock)
        self.ledger = Ledger()
        self.workers: dict[str, SimWorker] = {}
        self.lives: list[SimWorker] = []
        self.works: dict[str, Work] = {}
        self._memory: dict[str, ScriptedMemory] = {}
        self._gc: dict[str, ScriptedGc] = {}

    # --- workers

    def start_worker(self, make_app: Callable[[], App], name: str, *, faust: bool = False) -> SimWorker:
        """Begin a life of worker `name`; `faust` runs the whole Faust app, and not its parts alone.

        `started` of what it returns says when everything in it runs.
        """
        before = self.workers.get(name)
        if before is not None and not before.ended.is_set():
            raise ValueError(f"worker {name!r} is alive")
        incarnation = 1 if before is None else before.incarnation + 1
        tag = f"{name}/{incarnation}"
        client = MemoryClient(self.log, tag, faults=self.faults, random=Random(f"{self.seed}:{tag}:client"))

        def host(_settings: Settings) -> Host:
            return Host(
                clock=self.clock,
                client=client,
                identity=Identity(worker=name, incarnation=str(incarnation)),
                random=Random(f"{self.seed}:{tag}"),
                gc_probe=self.gc(name),
                memory_probe=self.memory(name),
                work=self.works.get(name),
            )

        worker = SimWorker(name, incarnation, make_app, host, client, self.loop, faust=faust)
        self.workers[name] = worker
        self.lives.append(worker)
        return worker

    def worker(self, name: str) -> SimWorker:
        """The latest life of a worker. Raises `MisuseError` where there was none of that name."""
        if name not in self.workers:
            there = ", ".join(map(repr, self.workers)) or "none"
            raise MisuseError(f"no worker {name!r} was started; there are: {there}")
        return self.workers[name]

    def restart(self, name: str) -> SimWorker:
        """Begin the next life of a worker that ended."""
        before = self.worker(name)
        return self.start_worker(before.make_app, name, faust=before.faust)

    async def stop(self, name: str) -> None:
        """Ask a worker to stop, and wait until it has: at most as long as its own deadline."""
        await self.worker(name).stop()

    def kill(self, name: str) -> None:
        """End a worker at once, as `kill -9` does."""
        self.worker(name).kill()

    def freeze(self, name: str) -> None:
        """Hold a worker, as SIGSTOP does."""
        self.worker(name).freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen worker go on."""
        self.worker(name).thaw()

    def memory(self, name: str) -> ScriptedMemory:
        """What worker `name` finds when it looks at its memory."""
        return self._memory.setdefault(name, ScriptedMemory())

    def gc(self, name: str) -> ScriptedGc:
        """What worker `name` hears of its collector."""
        return self._gc.setdefault(name, ScriptedGc())

    # --- time

    async def advance(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        await asyncio.sleep(seconds)

    async def run_until(
        self, condition: Callable[[], bool], *, limit_s: float = 60.0, step_s: float = 0.1
    ) -> None:
        """Let time pass until `condition` holds. Raises `TimeoutError` where that takes over `limit_s`."""
        until_s = self.loop.time() + limit_s
        while not condition():
            if self.loop.time() >= until_s:
                raise TimeoutError(f"not so within {limit_s} s, at {self.loop.time():.3f} s")
            await asyncio.sleep(step_s)

    # --- the log

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic, with Kafka's own names in `config`. A worker never creates one that it reads."""
        self.log.create_topic(name, partitions, config)

    def produce(
        self,
        topic: str,
        values: Sequence[bytes | None],
        *,
        partition: int | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        """Append records at this moment; without `partition` the key chooses it, or turns are taken."""
        for value in values:
            self.log.append(topic, partition, value, key, headers)

    def trim(self, topic: str, partition: int, before: int) -> None:
        """Delete what stands before an offset, as retention does."""
        self.log.trim(topic, partition, before)

    def records(self, topic: str, partition: int = 0) -> list[RawRecord]:
        """Every record that is kept of a partition, in order."""
        return [raw_record(record) for record in self.log.all_records(topic, partition)]

    def committed(self, group: str, topic: str) -> list[int | None]:
        """What a group has committed of each partition of a topic; None: nothing yet.

        Raises `UnknownTopicOrPartitionError`.
        """
        commits = self.log.committed(group)
        return [commits.get(place) for place in self._partitions(topic)]

    def behind(self, group: str, topic: str) -> int:
        """Records of a topic that a group has not committed. Raises `UnknownTopicOrPartitionError`."""
        commits = self.log.committed(group)
        total = 0
        for place in self._partitions(topic):
            earliest, end = self.log.bounds(place)
            total += end - commits.get(place, earliest)
        return total

    def dead_letters(self, group: str) -> list[RawRecord]:
        """The dead letters of a group's workers."""
        return self._kept(f"{group}.dead-letters")

    def events(self, group: str) -> list[LoggedEvent]:
        """The events that stand in a group's log, decoded."""
        return [read_raw(record) for record in self._kept(f"{group}.events")]

    def anomalies(self, group: str) -> list[Anomaly]:
        """The anomalies in a group's log, repeats left out."""
        found: dict[str, Anomaly] = {}
        for logged in self.events(group):
            if isinstance(logged.event, AnomalyOpened | AnomalyResolved):
                found.setdefault(logged.id, logged.event)
        return list(found.values())

    def verify(self, group: str) -> Verdict:
        """Whether a group's log is what follows from it, as `stream-pool verify` would say."""
        snapshots = SnapshotsKept()
        for record in self._kept(f"{group}.snapshots"):
            snapshots.take(record)
        return verify(group, self._kept(f"{group}.events"), snapshots)

    def _kept(self, topic: str) -> list[RawRecord]:
        return self.records(topic) if self.log.partition_count(topic) else []

    def _partitions(self, topic: str) -> list[TopicPartition]:
        count = self.log.partition_count(topic)
        if count is None:
            raise UnknownTopicOrPartitionError(topic)
        return [TopicPartition(topic, number) for number in range(count)]
