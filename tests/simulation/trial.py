"""Plays one schedule with the production app, heals the world, and judges.

    outcome = try_schedule(Schedule.random(7))
    outcome.violations          # empty, or what must not be; the seed plays it again

Workers that end are started again, as whatever runs them would. What the apps log is kept aside, as the trace
of the run. Time passes until all is well, however long that takes within a limit: what is judged is where a
world ends, and not how soon.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiokafka.errors import KafkaError

from simulation.app_log import caught_logs
from simulation.invariants import (
    Violation,
    Witness,
    judge_account,
    judge_log,
    judge_orders,
    judge_ticks,
    losses,
)
from simulation.schedule import Fault, Schedule
from simulation.trial_app import GROUP, TOPIC, TrialApp
from simulation.troubles import Troubles
from stream_pool.detection.verdict import Verified
from stream_pool.errors import StreamPoolError
from stream_pool.events.raw_record import RawRecord
from stream_pool.testing.errors import SimulationError
from stream_pool.testing.groups import GroupState
from stream_pool.testing.simulation import Simulation, simulate
from stream_pool.testing.worker import SimWorker

_LOOK_EVERY_S = 0.5
_RESTART_AFTER_S = 1.5
_CALM_LIMIT_S = 400.0
_LIMIT_S = 2_000.0
_REPORT_PATIENCE = 20
_REPORT_PAUSE_S = 5.0
_JUDGED_WINDOWS = 4
_EXPECTED = (KafkaError, TimeoutError, OSError, StreamPoolError)


@dataclass(slots=True)
class Outcome:
    """What came of a schedule. `trace` is what happened, a line each, `log` the events in the log."""

    schedule: Schedule
    violations: list[Violation] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    lives: int = 0
    virtual_s: float = 0.0
    verified: Verified | None = None
    log: list[RawRecord] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([str(self.schedule), *(f"! {violation}" for violation in self.violations)])


def try_schedule(schedule: Schedule, *, faust: bool = False, keep_trace: bool = False) -> Outcome:
    """Play a schedule and judge it. A world that hangs or spins is a violation like others.

    `faust` runs the whole Faust app, `keep_trace` keeps what the apps log beside what was done to them.
    """
    outcome = Outcome(schedule)

    def line(text: str) -> None:
        if keep_trace:
            outcome.trace.append(text)

    def error(text: str, found: BaseException) -> None:
        if not isinstance(found, _EXPECTED):
            outcome.violations.append(Violation("crash", -1.0, f"{text}: {found!r}"))

    with caught_logs(line, error):
        try:
            simulate(
                lambda sim: _Trial(sim, outcome, faust=faust).play(),
                seed=schedule.seed,
                latency_s=schedule.latency_s,
                limit_s=_LIMIT_S,
            )
        except SimulationError as found:
            outcome.violations.append(Violation(found.reason, -1.0, str(found)))
    return outcome


class _Trial:
    """One schedule as it is played."""

    def __init__(self, sim: Simulation, outcome: Outcome, *, faust: bool) -> None:
        self._sim = sim
        self._outcome = outcome
        self._schedule = outcome.schedule
        self._faust = faust
        self._app = app = TrialApp(outcome.schedule, sim.ledger)
        self._window_s = app.settings.detector_window_s
        self._witness = Witness(sim, GROUP, TOPIC, app.is_done)
        self._troubles = Troubles(sim, app, self._stopped, faust=faust)
        self._over = False
        self._generations: list[int] = []
        self._settled_since_s = 0.0
        app.letters = self._witness.letters
        outcome.violations = self._witness.violations

    async def play(self) -> None:
        """The whole story: traffic and faults, calm, and the end."""
        sim, schedule = self._sim, self._schedule
        sim.loop.set_exception_handler(self._on_loop_error)
        sim.create_topic(TOPIC, schedule.partitions)
        for name in schedule.workers:
            sim.start_worker(self._app.make, name, faust=self._faust)
        for name in schedule.detectors:
            sim.start_worker(self._app.make_detector, name, faust=self._faust)
        watch = asyncio.create_task(self._watch())
        await asyncio.gather(self._traffic(), *(self._fault(fault) for fault in schedule.faults))
        self._note("all is well again")
        sim.faults.heal()
        if await self._come_to_rest():
            await self._judge()
        self._over = True
        await watch
        await self._end()

    # --- what happens

    async def _traffic(self) -> None:
        sim = self._sim
        for tick in self._schedule.ticks:
            await asyncio.sleep(max(0.0, tick.at_s - sim.loop.time()))
            for name in sim.workers:
                sim.memory(name).rss_bytes = tick.rss_bytes
            for message in tick.messages:
                self._app.produced[message.partition].append(message)
                sim.produce(TOPIC, [message.value], partition=message.partition)

    async def _fault(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        self._note(f"fault: {fault}")
        await self._troubles.happen(fault)

    async def _watch(self) -> None:
        """Look, and start again what ended, as whatever runs the workers would."""
        ended_at_s: dict[str, float] = {}
        while not self._over:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._witness.look()
            now_s = self._sim.loop.time()
            for name, worker in list(self._sim.workers.items()):
                if not worker.ended.is_set() or name in self._troubles.resting:
                    ended_at_s.pop(name, None)
                elif now_s - ended_at_s.setdefault(name, now_s) >= _RESTART_AFTER_S:
                    self._note(f"{worker.tag} ended with {worker.fault!r}, again")
                    self._expect(worker.fault)
                    del ended_at_s[name]
                    self._sim.restart(name)

    def _stopped(self, worker: SimWorker) -> None:
        self._expect(worker.fault)
        if worker.forced:
            self._witness.blame("stop", f"{worker.tag} did not stop within its deadline")

    def _expect(self, fault: BaseException | None) -> None:
        """A worker may end with a fault of ours, or because it found no broker when it started."""
        cause = fault.__cause__ if type(fault) is StreamPoolError else fault
        if fault is not None and not isinstance(cause, _EXPECTED):
            self._witness.blame("crash", f"a worker ended with {fault!r}")

    # --- calm

    async def _come_to_rest(self) -> bool:
        """Let everything be done and committed; False where that does not come."""
        try:
            await self._sim.run_until(lambda: not self._unrest(), limit_s=_CALM_LIMIT_S, step_s=1.0)
        except TimeoutError:
            judge_orders(self._witness, self._sim, GROUP, TOPIC, self._app.trimmed)
            self._witness.blame("calm", f"nothing came to rest in {_CALM_LIMIT_S:g} s: {self._unrest()}")
            return False
        return True

    def _unrest(self) -> str:
        for name, worker in self._sim.workers.items():
            if name not in self._troubles.resting and not worker.running:
                return f"{worker.tag} does not run"
            if worker.running and worker.app is not None and worker.app.plant.outlet.writer.buffered:
                return f"{worker.tag} has events waiting"
        behind = self._sim.behind(GROUP, TOPIC)
        return f"{behind} records behind" if behind else ""

    def _is_settled(self) -> bool:
        """Whether nobody came or went for longer than a session, so that nobody is going to be missed."""
        now_s = self._sim.loop.time()
        groups = [self._sim.log.group(name) for name in (GROUP, f"{GROUP}.detector")]
        generations = [group.generation for group in groups]
        if generations != self._generations or any(group.state is not GroupState.STABLE for group in groups):
            self._generations, self._settled_since_s = generations, now_s
        session_s = self._app.settings.session_timeout_ms / 1_000
        return now_s - self._settled_since_s > session_s + 2 and self._witness.ticks_steadily(self._window_s)

    # --- judgement

    async def _judge(self) -> None:
        sim, witness = self._sim, self._witness
        try:
            await sim.run_until(self._is_settled, limit_s=_CALM_LIMIT_S, step_s=1.0)
        except TimeoutError:
            witness.blame("ticks", f"no detector ticks steadily within {_CALM_LIMIT_S:g} s")
            return
        since_ms = sim.clock.now_ms()
        await sim.advance(_JUDGED_WINDOWS * self._window_s)
        judge_orders(witness, sim, GROUP, TOPIC, self._app.trimmed)
        latency_s = self._schedule.latency_s
        judge_ticks(witness, witness.events(), self._window_s, latency_s, since_ms, sim.clock.now_ms())
        await self._judge_losses(since_ms)

    async def _judge_losses(self, until_ms: int) -> None:
        """A report comes a while after a loss; who loses events all the time is never done with it."""
        workers = list(self._sim.workers.values())
        before = _lost(workers)
        for _ in range(_REPORT_PATIENCE):
            problems = losses(self._witness.events(), workers, until_ms)
            if not problems or _lost(workers) != before:
                return
            await self._sim.advance(_REPORT_PAUSE_S)
        for problem in problems:
            self._witness.blame("losses", problem)

    async def _end(self) -> None:
        """Stop everybody, and judge what is left."""
        sim, witness, outcome = self._sim, self._witness, self._outcome
        for worker in sim.workers.values():
            if not worker.ended.is_set():
                await worker.stop()
                self._stopped(worker)
        verdict = judge_log(witness, sim, GROUP)
        if verdict is not None and self._app.settings.detector_expire_after_s > sim.loop.time():
            judge_account(witness, witness.events(), verdict)
        outcome.verified = verdict
        outcome.lives = len(sim.lives)
        outcome.virtual_s = sim.loop.time()
        if sim.log.partition_count(f"{GROUP}.events"):
            outcome.log = sim.records(f"{GROUP}.events")

    # --- what is written down

    def _note(self, line: str) -> None:
        self._outcome.trace.append(f"{self._sim.loop.time():9.3f} {line}")

    def _on_loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, _EXPECTED):
            self._witness.blame("crash", f"{context.get('message')}: {error!r}")
        self._note(f"unheard: {context.get('message')}: {error!r}")


def _lost(workers: list[SimWorker]) -> int:
    return sum(worker.app.plant.outlet.writer.lost for worker in workers if worker.app and worker.running)
