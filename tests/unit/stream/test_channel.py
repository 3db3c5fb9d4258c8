"""The channel's queue: asking for the next batch is what says that the one before is done."""

import asyncio

import pytest
from fakes import ORDERS, Bench, FakeRecord, records

from stream_pool.stream.batch import Batch
from stream_pool.stream.channel import BatchQueue
from stream_pool.stream.errors import HandlerFailed


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
async def queue(bench: Bench) -> BatchQueue:
    return BatchQueue(lambda claim: Batch(claim, bench.runtime))


def offer(bench: Bench, queue: BatchQueue, *offsets: int) -> None:
    claims = bench.tracker.deliver(ORDERS, records(*offsets), bench.clock.monotonic(), 1)
    assert claims is not None
    queue.offer(claims[0])


async def test_01_done_when_the_next_is_asked_for(bench: Bench, queue: BatchQueue) -> None:
    """Until then its records are not committed, whatever the agent did with them."""
    offer(bench, queue, 0, 1)
    offer(bench, queue, 2, 3)
    first = await queue.get()
    list(first)
    assert bench.position == 0
    second = await queue.get()
    assert [record.offset for record in second.records] == [2, 3]
    assert bench.position == 2


async def test_02_waiting_for_the_next_finishes_too(bench: Bench, queue: BatchQueue) -> None:
    """An agent that waits on an empty queue has finished its batch."""
    offer(bench, queue, 0, 1)
    await queue.get()
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert bench.position == 2
    offer(bench, queue, 2)
    assert len(await waiting) == 1


async def test_03_dropped_batches_are_passed_over(bench: Bench, queue: BatchQueue) -> None:
    """What was taken away while it waited is not handed out."""
    offer(bench, queue, 0)
    bench.tracker.forget([ORDERS])
    bench.tracker.assign(ORDERS, 0, 0)
    offer(bench, queue, 7)
    assert [record.offset for record in (await queue.get()).records] == [7]


async def test_04_only_dropped_ones_means_waiting(bench: Bench, queue: BatchQueue) -> None:
    """The queue is not ended by what is dropped in it."""
    offer(bench, queue, 0)
    bench.tracker.forget([ORDERS])
    bench.tracker.assign(ORDERS, 0, 0)
    waiting = asyncio.create_task(queue.get())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    offer(bench, queue, 1)
    assert len(await waiting) == 1


async def test_05_a_batch_that_is_taken_away_counts_what_was_given(bench: Bench, queue: BatchQueue) -> None:
    """Orders that the agent got before the drop are done when it asks for the next batch."""
    offer(bench, queue, 0, 1, 2, 3)
    batch = await queue.get()
    for order in batch:
        if order.offset == 1:
            bench.tracker.drain([ORDERS])
    assert bench.position == 0
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert bench.position == 2
    waiting.cancel()


async def test_06_rejects_are_acknowledged_first(bench: Bench, queue: BatchQueue) -> None:
    """A rejected order and a poison record hold the batch until their dead letters are written."""
    claims = bench.tracker.deliver(
        ORDERS, [FakeRecord(0), FakeRecord(1, value=b"{"), FakeRecord(2)], bench.clock.monotonic(), 1
    )
    assert claims is not None
    queue.offer(claims[0])
    bench.letters.acknowledge = asyncio.Event()
    batch = await queue.get()
    for order in batch:
        if order.offset == 2:
            batch.reject(order, "unknown_sku")
    waiting = asyncio.create_task(queue.get())
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.position == 0
    bench.letters.acknowledge.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.letters.reasons == [(1, "invalid_json"), (2, "unknown_sku")]
    assert bench.position == 3
    waiting.cancel()


async def test_07_a_refused_letter_comes_out_of_get(bench: Bench, queue: BatchQueue) -> None:
    """The agent's loop ends with the refusal, and nothing is committed."""
    offer(bench, queue, 0)
    batch = await queue.get()
    batch.reject(next(iter(batch)), "unknown_sku")
    bench.letters.refusal = HandlerFailed("refused")
    with pytest.raises(HandlerFailed):
        await queue.get()
    assert bench.position == 0


async def test_08_quick_path(bench: Bench, queue: BatchQueue) -> None:
    """Faust's stream takes what is there without awaiting, but never past an unfinished batch."""
    offer(bench, queue, 0)
    offer(bench, queue, 1)
    assert not queue.empty()
    assert len(queue.get_nowait()) == 1
    assert queue.empty(), "an unfinished batch has to be awaited"
    await queue.get()
    assert bench.position == 1
