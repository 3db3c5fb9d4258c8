"""Plays one schedule with the production app, heals the world, and judges.

    outcome = try_schedule(Schedule.random(7))
    outcome.violations          # empty, or what must not be; the seed plays it again

The worlds' app has one agent, whose handler does what each message says. Workers that end are started again,
as whatever runs them would. Logs of the app are kept aside as the trace of the run.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from stream_pool.detection.verdict import Verified
from stream_pool.errors import StreamPoolError
from stream_pool.settings import Settings
from stream_pool.stream.app import App
from stream_pool.stream.batch import Rejected
from stream_pool.stream.order import Order
from stream_pool.testing.errors import SimulationError
from stream_pool.testing.groups import GroupState
from stream_pool.testing.invariants import (
    Violation,
    Witness,
    judge_account,
    judge_log,
    judge_orders,
    judge_ticks,
    losses,
)
from stream_pool.testing.loop import WORKER
from stream_pool.testing.schedule import Fault, Message, Schedule
from stream_pool.testing.simulation import Simulation, simulate
from stream_pool.testing.worker import SimWorker

GROUP = "orders-group"
TOPIC = "orders"

_LOOK_EVERY_S = 0.5
_RESTART_AFTER_S = 1.5
_CALM_LIMIT_S = 400.0
_LIMIT_S = 2_000.0
_REPORT_PATIENCE = 20
_REPORT_PAUSE_S = 5.0
_RETRIES = 1
_EXPECTED = (KafkaError, TimeoutError, OSError, StreamPoolError)


class SimulatedError(Exception):
    """What a handler raises because its message says so."""


@dataclass(slots=True)
class Outcome:
    """What came of a schedule. `trace` is what happened, a line each."""

    schedule: Schedule
    violations: list[Violation] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    lives: int = 0
    virtual_s: float = 0.0
    verified: Verified | None = None
    log: list[tuple[Any, ...]] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([str(self.schedule), *(f"! {violation}" for violation in self.violations)])


def try_schedule(schedule: Schedule, *, faust: bool = False, keep_trace: bool = False) -> Outcome:
    """Play a schedule and judge it. A world that hangs or spins is a violation like others."""
    outcome = Outcome(schedule)
    with _quiet(outcome, keep_trace=keep_trace):
        try:
            simulate(
                _Trial(outcome, faust=faust).play,
                seed=schedule.seed,
                latency_s=schedule.latency_s,
                limit_s=_LIMIT_S,
            )
        except SimulationError as error:
            outcome.violations.append(Violation(error.reason, -1.0, str(error)))
    return outcome


class _Trial:
    """One schedule as it is played."""

    def __init__(self, outcome: Outcome, *, faust: bool) -> None:
        self._outcome = outcome
        self._schedule = outcome.schedule
        self._faust = faust
        self._settings = Settings(**self._schedule.settings)
        self._produced: dict[int, list[Message]] = {n: [] for n in range(self._schedule.partitions)}
        self._trimmed: dict[int, int] = {}
        self._collected: set[tuple[int, int]] = set()
        self._resting: set[str] = set()
        self._over = False
        self._generations: list[int] = []
        self._settled_since_s = 0.0
        self._sim: Simulation
        self._witness: Witness

    async def play(self, sim: Simulation) -> None:
        """The whole story: traffic and faults, calm, and the end."""
        schedule, self._sim = self._schedule, sim
        self._witness = witness = Witness(sim, GROUP, TOPIC, self._is_done)
        self._outcome.violations = witness.violations
        sim.loop.set_exception_handler(self._on_loop_error)
        sim.create_topic(TOPIC, schedule.partitions)
        for name in schedule.workers:
            sim.start_worker(self._make_app, name, faust=self._faust)
        for name in schedule.detectors:
            sim.start_worker(self._make_detector, name, faust=self._faust)
        watch = asyncio.create_task(self._watch())
        traffic = [asyncio.create_task(self._traffic())]
        traffic += [asyncio.create_task(self._fault(fault)) for fault in schedule.faults]
        await asyncio.gather(*traffic)
        self._note("all is well again")
        sim.faults.heal()
        if await self._calm():
            try:
                await self._judge()
            except TimeoutError:
                witness.blame("ticks", f"no detector ticks steadily within {_CALM_LIMIT_S:g} s")
        self._over = True
        await watch
        await self._stop_all()
        self._outcome.lives = len(sim.lives)
        self._outcome.virtual_s = sim.loop.time()
        self._outcome.log = [
            (record.offset, record.timestamp_ms, record.key, record.headers, record.value)
            for record in (
                sim.records(f"{GROUP}.events") if sim.log.partition_count(f"{GROUP}.events") else []
            )
        ]

    # --- the app

    def _make_app(self) -> App:
        app = App(GROUP, settings=self._settings)
        met: set[tuple[int, int]] = set()

        async def handle(order: Order) -> Rejected | None:
            kind = order.document["kind"]
            if kind == "slow":
                await asyncio.sleep(order.document["seconds"])
            elif kind == "failing":
                raise SimulatedError("the message says so")
            elif kind == "flaky" and (place := (order.partition, order.offset)) not in met:
                met.add(place)
                raise SimulatedError("the message says so, once")
            elif kind == "rejected":
                return Rejected("unknown_sku")
            return None

        on_error: Any = self._schedule.on_error
        app.each(TOPIC, on_error=on_error, retries=_RETRIES)(self._sim.ledger.recorded(handle))
        if self._schedule.batch_agent:
            self._add_batch_agent(app)
        return app

    def _add_batch_agent(self, app: App) -> None:
        """A second agent on the same records, at times slower than the first, and done with whole batches."""

        async def collect(batches: Any) -> None:
            async for batch in batches:
                orders = [(order.partition, order.offset) for order in batch]
                await asyncio.sleep(0.05 * len(orders))
                self._collected.update(orders)

        app.agent(app.batches(TOPIC, on_error="skip"))(collect)

    def _make_detector(self) -> App:
        return App(GROUP, settings=self._settings)

    def _is_done(self, partition: int, offset: int) -> bool:
        if offset < self._trimmed.get(partition, 0):
            return True
        kind, place = self._produced[partition][offset].kind, (TOPIC, partition, offset)
        readable = kind not in ("poison", "tombstone")
        if self._schedule.batch_agent and readable and (partition, offset) not in self._collected:
            return False
        if kind in ("fine", "slow", "flaky"):
            return self._sim.ledger.times_done(*place) > 0
        if kind == "failing" and self._schedule.on_error == "skip":
            return self._sim.ledger.times_failed(*place) > _RETRIES
        return self._witness.letters[place] > 0

    # --- what happens

    async def _traffic(self) -> None:
        sim = self._sim
        for tick in self._schedule.ticks:
            await asyncio.sleep(max(0.0, tick.at_s - sim.loop.time()))
            for name in sim.workers:
                sim.memory(name).rss_bytes = tick.rss_bytes
            for message in tick.messages:
                self._produced[message.partition].append(message)
                sim.produce(
                    TOPIC, [message.value], partition=message.partition, key=b"%d" % message.partition
                )

    async def _fault(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        self._note(f"fault: {fault}")
        await _FAULTS[fault.kind](self, fault)

    async def _watch(self) -> None:
        """Look, and start again what ended, as whatever runs the workers would."""
        ended_at_s: dict[str, float] = {}
        while not self._over:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._witness.look()
            now_s = self._sim.loop.time()
            for name, worker in list(self._sim.workers.items()):
                if not worker.ended.is_set() or name in self._resting:
                    ended_at_s.pop(name, None)
                elif now_s - ended_at_s.setdefault(name, now_s) >= _RESTART_AFTER_S:
                    self._note(f"{worker.tag} ended with {worker.fault!r}, again")
                    self._expect(worker.fault)
                    del ended_at_s[name]
                    self._sim.restart(name)

    def _expect(self, fault: BaseException | None) -> None:
        """A worker may end with a fault of ours, or because it found no broker when it started."""
        cause = fault.__cause__ if type(fault) is StreamPoolError else fault
        if fault is not None and not isinstance(cause, _EXPECTED):
            self._witness.blame("crash", f"a worker ended with {fault!r}")

    async def _calm(self) -> bool:
        """Let the world come to rest; False where it does not."""
        sim = self._sim
        try:
            await sim.run_until(self._is_calm, limit_s=_CALM_LIMIT_S, step_s=1.0)
        except TimeoutError:
            judge_orders(self._witness, sim, GROUP, TOPIC, self._trimmed)
            self._witness.blame("calm", f"nothing came to rest in {_CALM_LIMIT_S:g} s: {self._unrest()}")
            return False
        return True

    def _is_calm(self) -> bool:
        return not self._unrest()

    def _unrest(self) -> str:
        sim = self._sim
        for name, worker in sim.workers.items():
            if name not in self._resting and not worker.running:
                return f"{worker.tag} does not run"
            if worker.running and worker.app is not None and worker.app.plant.outlet.writer.buffered:
                return f"{worker.tag} has events waiting"
        behind = sim.behind(GROUP, TOPIC)
        return f"{behind} records behind" if behind else ""

    def _is_settled(self) -> bool:
        """Whether nobody came or went for longer than a session, so that nobody is going to be missed."""
        now_s = self._sim.loop.time()
        groups = [self._sim.log.group(name) for name in (GROUP, f"{GROUP}.detector")]
        generations = [group.generation for group in groups]
        if generations != self._generations or any(group.state is not GroupState.STABLE for group in groups):
            self._generations, self._settled_since_s = generations, now_s
        session_s = self._settings.session_timeout_ms / 1_000
        is_quiet = now_s - self._settled_since_s > session_s + 2
        return is_quiet and self._witness.ticks_steadily(self._settings.detector_window_s)

    async def _judge(self) -> None:
        """After as many windows as an owner may take to be live, and to write what it found missing."""
        sim, witness, window_s = self._sim, self._witness, self._settings.detector_window_s
        await sim.run_until(self._is_settled, limit_s=_CALM_LIMIT_S, step_s=1.0)
        since_ms = sim.clock.now_ms()
        await sim.advance(4 * window_s)
        until_ms = sim.clock.now_ms()
        judge_orders(witness, sim, GROUP, TOPIC, self._trimmed)
        events = witness.events()
        judge_ticks(witness, events, window_s, since_ms, until_ms)
        await self._judge_losses(since_ms)

    async def _judge_losses(self, until_ms: int) -> None:
        """A report comes a while after a loss; who loses events all the time is never done with it."""
        workers = list(self._sim.workers.values())
        before = self._lost(workers)
        for _ in range(_REPORT_PATIENCE):
            problems = losses(self._witness.events(), workers, until_ms)
            if not problems or self._lost(workers) != before:
                return
            await self._sim.advance(_REPORT_PAUSE_S)
        for problem in problems:
            self._witness.blame("losses", problem)

    def _lost(self, workers: list[SimWorker]) -> int:
        return sum(worker.app.plant.outlet.writer.lost for worker in workers if worker.app and worker.running)

    async def _stop_all(self) -> None:
        sim, witness = self._sim, self._witness
        for worker in sim.workers.values():
            if not worker.ended.is_set():
                await worker.stop()
                self._expect(worker.fault)
                if worker.forced:
                    witness.blame("stop", f"{worker.tag} did not stop within its deadline")
        verdict = judge_log(witness, sim, GROUP)
        if verdict is not None and self._settings.detector_expire_after_s > sim.loop.time():
            judge_account(witness, witness.events(), verdict)
        self._outcome.verified = verdict

    # --- faults

    async def _crash(self, fault: Fault) -> None:
        name = fault.target or ""
        if self._sim.workers[name].ended.is_set() or name in self._resting:
            return
        self._resting.add(name)
        self._sim.kill(name)
        await self._start_again(fault, name)

    async def _stop(self, fault: Fault) -> None:
        name = fault.target or ""
        worker = self._sim.workers[name]
        if worker.ended.is_set() or worker.frozen or name in self._resting:
            return
        self._resting.add(name)
        await worker.stop()
        self._expect(worker.fault)
        if worker.forced and not self._is_troubled():
            self._witness.blame("stop", f"{worker.tag} did not stop within its deadline")
        await self._start_again(fault, name)

    async def _start_again(self, fault: Fault, name: str) -> None:
        await asyncio.sleep(fault.for_s)
        self._sim.restart(name)
        self._resting.discard(name)

    def _is_troubled(self) -> bool:
        return False

    async def _join(self, fault: Fault) -> None:
        name = f"guest-{len(self._sim.workers)}"
        worker = self._sim.start_worker(self._make_app, name, faust=self._faust)
        await asyncio.sleep(fault.for_s)
        self._resting.add(name)
        worker = self._sim.workers[name]
        if not worker.ended.is_set():
            await worker.stop()
            self._expect(worker.fault)

    async def _freeze(self, fault: Fault) -> None:
        worker = self._sim.workers[fault.target or ""]
        worker.freeze()
        await asyncio.sleep(fault.for_s)
        worker.thaw()

    async def _rebalance(self, _fault: Fault) -> None:
        self._sim.log.group(GROUP).rebalance()
        self._sim.log.group(f"{GROUP}.detector").rebalance()

    async def _trim_events(self, _fault: Fault) -> None:
        """Retention never overtakes the newest snapshot: the detector relies on that."""
        topic = f"{GROUP}.snapshots"
        if not self._sim.log.partition_count(topic):
            return
        offsets = [dict(record.headers).get("stream-pool.offset") for record in self._sim.records(topic)]
        newest = max((int(offset) for offset in offsets if offset is not None), default=0)
        self._sim.trim(f"{GROUP}.events", 0, newest)

    async def _trim_orders(self, _fault: Fault) -> None:
        for partition, messages in self._produced.items():
            before = len(messages) // 2
            self._sim.trim(TOPIC, partition, before)
            self._trimmed[partition] = max(before, self._trimmed.get(partition, 0))

    async def _snapshot_garbage(self, _fault: Fault) -> None:
        topic = f"{GROUP}.snapshots"
        if self._sim.log.partition_count(topic):
            self._sim.produce(topic, [b"no snapshot"], partition=0, key=b"0")
            later = [("stream-pool.snapshot", b"99"), ("stream-pool.offset", b"1")]
            self._sim.produce(topic, [b"of a later version"], partition=0, key=b"1", headers=later)

    async def _wrong_way(self, fault: Fault) -> None:
        for kind, options in _WAYS[fault.kind]:
            self._sim.faults.add(kind, for_s=fault.for_s, **options)
        await asyncio.sleep(fault.for_s)

    # --- what is written down

    def _note(self, line: str) -> None:
        self._outcome.trace.append(f"{self._sim.loop.time():9.3f} {line}")

    def _on_loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, _EXPECTED):
            self._witness.blame("crash", f"{context.get('message')}: {error!r}")
        self._note(f"unheard: {context.get('message')}: {error!r}")


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

_FAULTS: Mapping[str, Callable[[_Trial, Fault], Any]] = {
    **dict.fromkeys(_WAYS, _Trial._wrong_way),
    "crash": _Trial._crash,
    "stop": _Trial._stop,
    "join": _Trial._join,
    "freeze": _Trial._freeze,
    "rebalance": _Trial._rebalance,
    "snapshot_garbage": _Trial._snapshot_garbage,
    "trim_events": _Trial._trim_events,
    "trim_orders": _Trial._trim_orders,
}


@contextmanager
def _quiet(outcome: Outcome, *, keep_trace: bool) -> Iterator[None]:
    """Catch what the app logs: as a trace, and for errors that were logged and nothing else."""

    def catch(_logger: Any, level: str, event: MutableMapping[str, Any]) -> Any:
        error = sys.exc_info()[1] if event.get("exc_info") else None
        if error is not None and not isinstance(error, _EXPECTED):
            outcome.violations.append(Violation("crash", -1.0, f"{event['event']}: {error!r}"))
        fields = ", ".join(f"{name}={value}" for name, value in event.items() if name != "event")
        if keep_trace:
            loop = asyncio._get_running_loop()
            now_s = loop.time() if loop is not None else 0.0
            outcome.trace.append(f"{now_s:9.3f} {WORKER.get()} {level}: {event['event']} {fields}")
        raise structlog.DropEvent

    before = structlog.get_config()
    disabled = logging.root.manager.disable
    structlog.configure(processors=[catch], cache_logger_on_first_use=False)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        structlog.configure(**before)
