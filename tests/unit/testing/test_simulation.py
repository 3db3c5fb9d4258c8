"""A world of workers: what may be done to them, and what is left of it in the log.

| # | the worker | then |
|---|---|---|
| 1 | runs | its orders are handled once, committed, and its log verifies |
| 2 | is asked to stop | it commits what is done, and ends with 0 |
| 3 | is killed | nothing of it runs again; its partitions go to another when its session is over |
| 4 | freezes for less than its session | it goes on, still the owner |
| 5 | freezes for longer | it loses its partitions, and gets them back after it woke |
| 6 | finds no topic | it ends with the exit code of the process |
| 7 | hangs while it stops | it is cut off at its deadline |
| 8 | is started again | it is another incarnation of the same worker |
| 9 | has work that takes its time | that time passes |
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stream_pool import App, Order, Rejected
from stream_pool.detection.verdict import Verified
from stream_pool.errors import ExitCode
from stream_pool.events import AnomalyOpened
from stream_pool.settings import Settings
from stream_pool.stream.offsets import Record
from stream_pool.testing.simulation import Simulation, simulate

GROUP = "shop"
QUICK = {"interval_s": 1.0, "detector_window_s": 1.0, "session_timeout_ms": 3_000, "commit_interval_s": 0.5}


def shop(sim: Simulation, *, seconds: float = 0.0, **settings: Any) -> Callable[[], App]:
    """An app whose handler takes so many seconds, and rejects what has no sku."""

    def make_app() -> App:
        app = App(GROUP, settings=Settings(**{**QUICK, **settings}))

        @app.each("orders")
        @sim.ledger.recorded
        async def handle(order: Order) -> Rejected | None:
            if seconds:
                await asyncio.sleep(seconds)
            return None if "sku" in order.document else Rejected("no_sku")

        return app

    return make_app


def orders(count: int) -> list[bytes | None]:
    return [b'{"sku": "a-%d"}' % number for number in range(count)]


@pytest.mark.parametrize("faust", [False, True], ids=["thin", "faust"])
def test_worker_handles_commits_and_logs(faust: bool) -> None:
    """1: both ways to host an app lead to the same."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders", partitions=2)
        worker = sim.start_worker(shop(sim), "one", faust=faust)
        sim.produce("orders", [*orders(40), b"{}", b"{"])
        await worker.started.wait()
        await sim.run_until(lambda: sim.behind(GROUP, "orders") == 0)
        assert sim.committed(GROUP, "orders") == [21, 21]
        assert sum(place.total() for place in sim.ledger.done.values()) == 41
        assert sorted(
            dict(letter.headers)["stream-pool.reason"] or b"" for letter in sim.dead_letters(GROUP)
        ) == [
            b"no_sku",
            b"unexpected_end",
        ]
        await sim.advance(5)
        await sim.stop("one")
        verdict = sim.verify(GROUP)
        assert isinstance(verdict, Verified)
        assert (verdict.ticks > 0, verdict.account.counted) == (True, 42)

    simulate(story)


def test_stop_commits_what_is_done_and_ends_with_zero() -> None:
    """2: what had begun is finished, what had not begun is left."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        worker = sim.start_worker(shop(sim, seconds=1.0), "one")
        sim.produce("orders", orders(10))
        await sim.advance(4)
        await worker.stop()
        done = sim.ledger.done["orders", 0].total()
        assert 0 < done < 10
        assert sim.committed(GROUP, "orders") == [done]
        assert (worker.exit_code, worker.forced, worker.running) == (ExitCode.OK, False, False)

    simulate(story)


def test_killed_worker_leaves_its_partitions_to_another_when_its_session_is_over() -> None:
    """3: and no sooner."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        first = sim.start_worker(shop(sim), "one")
        await first.started.wait()
        second = sim.start_worker(shop(sim), "two")
        await second.started.wait()
        await sim.advance(10)
        sim.kill("one")
        sim.kill("one")
        killed_at_s = sim.loop.time()
        sim.produce("orders", orders(5))
        await sim.run_until(lambda: sim.behind(GROUP, "orders") == 0)
        assert {call.worker for call in sim.ledger.calls} <= {"two/1"}
        assert first.exit_code is None
        assert sim.loop.time() - killed_at_s < 15

    simulate(story)


@pytest.mark.parametrize(("seconds", "owner_again"), [(1.5, False), (10.0, True)], ids=["short", "long"])
def test_frozen_worker_goes_on_or_is_put_out(seconds: float, owner_again: bool) -> None:
    """4 and 5: its session decides; orders are handled either way, at least once."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        worker = sim.start_worker(shop(sim), "one")
        await worker.started.wait()
        await sim.advance(5)
        assert worker.app is not None
        source = worker.app.plant.source
        assert source is not None
        rebalances = source.counters.rebalances
        sim.freeze("one")
        sim.produce("orders", orders(5))
        await sim.advance(seconds)
        assert not sim.ledger.calls
        sim.thaw("one")
        await sim.run_until(lambda: sim.behind(GROUP, "orders") == 0)
        assert (source.counters.rebalances > rebalances) == owner_again

    simulate(story)


def test_fault_ends_a_worker_with_its_exit_code() -> None:
    """6: as the process would."""

    async def story(sim: Simulation) -> None:
        worker = sim.start_worker(shop(sim), "one")
        await worker.ended.wait()
        assert worker.exit_code is ExitCode.TOPIC_MISSING
        assert not worker.started.is_set()

    simulate(story)


def test_stop_that_hangs_is_cut_off_at_its_deadline() -> None:
    """7: no frozen loop can hold it up."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        worker = sim.start_worker(shop(sim, stop_timeout_s=4, drain_timeout_s=1), "one")
        await worker.started.wait()
        sim.freeze("one")
        asked_at_s = sim.loop.time()
        await worker.stop()
        assert sim.loop.time() - asked_at_s == pytest.approx(3.5)
        assert (worker.forced, worker.exit_code) == (True, ExitCode.STOP_FORCED)

    simulate(story)


def test_restart_is_another_incarnation_of_the_same_worker() -> None:
    """8: the log tells them apart, and goes on."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        sim.start_worker(shop(sim), "one")
        with pytest.raises(ValueError, match="alive"):
            sim.restart("one")
        await sim.advance(5)
        sim.kill("one")
        again = sim.restart("one")
        await sim.advance(10)
        await again.stop()
        writers = {
            (logged.event.worker, logged.event.incarnation)
            for logged in sim.events(GROUP)
            if hasattr(logged.event, "incarnation")
        }
        assert writers == {("one", "1"), ("one", "2")}
        assert isinstance(sim.verify(GROUP), Verified)
        assert [life.tag for life in sim.lives] == ["one/1", "one/2"]

    simulate(story)


def test_scripted_memory_opens_an_anomaly() -> None:
    """The machine is the scenario's: what a worker finds of its memory and its collector is set."""

    async def story(sim: Simulation) -> None:
        sim.create_topic("orders")
        sim.start_worker(shop(sim, detector_memory_for_s=2), "one")
        sim.memory("one").rss_bytes = 400_000_000
        sim.gc("one").pause(0.25)
        await sim.advance(12)
        await sim.stop("one")
        opened = [event for event in sim.anomalies(GROUP) if isinstance(event, AnomalyOpened)]
        assert [(event.rule, event.subject) for event in opened] == [("memory", "one")]
        pauses = [getattr(logged.event, "total_s", 0.0) for logged in sim.events(GROUP)]
        assert sum(pauses) == 0.25

    simulate(story)


def test_waiting_has_a_limit() -> None:
    """A condition that never holds ends the wait, and says when."""

    async def story(sim: Simulation) -> None:
        with pytest.raises(TimeoutError, match="not so within 3 s"):
            await sim.run_until(lambda: False, limit_s=3)
        assert sim.loop.time() == pytest.approx(3, abs=0.2)

    simulate(story)


@pytest.mark.parametrize("whole_batches", [False, True])
def test_what_a_record_takes_passes(whole_batches: bool) -> None:
    """9: a tenth of a second each, before the handler, or before the agent has the batch."""

    async def story(sim: Simulation) -> float:
        handled_s: list[float] = []

        async def work(record: Record) -> None:
            if record.topic == "orders":
                await asyncio.sleep(0.1)

        def make_app() -> App:
            app = App(GROUP, settings=Settings(**QUICK))

            async def agent(batches: Any) -> None:
                async for batch in batches:
                    handled_s.extend(sim.loop.time() for _ in batch)

            def handle(_: Order) -> None:
                handled_s.append(sim.loop.time())

            if whole_batches:
                app.agent(app.batches("orders"))(agent)
            else:
                app.each("orders")(handle)
            return app

        sim.create_topic("orders")
        sim.works["one"] = work
        sim.start_worker(make_app, "one")
        await sim.advance(5.0)
        began_s = sim.loop.time()
        sim.produce("orders", orders(10))
        await sim.run_until(lambda: len(handled_s) == 10)
        return handled_s[-1] - began_s

    assert simulate(story, latency_s=0.0) == pytest.approx(1.0, abs=0.01)
