"""Readiness of a whole worker, under a virtual clock: what it lasts before it counts, and that it passes.

| # | what | then |
|---|---|---|
| 1 | it has not joined | not ready, from the start |
| 2 | a rebalance | ready still, while it takes no longer than 30 s |
| 3 | a rebalance that takes longer | not ready until there is an assignment |
| 4 | fetching is paused because the buffer is full | ready for a minute, then not, until it goes on |
| 5 | it is a spare, without a partition | ready: it takes over when one is free |
| 6 | it is a detector alone | judged by its place in the detector's group, and by the broker's answers |
| 7 | its agents all have groups of their own | the broker's answers count as they do for others |
"""

import asyncio
from typing import Any

from stream_pool import App, Order
from stream_pool.settings import Settings
from stream_pool.stream.snapshots import health_facts
from stream_pool.telemetry import HealthLimits, ready
from stream_pool.testing.simulation import Simulation, simulate

GROUP = "shop"
QUICK: dict[str, Any] = {"interval_s": 1.0, "detector_enabled": False, "commit_interval_s": 0.5}
PATIENT = {"session_timeout_ms": 120_000, "rebalance_timeout_ms": 120_000}


class Shop:
    """Makes the apps of a simulation; their handlers wait for the gate. `apps` in order of their start."""

    def __init__(self, **settings: Any) -> None:
        self.apps: list[App] = []
        self.gate = asyncio.Event()
        self._settings = settings

    def __call__(self) -> App:
        app = App(GROUP, settings=Settings(**{**QUICK, **self._settings}))

        @app.each("orders")
        async def handle(_order: Order) -> None:
            await self.gate.wait()

        self.apps.append(app)
        return app

    def against(self, number: int = 0) -> list[str]:
        """Why one of them is not ready."""
        return against(self.apps[number])


def test_01_to_03_a_place_in_the_group() -> None:
    """A frozen member holds up a rebalance until its time is over."""

    async def story(sim: Simulation) -> None:
        shop = Shop(**PATIENT)
        sim.create_topic("orders", partitions=3)
        sim.start_worker(shop, "one")
        await sim.run_until(lambda: bool(shop.apps), step_s=0.001)
        assert "not_assigned" in shop.against()
        await ready_within(sim, shop, 5)
        sim.start_worker(shop, "two")
        await sim.run_until(lambda: len(shop.apps) == 2 and shop.against(1) == [])
        await ready_within(sim, shop, 1)
        sim.freeze("two")
        sim.start_worker(shop, "three")
        await sim.run_until(lambda: unassigned(shop), limit_s=60)
        assert shop.against() == []
        await sim.advance(29)
        assert shop.against() == []
        await sim.advance(2)
        assert shop.against() == ["not_assigned"]
        await ready_within(sim, shop, 120)

    simulate(story)


def test_04_handlers_that_do_not_keep_up() -> None:
    """The pause began when the buffer was full."""

    async def story(sim: Simulation) -> None:
        shop = Shop(buffer_records=10)
        sim.create_topic("orders", partitions=1)
        sim.start_worker(shop, "one")
        await ready_within(sim, shop, 5)
        sim.produce("orders", [b'{"n": %d}' % n for n in range(50)])
        await sim.advance(59)
        assert shop.against() == []
        await sim.advance(3)
        assert shop.against() == ["paused"]
        shop.gate.set()
        await ready_within(sim, shop, 5)

    simulate(story)


def test_05_a_spare() -> None:
    """The broker is asked for an answer, though there is no lag to ask for."""

    async def story(sim: Simulation) -> None:
        shop = Shop()
        sim.create_topic("orders", partitions=1)
        sim.start_worker(shop, "one")
        await ready_within(sim, shop, 5)
        sim.start_worker(shop, "two")
        await sim.run_until(lambda: len(shop.apps) == 2 and shop.against(1) == [])
        await sim.advance(60)
        assert [shop.against(number) for number in range(2)] == [[], []]

    simulate(story)


def test_06_a_detector_alone() -> None:
    """It reads no orders, and is not ready for that: an image's health check waits for it."""
    apps: list[App] = []

    def detector() -> App:
        apps.append(App(GROUP, settings=Settings(interval_s=1.0), decode=bytes))
        return apps[-1]

    async def story(sim: Simulation) -> None:
        sim.start_worker(detector, "owner")
        await sim.run_until(lambda: bool(apps), step_s=0.001)
        assert against(apps[0]) == ["not_assigned", "broker_silent"]
        await sim.run_until(lambda: against(apps[0]) == [], limit_s=10)
        sim.start_worker(detector, "standby")
        await sim.run_until(lambda: len(apps) == 2 and against(apps[1]) == [], limit_s=30)
        await sim.advance(60)
        assert [against(app) for app in apps] == [[], []]
        await broker_away(sim, apps)

    simulate(story)


def test_07_agents_in_groups_of_their_own() -> None:
    """Nobody reads in the group that the lag is polled of."""
    apps: list[App] = []

    def auditor() -> App:
        app = App(GROUP, settings=Settings(**QUICK))
        app.each("orders", group="auditors")(lambda _order: None)
        apps.append(app)
        return app

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders", partitions=1)
        sim.start_worker(auditor, "one")
        await sim.run_until(lambda: bool(apps) and against(apps[0]) == [], limit_s=10)
        await sim.advance(60)
        assert against(apps[0]) == []
        await broker_away(sim, apps)

    simulate(story)


async def broker_away(sim: Simulation, apps: list[App]) -> None:
    """Each of them says so, and that it is over."""
    away = sim.faults.add("broker_away")
    await sim.advance(40)
    assert all("broker_silent" in against(app) for app in apps)
    away.end()
    await sim.run_until(lambda: all(against(app) == [] for app in apps), limit_s=120)


def against(app: App) -> list[str]:
    """Why an app is not ready."""
    return [slug for slug, _ in ready(health_facts(app), HealthLimits()).reasons]


def unassigned(shop: Shop) -> bool:
    source = shop.apps[0].plant.source
    return source is not None and source.unassigned_since_s is not None


async def ready_within(sim: Simulation, shop: Shop, seconds: float) -> None:
    await sim.run_until(lambda: bool(shop.apps) and shop.against() == [], limit_s=seconds)
