"""What becomes of a batch whose agent raises or ends: the numbered table of `guard.py`."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import ORDERS, Bench, records

from stream_pool.errors import StreamPoolError
from stream_pool.stream.batch import Batch
from stream_pool.stream.channel import BatchQueue
from stream_pool.stream.errors import DeadLetterUnwritable
from stream_pool.stream.guard import guarded


class App:
    """Remembers what it was stopped with."""

    should_stop = False

    def __init__(self) -> None:
        self.faults: list[StreamPoolError] = []

    def fail(self, fault: StreamPoolError) -> None:
        self.faults.append(fault)


class Case:
    """A guarded agent on a queue with one batch of four records."""

    def __init__(self, on_error: str) -> None:
        self.bench = Bench()
        self.app = App()
        self.queue = BatchQueue(lambda claim: Batch(claim, self.bench.runtime))
        self.channel: Any = SimpleNamespace(batches=self.queue, on_error=on_error, topics=("orders",))
        claims = self.bench.tracker.deliver(ORDERS, records(0, 1, 2, 3), 0.0, 1)
        assert claims is not None
        self.queue.offer(claims[0])

    async def batches(self) -> AsyncIterator[Batch]:
        while True:
            yield await self.queue.get()

    async def run(self, fun: Any) -> BaseException | None:
        """Run until it ends or is parked; what it raised."""
        task = asyncio.create_task(guarded(fun, self.channel, self.app)(self.batches()))
        for _ in range(20):
            await asyncio.sleep(0)
        if task.done():
            return task.exception()
        task.cancel()
        return None


async def raising(batches: Any) -> None:
    async for batch in batches:
        for order in batch:
            if order.offset == 2:
                raise KeyError("sku")


async def test_1_a_fault_of_ours_stops_the_worker() -> None:
    """Whatever on_error says: a dead letter that cannot be written is no business of the handler's."""
    case = Case("skip")

    async def agent(batches: Any) -> None:
        async for _ in batches:
            raise DeadLetterUnwritable("refused")

    assert await case.run(agent) is None
    assert [fault.reason for fault in case.app.faults] == ["dead_letter_unwritable"]
    assert case.bench.position == 0


async def test_2_stop() -> None:
    """The worker stops, the batch stays uncommitted, and the agent takes no further batch."""
    case = Case("stop")
    assert await case.run(raising) is None
    assert [fault.reason for fault in case.app.faults] == ["handler_error"]
    assert "KeyError" in str(case.app.faults[0])
    assert case.bench.position == 0
    assert case.queue.current is None


async def test_3_dead_letter() -> None:
    """Every record of the batch that is not done goes to the dead letters, and the agent starts anew."""
    case = Case("dead_letter")
    assert isinstance(await case.run(raising), KeyError)
    assert case.bench.letters.reasons == [(n, "handler_error") for n in range(4)]
    assert case.bench.position == 4
    assert case.app.faults == []


async def test_4_skip() -> None:
    """The batch is counted as skipped, and the agent starts anew."""
    case = Case("skip")
    assert isinstance(await case.run(raising), KeyError)
    assert case.bench.letters.written == []
    assert case.bench.counters.of("orders", 0).skipped == 4
    assert case.bench.position == 4


async def test_5_returning_stops_the_worker() -> None:
    """An agent that ends leaves nobody to read the topic; the batch in hand stays uncommitted."""
    case = Case("dead_letter")

    async def agent(batches: Any) -> None:
        async for _ in batches:
            return

    assert await case.run(agent) is None
    assert "returned: nobody reads orders" in str(case.app.faults[0])
    assert case.bench.position == 0


async def test_8_a_cancelled_agent_lets_its_batch_go() -> None:
    """Whoever takes up the queue after it must not finish what it had begun."""
    case = Case("stop")

    async def agent(batches: Any) -> None:
        async for _ in batches:
            await asyncio.Event().wait()

    task = asyncio.create_task(guarded(agent, case.channel, case.app)(case.batches()))
    for _ in range(5):
        await asyncio.sleep(0)
    assert case.queue.current is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert case.queue.current is None
    assert case.bench.position == 0
    assert not case.bench.tracker.held([ORDERS])


async def test_9_a_cancellation_from_within_is_a_failure() -> None:
    """An agent that awaits what somebody else cancelled stops the worker like one that raises."""
    case = Case("stop")

    async def agent(batches: Any) -> None:
        async for _ in batches:
            inner = asyncio.ensure_future(asyncio.sleep(60))
            inner.cancel()
            await inner

    assert await case.run(agent) is None
    assert [fault.reason for fault in case.app.faults] == ["handler_error"]
    assert case.bench.position == 0


async def test_6_an_agent_that_yields_is_guarded_too() -> None:
    """Faust's agents may be generators: the same table holds."""
    case = Case("stop")

    async def agent(batches: Any) -> AsyncIterator[int]:
        async for batch in batches:
            yield len(batch)
            raise KeyError("sku")

    values = guarded(agent, case.channel, case.app)(case.batches())
    assert await anext(values) == 4
    task = asyncio.create_task(anext(values))
    for _ in range(10):
        await asyncio.sleep(0)
    assert [fault.reason for fault in case.app.faults] == ["handler_error"]
    task.cancel()


@pytest.mark.parametrize("on_error", ["stop", "dead_letter"])
async def test_7_a_stop_under_way_is_no_fault(on_error: str) -> None:
    """An agent whose stream ends because the worker stops is not what stops the worker."""
    case = Case(on_error)
    case.app.should_stop = True

    async def agent(batches: Any) -> None:
        async for _ in batches:
            return

    assert await case.run(agent) is None
    assert case.app.faults == []
