"""Makes the faults of a schedule happen to a simulation, and ends them again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simulation.schedule import Fault
from simulation.trial_app import GROUP, TOPIC, TrialApp
from stream_pool.testing.simulation import Simulation
from stream_pool.testing.worker import SimWorker

_EVENTS = {"topic": f"{GROUP}.events"}
_LETTERS = {"topic": f"{GROUP}.dead-letters"}
_SNAPSHOTS = {"topic": f"{GROUP}.snapshots"}

_WAYS: Mapping[str, list[tuple[Any, dict[str, Any]]]] = {
    "commit_refused": [("commit_refused", {"group": GROUP})],
    "commit_answer_lost": [("commit_answer_lost", {"group": GROUP})],
    "read_late": [("read_late", {"seconds": 1.5})],
    "events_fail": [("write_fails", _EVENTS)],
    "events_answer_lost": [("write_answer_lost", _EVENTS)],
    "events_away": [("write_fails", _EVENTS), ("read_late", {**_EVENTS, "seconds": 2.0})],
    "events_slow": [("topic_slow", {**_EVENTS, "seconds": 3.0})],
    "events_refuse": [("topic_refused", _EVENTS)],
    "events_repeated": [("write_repeated", _EVENTS)],
    "letters_refuse": [("topic_refused", _LETTERS)],
    "letters_away": [("write_fails", _LETTERS)],
    "letters_answer_lost": [("write_answer_lost", _LETTERS)],
    "broker_away": [("broker_away", {})],
    "snapshots_away": [("write_fails", _SNAPSHOTS), ("topic_refused", _SNAPSHOTS)],
}


class Troubles:
    """What a schedule's faults do. `resting` names the workers that are meant not to run now.

    `stopped` is called with each worker that was asked to stop, when it has.
    """

    def __init__(
        self, sim: Simulation, app: TrialApp, stopped: Callable[[SimWorker], None], *, faust: bool
    ) -> None:
        self.resting: set[str] = set()
        self._sim = sim
        self._app = app
        self._stopped = stopped
        self._faust = faust

    async def happen(self, fault: Fault) -> None:
        """Begin a fault now, and end it."""
        if fault.kind in _WAYS:
            for kind, options in _WAYS[fault.kind]:
                self._sim.faults.add(kind, for_s=fault.for_s, **options)
            await asyncio.sleep(fault.for_s)
        else:
            await _DEEDS[fault.kind](self, fault)

    async def _crash(self, fault: Fault) -> None:
        if (worker := self._available(fault)) is not None:
            self.resting.add(worker.name)
            worker.kill()
            await self._start_again(fault, worker.name)

    async def _stop(self, fault: Fault) -> None:
        if (worker := self._available(fault)) is not None and not worker.frozen:
            await self._rest(worker)
            await self._start_again(fault, worker.name)

    async def _deploy(self, fault: Fault) -> None:
        """Other rules, worker by worker: for a while some have the old ones and some the new."""
        self._app.deploy()
        for name in list(self._sim.workers):
            worker = self._sim.workers[name]
            if not worker.ended.is_set() and not worker.frozen and name not in self.resting:
                await self._rest(worker)
                await self._start_again(fault, name)

    async def _join(self, fault: Fault) -> None:
        name = f"guest-{len(self._sim.workers)}"
        self._sim.start_worker(self._app.make, name, faust=self._faust)
        await asyncio.sleep(fault.for_s)
        await self._rest(self._sim.workers[name])

    async def _freeze(self, fault: Fault) -> None:
        if (worker := self._available(fault)) is not None:
            worker.freeze()
            await asyncio.sleep(fault.for_s)
            worker.thaw()

    async def _rebalance(self, _fault: Fault) -> None:
        for group in (GROUP, f"{GROUP}.detector"):
            self._sim.log.group(group).rebalance()

    async def _trim_events(self, _fault: Fault) -> None:
        """Retention never overtakes the newest snapshot: the detector relies on that."""
        topic = f"{GROUP}.snapshots"
        if self._sim.log.partition_count(topic):
            offsets = [dict(record.headers).get("stream-pool.offset") for record in self._sim.records(topic)]
            newest = max((int(offset) for offset in offsets if offset is not None), default=0)
            self._sim.trim(f"{GROUP}.events", 0, newest)

    async def _trim_orders(self, _fault: Fault) -> None:
        for partition, messages in self._app.produced.items():
            before = len(messages) // 2
            self._sim.trim(TOPIC, partition, before)
            self._app.trimmed[partition] = max(before, self._app.trimmed.get(partition, 0))

    async def _snapshot_garbage(self, _fault: Fault) -> None:
        topic = f"{GROUP}.snapshots"
        if self._sim.log.partition_count(topic):
            self._sim.produce(topic, [b"no snapshot"], partition=0, key=b"0")
            later = [("stream-pool.snapshot", b"99"), ("stream-pool.offset", b"1")]
            self._sim.produce(topic, [b"of a later version"], partition=0, key=b"1", headers=later)

    def _available(self, fault: Fault) -> SimWorker | None:
        """The worker that a fault is about, unless another fault has it already."""
        worker = self._sim.workers[fault.target or ""]
        return None if worker.ended.is_set() or worker.name in self.resting else worker

    async def _rest(self, worker: SimWorker) -> None:
        self.resting.add(worker.name)
        if not worker.ended.is_set():
            await worker.stop()
            self._stopped(worker)

    async def _start_again(self, fault: Fault, name: str) -> None:
        await asyncio.sleep(fault.for_s)
        self._sim.restart(name)
        self.resting.discard(name)


_DEEDS: Mapping[str, Callable[[Troubles, Fault], Awaitable[None]]] = {
    "crash": Troubles._crash,
    "stop": Troubles._stop,
    "join": Troubles._join,
    "deploy": Troubles._deploy,
    "freeze": Troubles._freeze,
    "rebalance": Troubles._rebalance,
    "snapshot_garbage": Troubles._snapshot_garbage,
    "trim_events": Troubles._trim_events,
    "trim_orders": Troubles._trim_orders,
}
