"""Handlers that block, in a thread of their own."""

import asyncio
import threading
import time
from contextvars import ContextVar

import pytest
from support import Lab

from stream_pool import App
from stream_pool.errors import MisuseError
from stream_pool.settings import Settings
from stream_pool.stream.each import Each


async def test_the_worker_lives_while_a_handler_blocks(lab: Lab) -> None:
    """Pages answer, the group keeps it well past its session, and nothing is done twice or out of order."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "hold"}, {"do": "raise"}, {"do": "reject"}, {}])
    worker = await lab.worker("each_thread", topic, session_timeout_ms=6_000).ready()
    await lab.handled(places[1:2], "began")
    blocked_s = time.monotonic()
    while time.monotonic() - blocked_s < 7:  # longer than the session
        assert await worker.get("/health/live", 200) is not None
    lab.open_gate()
    await lab.handled([places[1], places[4]])
    await lab.committed(topic, {0: 5})
    assert [letter.value for letter in await lab.cluster.read(lab.dead_letters_topic, 2)]
    assert [entry.place for entry in lab.ledger.entries("handled")] == [places[0], places[1], places[4]]
    assert len(worker.said("partitions assigned")) == 1
    assert await worker.stop() == 0


async def test_a_thread_that_never_comes_back(lab: Lab) -> None:
    """It cannot be interrupted: the process is left at its deadline, exit 9, and the order comes again."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "stick"}])
    worker = lab.worker("each_thread", topic, max_poll_records=1, drain_timeout_s=1, stop_timeout_s=3)
    await lab.handled(places[1:2], "began")
    assert await worker.stop() == 9
    assert worker.stopped_in_s < 3
    assert await lab.cluster.committed(lab.group, topic) == {0: 1}


async def test_each_agent_has_a_thread_of_its_own() -> None:
    """One that blocks keeps no other waiting. It has its handler's name and the caller's context."""
    label: ContextVar[str] = ContextVar("label")
    gate = threading.Event()

    def slow(order: str) -> tuple[str, str, str]:
        assert gate.wait(10)
        return quick(order)

    def quick(order: str) -> tuple[str, str, str]:
        return order, label.get(), threading.current_thread().name

    first, second = (Each(handler, in_thread=True) for handler in (slow, quick))
    label.set("here")
    blocked = asyncio.create_task(first.handler("1"))
    order, seen, name = await second.handler("2")
    assert (order, seen) == ("2", "here")
    assert name.startswith("stream-pool-")
    assert ".quick" in name
    assert not blocked.done()
    gate.set()
    assert (await blocked)[:2] == ("1", "here")
    for each in (first, second):
        assert each.thread is not None
        each.thread.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("stream-pool-")]


def test_an_async_handler_needs_no_thread() -> None:
    """It is refused when it is declared."""

    async def handle(order: object) -> None:
        """Nothing."""

    app = App("g", settings=Settings())
    with pytest.raises(MisuseError, match="is async: only a sync one can run in a thread"):
        app.each("orders", in_thread=True)(handle)
