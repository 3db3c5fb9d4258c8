"""The fixture `simulation`: a world for a plain test function, that leaves nothing behind."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError

from stream_pool import App
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.events import PoolSampled
from stream_pool.stream.errors import HandlerFailed
from stream_pool.testing.world import World

APP = """
from __future__ import annotations

from dataclasses import dataclass

from stream_pool import App

app = App("texts")
handled = []

@dataclass
class Text:
    text: str

@app.each("texts", "more-texts", objects_only=False)
def handle(order):
    handled.append(order.document)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with an app in it."""
    (tmp_path / "an_app_of_texts.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    return "an_app_of_texts"


def make_app(on_error: str = "dead_letter") -> Callable[[], App]:
    def make() -> App:
        app = App("g")

        @app.each("orders", retries=0, on_error=on_error)  # type: ignore[arg-type]  # one of the three
        def handle(order: object) -> None:
            raise LookupError("no such article")

        return app

    return make


def test_01_each_worker_executes_the_module_anew(simulation: World, module: str) -> None:
    """Each life has an app and globals of its own, and `sys.modules` is as it was."""
    simulation.create_topic("texts", partitions=2)
    for name in ("one", "two"):
        simulation.start_worker(module, name)
    simulation.advance(10)
    simulation.produce("texts", ["1", "[2]", b"3", None, '"4"'])
    simulation.run_until(lambda: simulation.behind("texts") == 0)
    one, two = (simulation.module(name) for name in ("one", "two"))
    assert sorted(map(str, one.handled + two.handled)) == ["(2,)", "1", "3", "4", "None"]
    assert one.handled
    assert two.handled
    assert one.app is not two.app
    assert module not in sys.modules
    simulation.kill("one")
    simulation.restart("one")
    assert simulation.module("one") is not one


def test_02_topics_that_are_read_are_there(simulation: World, module: str) -> None:
    """Made with one partition, where the test has made none; our own are the worker's to make."""
    simulation.create_topic("texts", partitions=3)
    simulation.start_worker(module)
    log = simulation.simulation.log
    assert (log.partition_count("texts"), log.partition_count("more-texts")) == (3, 1)
    assert log.partition_count("texts.events") == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_such_module", "no module 'no_such_module'"),
        ("no_such_package.orders", "no module 'no_such_package.orders'"),
        ("an_app_of_texts:other", "an_app_of_texts.other is None"),
        ("an_app_of_texts:handled", "and no stream_pool.App"),
    ],
)
def test_03_a_wrong_name_is_said(simulation: World, module: str, name: str, says: str) -> None:
    """One clear sentence, in the test that asked."""
    with pytest.raises(MisuseError, match=says):
        simulation.start_worker(name)


def test_04_a_fault_ends_the_worker_and_not_the_test(simulation: World) -> None:
    """As its process would end: the fault and the exit code are there to be asked for."""
    worker = simulation.start_worker(make_app("stop"))
    simulation.produce("orders", [{}])
    simulation.advance(10)
    assert isinstance(worker.fault, HandlerFailed)
    assert worker.exit_code == ExitCode.HANDLER_FAILED
    assert simulation.committed("orders") == [0]


def test_05_lives_of_a_worker(simulation: World) -> None:
    """Stopped, killed, frozen, started again: each order is a dead letter in the end."""
    simulation.start_worker(make_app())
    simulation.produce("orders", [{}] * 3)
    simulation.advance(5)
    assert simulation.stop() == ExitCode.OK
    simulation.produce("orders", [{}] * 3)
    simulation.advance(5)
    assert simulation.behind("orders") == 3
    simulation.restart()
    simulation.freeze()
    simulation.advance(5)
    assert simulation.behind("orders") == 3
    simulation.thaw()
    simulation.run_until(lambda: simulation.behind("orders") == 0)
    letters = simulation.dead_letters()
    assert [(letter.offset, letter.value) for letter in letters] == [(n, b"{}") for n in range(6)]


def test_06_a_fault_of_the_log(simulation: World) -> None:
    """A broker that is away for a while: nothing is lost."""
    simulation.start_worker("topologies.orders")
    simulation.fault("broker_away", for_s=60)
    simulation.produce("orders", [{"sku": "a"}] * 10)
    simulation.advance(30)
    assert simulation.committed("orders") == [None]
    simulation.run_until(lambda: simulation.behind("orders") == 0, limit_s=120)


def test_07_before_there_is_a_worker(simulation: World) -> None:
    """What needs a group says so."""
    with pytest.raises(MisuseError, match="no worker has started"):
        simulation.dead_letters()
    assert simulation.dead_letters("g") == []


async def test_08_not_in_an_async_test() -> None:
    """A loop cannot run inside another: one clear sentence."""
    with pytest.raises(MisuseError, match="without async"), World():
        pass


def test_09_the_same_seed_is_the_same_run() -> None:
    """To the byte of the event log."""

    def log_of(seed: int) -> list[bytes | None]:
        with World(seed=seed, latency_s=0.2) as world:
            world.start_worker("topologies.orders")
            world.produce("orders", [{"sku": "a"}] * 50)
            world.advance(60)
            return [record.value for record in world.simulation.records(f"{world.group}.events")]

    assert log_of(3) == log_of(3) != log_of(4)


@pytest.mark.simulation(seed=5, latency_s=0.5)
def test_10_a_marker_sets_the_seed(simulation: World) -> None:
    """And how slow the log is."""
    assert simulation.simulation.seed == 5
    assert simulation.simulation.faults.latency_s == 0.5


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        pytest.param("comit_refused", {}, id="1 no such fault"),
        pytest.param("commit_refused", {"topic": "orders"}, id="2 commits are a group's"),
        pytest.param("broker_away", {"topic": "orders"}, id="3 a broker is away as a whole"),
        pytest.param("write_fails", {"group": "pricing"}, id="4 writes are a topic's"),
    ],
)
def test_11_a_fault_that_cannot_happen_is_misuse(simulation: World, kind: Any, about: dict[str, str]) -> None:
    """A test that waits for it would wait for nothing."""
    with pytest.raises(MisuseError):
        simulation.fault(kind, **about)


@pytest.mark.parametrize(
    ("worker", "committed"),
    [
        pytest.param("one", [None], id="1 every life of a worker"),
        pytest.param("one/1", [None], id="2 its first life"),
        pytest.param("one/2", [1], id="3 its next life"),
        pytest.param("two", [1], id="4 another worker"),
    ],
)
def test_12_a_fault_of_one_worker(simulation: World, worker: str, committed: list[int | None]) -> None:
    """By its name, or by one of its lives."""
    simulation.start_worker("topologies.orders", "one")
    simulation.fault("commit_refused", worker=worker)
    simulation.produce("orders", [{"sku": "a"}])
    simulation.advance(10)
    assert simulation.committed("orders") == committed


def test_13_of_a_topic_that_is_not_there_nothing_is_said(simulation: World) -> None:
    """A name that is written wrong is not 0 records behind."""
    simulation.start_worker("topologies.orders")
    with pytest.raises(UnknownTopicOrPartitionError):
        simulation.behind("oders")
    with pytest.raises(UnknownTopicOrPartitionError):
        simulation.committed("oders")


def test_14_events_of_a_kind(simulation: World) -> None:
    """By its whole name, or by its first word."""
    simulation.start_worker("topologies.orders")
    simulation.advance(30)
    assert {type(logged.event) for logged in simulation.events("pool")} == {PoolSampled}
    assert simulation.events("pool.sampled") == simulation.events("pool")
    assert simulation.events("pool.sample") == []


def test_15_nothing_is_verified_where_nothing_was_written(simulation: World) -> None:
    """A misspelt group, or no detector: the verdict would prove nothing."""
    with pytest.raises(MisuseError, match="nothing to verify"):
        simulation.verify("nobody")


def test_16_a_worker_that_was_never_started_is_named(simulation: World) -> None:
    """With those that were."""
    simulation.start_worker("topologies.orders", "one")
    with pytest.raises(MisuseError, match="no worker 'two' was started; there are: 'one'"):
        simulation.kill("two")
