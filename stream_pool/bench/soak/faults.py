"""The faults themselves, each with its remedy, and how long consumption was away.

Consumption is back when in every partition a record has been handled that was acknowledged after the fault
had struck: after the kill, after the broker answered again. A fault ends when its remedy has been taken too,
and consumption is back from that: one that was frozen wakes when others have its partitions, which is the
worst moment. So faults never overlap; one that takes longer than the time between two delays the next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stream_pool.bench.soak import cluster
from stream_pool.bench.soak.crew import Crew
from stream_pool.bench.soak.plan import Fault, Kind, Pace
from stream_pool.bench.soak.traffic import Traffic
from stream_pool.bench.soak.waiting import Watch
from stream_pool.broker import JavaBroker

MOVES_WITHIN_S = 60.0
"""A partition of which nothing is handled for so long is stuck."""
BACK_WITHIN_S = 300.0
"""Also a busy machine has drained by then what came meanwhile."""
AT_WORK_WITHIN_S = 60.0
LOG_BACK_WITHIN_S = 60.0

FROZEN_FOR_MORE_S = 1.0
"""How much longer a worker stays frozen when others have its partitions."""

BURST_RECORDS = 50
SURE_OF_BUDGET = 40 * BURST_RECORDS
"""Records that every worker has handled before a burst: at most half of the 5 % that the dead-letter budget
allows in a minute are dead letters then."""

EXTRA = "worker 4"


@dataclass(frozen=True, slots=True)
class Struck:
    """What came of a fault. `back_s` is from the fault to when consumption was back, before any remedy."""

    fault: Fault
    what: str
    back_s: float
    over_s: float

    def __str__(self) -> str:
        return f"{self.what}; consumption back after {self.back_s:.1f} s, all over after {self.over_s:.1f} s"


class Faults:
    """Strikes with one fault after the other. `victims` are those that may be killed and frozen."""

    def __init__(
        self,
        broker: JavaBroker,
        crew: Crew,
        traffic: Traffic,
        pace: Pace,
        *,
        events_topic: str,
        victims: tuple[str, ...],
        partitions: int,
    ) -> None:
        self._broker = broker
        self._crew = crew
        self._traffic = traffic
        self._pace = pace
        self._events_topic = events_topic
        self._victims = victims
        self._partitions = partitions
        self._watch = Watch(crew, traffic)
        self._struck_s = 0.0
        self._back_s = 0.0

    async def strike(self, fault: Fault) -> Struck:
        """One fault, its remedy, and consumption back. Raises `StreamPoolError` where that does not come."""
        self._struck_s = time.monotonic()
        what = await self._ways[fault.kind](self, fault)
        return Struck(fault, what, self._back_s, time.monotonic() - self._struck_s)

    async def _kill_worker(self, fault: Fault) -> str:
        """Its place is taken at once, as a supervisor would."""
        victim = fault.pick(self._victims)
        self._crew.kill(victim)
        self._crew.start(victim)
        await self._consumption_is_back(fault)
        return f"kill -9 of {victim}"

    async def _freeze_worker(self, fault: Fault) -> str:
        victim = fault.pick(self._victims)
        self._crew.freeze(victim)
        await self._consumption_is_back(fault)
        await asyncio.sleep(FROZEN_FOR_MORE_S)
        frozen_s = time.monotonic() - self._struck_s
        self._crew.thaw(victim)
        await self._consumption_is_steady(fault)
        return f"{victim} frozen for {frozen_s:.1f} s"

    async def _restart_broker(self, fault: Fault) -> str:
        await asyncio.to_thread(self._broker.restart)
        return await self._broker_is_back(fault)

    async def _kill_broker(self, fault: Fault) -> str:
        await asyncio.to_thread(self._broker.kill)
        await asyncio.to_thread(self._broker.restart)
        return await self._broker_is_back(fault)

    async def _broker_is_back(self, fault: Fault) -> str:
        away_s = time.monotonic() - self._struck_s
        await self._consumption_is_back(fault)
        return f"{fault.kind}, away for {away_s:.1f} s"

    async def _rebalance(self, fault: Fault) -> str:
        self._crew.start(EXTRA)
        await self._watch.until(
            lambda: self._crew.handled_by(EXTRA) > 0, lambda: f"{EXTRA} is given work", AT_WORK_WITHIN_S
        )
        await self._consumption_is_back(fault)
        handled = self._crew.handled_by(EXTRA)
        await self._crew.stop(EXTRA)
        await self._consumption_is_steady(fault)
        return f"{EXTRA} came, handled {handled:,} and went"

    async def _poison_burst(self, fault: Fault) -> str:
        await self._watch.until(
            lambda: all(self._crew.handled_by(name) >= SURE_OF_BUDGET for name in self._crew.names),
            lambda: f"each worker has handled {SURE_OF_BUDGET:,} records",
            AT_WORK_WITHIN_S,
        )
        self._struck_s = time.monotonic()
        partition = int(fault.chance * self._partitions)
        await self._traffic.burst(BURST_RECORDS, partition)
        await self._consumption_is_back(fault)
        return f"{BURST_RECORDS} records of poison to partition {partition}"

    async def _refuse_events(self, fault: Fault) -> str:
        """For so long that every worker has events to write meanwhile."""
        servers = self._broker.bootstrap_servers
        await cluster.refuse_events(servers, self._events_topic, refused=True)
        await self._consumption_is_back(fault)
        await asyncio.sleep(1.5 * self._pace.interval_s)
        refused_s = time.monotonic() - self._struck_s
        await cluster.refuse_events(servers, self._events_topic, refused=False)
        before = await self._events()

        async def goes_on() -> bool:
            return await self._events() > before

        await self._watch.until(goes_on, lambda: "the event log goes on", LOG_BACK_WITHIN_S)
        return f"events topic refused for {refused_s:.1f} s"

    async def _events(self) -> int:
        ends = await cluster.ends(self._broker.bootstrap_servers, self._events_topic, [0])
        return ends[0]

    async def _consumption_is_back(self, fault: Fault) -> None:
        await self._consumption_is_steady(fault)
        self._back_s = time.monotonic() - self._struck_s

    async def _consumption_is_steady(self, fault: Fault) -> None:
        """Every partition is handled beyond what was acknowledged up to now."""
        acknowledged = dict(self._traffic.ends)
        moved: dict[int, tuple[int, float]] = {}

        def behind() -> dict[int, int]:
            positions = self._crew.positions()
            return {
                partition: end - positions.get(partition, 0)
                for partition, end in acknowledged.items()
                if positions.get(partition, 0) <= end
            }

        def is_back() -> bool:
            now_s = time.monotonic()
            lags = behind()
            for partition, lag in lags.items():
                seen, since_s = moved.get(partition, (lag, now_s))
                moved[partition] = (lag, now_s if lag != seen else since_s)
                if now_s - moved[partition][1] > MOVES_WITHIN_S:
                    raise self._watch.stuck(
                        f"nothing of partition {partition} for {MOVES_WITHIN_S:g} s after {fault.kind};"
                        f" behind: {lags}"
                    )
            return not lags

        await self._watch.until(
            is_back,
            lambda: f"consumption back after {fault.kind}; behind: {behind()}",
            BACK_WITHIN_S,
        )

    _ways: dict[Kind, Callable[["Faults", Fault], Awaitable[str]]] = {  # noqa: RUF012  # is never changed
        Kind.KILL_WORKER: _kill_worker,
        Kind.FREEZE_WORKER: _freeze_worker,
        Kind.RESTART_BROKER: _restart_broker,
        Kind.KILL_BROKER: _kill_broker,
        Kind.REBALANCE: _rebalance,
        Kind.POISON_BURST: _poison_burst,
        Kind.REFUSE_EVENTS: _refuse_events,
    }
