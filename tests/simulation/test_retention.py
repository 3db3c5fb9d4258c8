"""2.7: what retention deletes while owners of the log come, go and sleep: seeds of the fuzz as stories."""

import asyncio
from collections.abc import Callable

from stream_pool import App, Order
from stream_pool.detection.verdict import Verified
from stream_pool.settings import Settings
from stream_pool.testing.simulation import Simulation, simulate

GROUP = "shop"
EVENTS, SNAPSHOTS = f"{GROUP}.events", f"{GROUP}.snapshots"


def shop(seconds: float) -> Callable[[], App]:
    def make_app() -> App:
        settings = Settings(
            interval_s=1.0,
            detector_window_s=1.0,
            detector_open_after=1,
            detector_lag_threshold_records=5,
            detector_snapshot_interval_s=3.0,
            session_timeout_ms=3_000,
        )
        app = App(GROUP, settings=settings)

        @app.each("orders")
        async def handle(order: Order) -> None:
            await asyncio.sleep(seconds)

        return app

    return make_app


def newest_snapshot(sim: Simulation) -> int:
    return max(int(dict(record.headers)["stream-pool.offset"] or 0) for record in sim.records(SNAPSHOTS))


def test_owner_that_retention_overtook_goes_on_from_a_snapshot() -> None:
    """It slept through what was deleted: the oldest event that is left is no beginning for it."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        first = sim.start_worker(shop(0.2), "one")
        await first.started.wait()
        await sim.advance(5)
        sim.produce("orders", [b"{}"] * 100)
        await sim.advance(5)
        sim.start_worker(shop(0.2), "two")
        sim.freeze("one")
        await sim.advance(25)
        sim.trim(EVENTS, 0, newest_snapshot(sim))
        sim.thaw("one")
        await sim.advance(1)
        sim.kill("two")
        sim.produce("orders", [b"{}"] * 100)
        await sim.advance(40)
        await sim.stop("one")
        verdict = sim.verify(GROUP)
        assert isinstance(verdict, Verified), verdict
        assert verdict.from_snapshot
        assert verdict.anomalies >= 2

    simulate(story)


def test_new_owner_waits_for_the_snapshots_where_the_beginning_is_gone() -> None:
    """It concludes nothing from half a log, and goes on once it can read them."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        first = sim.start_worker(shop(0.2), "one")
        await first.started.wait()
        sim.produce("orders", [b"{}"] * 300)
        await sim.advance(20)
        sim.trim(EVENTS, 0, newest_snapshot(sim))
        away = sim.faults.add("topic_refused", topic=SNAPSHOTS)
        sim.kill("one")
        second = sim.restart("one")
        await sim.advance(20)
        assert second.app is not None
        assert not second.app.plant.detector.is_live
        assert sim.behind(GROUP, "orders") < 300, "orders go on"
        away.end()
        await sim.run_until(lambda: second.app is not None and second.app.plant.detector.is_live)
        await sim.advance(10)
        await sim.stop("one")
        verdict = sim.verify(GROUP)
        assert isinstance(verdict, Verified), verdict
        assert verdict.from_snapshot

    simulate(story)
