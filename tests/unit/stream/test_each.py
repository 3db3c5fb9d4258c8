"""The handler of one record at a time: what becomes of each record, and when the event loop gets its turn."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fakes import Bench, FakeRecord, records

from stream_pool.errors import MisuseError
from stream_pool.signals import BOUNDS_S
from stream_pool.stream import each as each_module
from stream_pool.stream.batch import Batch, Rejected
from stream_pool.stream.budget import DeadLetterBudget
from stream_pool.stream.counters import Tally
from stream_pool.stream.each import Each, backoff_s
from stream_pool.stream.errors import DeadLetterBudgetExceeded, HandlerFailed
from stream_pool.stream.offsets import Record
from stream_pool.stream.order import Order


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries pause; here they only hand over to the loop."""
    monkeypatch.setattr(each_module, "backoff_s", lambda _attempt, _spread: 0)


@pytest.fixture
def bench() -> Bench:
    return Bench(budget=DeadLetterBudget(ratio=1.0))


async def run(
    bench: Bench, delivered: list[FakeRecord], handler: Callable[[Order], Any], **options: Any
) -> None:
    claim = bench.claim(delivered)
    each = Each(handler, **options)
    batch = Batch(claim, bench.runtime, objects_only=each.objects_only)
    try:
        await each.run(batch, bench.runtime)
    finally:
        batch.release()


async def test_01_every_record_in_order(bench: Bench) -> None:
    """A sync handler sees each order once, with its document, and all of them count as done."""
    seen: list[tuple[int, Any]] = []
    await run(bench, records(1, 2, 3), lambda order: seen.append((order.offset, order.document["sku"])))
    assert seen == [(1, "a"), (2, "a"), (3, "a")]
    assert bench.position == 4


async def test_02_an_async_handler_is_awaited(bench: Bench) -> None:
    """The next record begins when the one before is done."""
    seen: list[int] = []

    async def handler(order: Order) -> None:
        await asyncio.sleep(0)
        seen.append(order.offset)

    await run(bench, records(1, 2, 3), handler)
    assert seen == [1, 2, 3]
    assert bench.position == 4


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, "tombstone", id="1-tombstone"),
        pytest.param(b"[1]", "root_not_object", id="2-array"),
        pytest.param(b"null", "root_not_object", id="3-null"),
        pytest.param(b"{", "invalid_json", id="4-not-json"),
    ],
)
async def test_03_poison_goes_to_the_dead_letters(bench: Bench, value: bytes | None, reason: str) -> None:
    """A value that is no object never reaches the handler; the records around it do."""
    seen: list[int] = []
    poisoned = [FakeRecord(1), FakeRecord(2, value=value), FakeRecord(3)]
    await run(bench, poisoned, lambda order: seen.append(order.offset))
    assert seen == [1, 3]
    assert bench.letters.reasons == [(2, reason)]
    assert bench.position == 4


async def test_04_other_roots_on_request(bench: Bench) -> None:
    """With objects_only off a handler gets any root, and None for a tombstone."""
    seen: list[Any] = []
    values = [FakeRecord(1, value=b"[1]"), FakeRecord(2, value=None), FakeRecord(3, value=b"7")]
    await run(bench, values, lambda order: seen.append(order.document), objects_only=False)
    assert seen == [[1], None, 7]
    assert bench.letters.written == []


class Failing:
    """Raises on offset 2, `times` times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.calls: list[int] = []

    def __call__(self, order: Order) -> None:
        self.calls.append(order.offset)
        if order.offset == 2 and self.times:
            self.times -= 1
            raise KeyError("sku")


async def test_05_a_retry_that_helps_is_the_end_of_it(bench: Bench) -> None:
    """A handler that succeeds at its last attempt leaves no trace but the count."""
    handler = Failing(2)
    await run(bench, records(1, 2, 3), handler, retries=2)
    assert handler.calls == [1, 2, 2, 2, 3]
    assert bench.letters.written == []
    counters = bench.counters.of("orders", 0)
    assert (counters.retries, counters.handler_errors) == (2, 2)
    assert counters.tally == Tally(errors=0, dead_letters=0, retries=2)


async def test_06_dead_letter_after_the_last_retry(bench: Bench) -> None:
    """The record goes to the dead letters with the exception, and the rest goes on."""
    handler = Failing(9)
    await run(bench, records(1, 2, 3), handler, retries=1)
    assert handler.calls == [1, 2, 2, 3]
    assert bench.letters.reasons == [(2, "handler_error")]
    assert isinstance(bench.letters.written[0][2], KeyError)
    assert bench.position == 4


async def test_07_skip_counts_and_goes_on(bench: Bench) -> None:
    """on_error="skip": no dead letter, the record counts as skipped and as an error."""
    await run(bench, records(1, 2, 3), Failing(9), retries=0, on_error="skip")
    assert bench.letters.written == []
    assert bench.counters.of("orders", 0).skipped == 1
    assert bench.position == 4


async def test_08_stop_leaves_the_record_uncommitted(bench: Bench) -> None:
    """on_error="stop": what was before it is done, it is not, and nothing after it was tried."""
    handler = Failing(9)
    with pytest.raises(HandlerFailed, match="orders-0@2 after 1 attempt: KeyError"):
        await run(bench, records(1, 2, 3), handler, retries=0, on_error="stop")
    assert handler.calls == [1, 2]
    assert bench.position == 2


async def test_09_rejected_is_a_value(bench: Bench) -> None:
    """A handler that returns Rejected sends the record to the dead letters at once, without retries."""
    calls: list[int] = []

    def handler(order: Order) -> Rejected | None:
        calls.append(order.offset)
        return Rejected("unknown_sku") if order.offset == 2 else None

    await run(bench, records(1, 2, 3), handler)
    assert calls == [1, 2, 3]
    assert bench.letters.reasons == [(2, "unknown_sku")]
    assert bench.counters.of("orders", 0).handler_errors == 0


async def test_10_not_done_before_the_dead_letter_is_acknowledged(bench: Bench) -> None:
    """The position waits for the dead-letter topic, however far the handler is."""
    bench.letters.acknowledge = asyncio.Event()
    task = asyncio.create_task(run(bench, [FakeRecord(1, value=b"{"), FakeRecord(2)], lambda _: None))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    assert bench.position == 0
    bench.letters.acknowledge.set()
    await task
    assert bench.position == 3


async def test_11_a_dead_letter_that_is_refused_commits_nothing(bench: Bench) -> None:
    """The refusal comes out of the run, and the record stays uncommitted."""
    bench.letters.refusal = HandlerFailed("refused")
    with pytest.raises(HandlerFailed, match="refused"):
        await run(bench, [FakeRecord(1, value=b"{"), FakeRecord(2)], lambda _: None)
    assert bench.position == 0


async def test_12_the_budget_stops_the_worker() -> None:
    """Too many dead letters end the run with a fault; they were written and counted before."""
    bench = Bench(budget=DeadLetterBudget(ratio=0.05, min_records=10))
    poisoned = [FakeRecord(n, value=b"{" if n < 2 else b"{}") for n in range(20)]
    with pytest.raises(DeadLetterBudgetExceeded, match="2 of the last 20 records"):
        await run(bench, poisoned, lambda _: None)
    assert len(bench.letters.written) == 2
    assert bench.position == 20


async def test_13_work_hands_over_to_the_event_loop(bench: Bench) -> None:
    """Once the yield interval has passed, everybody else gets a turn before the next record."""
    turns: list[int] = []
    handled: list[int] = []

    async def other() -> None:
        while len(handled) < 10:
            turns.append(len(handled))
            await asyncio.sleep(0)

    def handler(order: Order) -> None:
        bench.clock.at_s += 0.02
        handled.append(order.offset)

    await asyncio.gather(run(bench, records(*range(10)), handler), other())
    assert turns == [3, 6, 9]


async def test_14_progress_is_committed_within_a_batch(bench: Bench) -> None:
    """A slow handler's position moves with each hand-over, not at the end of its batch."""
    positions: list[int] = []

    def handler(order: Order) -> None:
        positions.append(bench.position)
        bench.clock.at_s += 0.06

    await run(bench, records(0, 1, 2, 3), handler)
    assert positions == [0, 1, 2, 3]


async def test_15_a_revoked_partition_is_left_behind_the_record_at_hand(bench: Bench) -> None:
    """A dropped claim ends the run at the next hand-over, with what was done counted."""

    def handler(order: Order) -> None:
        bench.clock.at_s += 0.06
        if order.offset == 1:
            bench.tracker.drain(bench.tracker.partitions())

    await run(bench, records(0, 1, 2, 3), handler)
    assert bench.position == 2


async def test_16_a_retry_is_given_up_when_the_partition_goes(bench: Bench) -> None:
    """No dead letter is written for a record that is another consumer's by now."""

    def handler(order: Order) -> None:
        bench.tracker.drain(bench.tracker.partitions())
        raise KeyError("sku")

    await run(bench, records(0, 1), handler)
    assert bench.letters.written == []
    assert bench.position == 0


async def test_17_latency_is_counted_in_its_bucket(bench: Bench) -> None:
    """Each record falls into the bucket of its own time, however rarely the loop stops to count."""
    took_s = [0.0004, 0.004, 0.003, 0.2, 0.0001]

    def handler(order: Order) -> None:
        bench.clock.at_s += took_s[order.offset]

    await run(bench, records(0, 1, 2, 3, 4), handler)
    latency = bench.counters.of("orders", 0).interval_latency
    done_s = [sum(took_s[: n + 1]) for n in range(5)]
    expected = sorted(next(i for i, bound in enumerate(BOUNDS_S) if s <= bound + 1e-9) for s in done_s)
    found = [i for i, count in enumerate(latency.counts) for _ in range(count)]
    assert found == expected
    assert latency.max_s == pytest.approx(done_s[-1])


async def test_19_a_cancellation_from_within_is_a_failure(bench: Bench) -> None:
    """A handler that awaits what somebody else cancelled has failed, and its record is not done."""

    async def handler(order: Order) -> None:
        if order.offset == 2:
            inner = asyncio.ensure_future(asyncio.sleep(60))
            inner.cancel()
            await inner

    await run(bench, records(1, 2, 3), handler, retries=1)
    assert bench.letters.reasons == [(2, "handler_error")]
    assert bench.position == 4
    assert bench.counters.of("orders", 0).handler_errors == 2


async def test_20_a_cancellation_of_the_agent_commits_nothing_more(bench: Bench) -> None:
    """The agent's own cancellation goes on, and the record at hand stays undone."""
    reached = asyncio.Event()

    async def handler(order: Order) -> None:
        if order.offset == 2:
            reached.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run(bench, records(1, 2, 3), handler))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.letters.written == []
    assert bench.position < 2


async def test_21_whatever_is_awaitable_is_awaited(bench: Bench) -> None:
    """A sync wrapper of a coroutine function and an object with an async call are handlers too."""
    seen: list[int] = []

    async def inner(order: Order) -> Rejected | None:
        await asyncio.sleep(0)
        seen.append(order.offset)
        return Rejected("late") if order.offset == 2 else None

    class Asynchronous:
        async def __call__(self, order: Order) -> None:
            await inner(order)

    await run(bench, records(1, 2), lambda order: inner(order))
    await run(bench, records(3), Asynchronous())
    assert seen == [1, 2, 3]
    assert bench.letters.reasons == [(2, "late")]


async def test_25_so_it_is_where_a_thread_returned_it(bench: Bench) -> None:
    """What cannot be seen to be async before it is called is handled all the same."""
    seen: list[int] = []

    async def inner(order: Order) -> Rejected | None:
        await asyncio.sleep(0)
        seen.append(order.offset)
        return Rejected("late") if order.offset == 2 else None

    each = Each(lambda order: inner(order), in_thread=True)
    assert each.thread is not None
    batch = Batch(bench.claim(records(1, 2, 3)), bench.runtime, objects_only=True)
    try:
        await each.run(batch, bench.runtime)
    finally:
        batch.release()
        each.thread.close()
    assert seen == [1, 2, 3]
    assert bench.letters.reasons == [(2, "late")]


def test_26_an_async_handler_is_refused_a_thread() -> None:
    """It would run on the event loop, which the thread is there to spare; whether function or object."""

    async def function(order: Order) -> None: ...

    class Asynchronous:
        async def __call__(self, order: Order) -> None: ...

    for handler in (function, Asynchronous()):
        with pytest.raises(MisuseError, match="async"):
            Each(handler, in_thread=True)


async def test_23_reasons_that_are_made_up_are_bounded(bench: Bench) -> None:
    """A handler that puts an order's number into the reason does not make a metric series of each."""
    await run(bench, records(*range(200)), lambda order: Rejected(f"order_{order.offset}"), retries=0)
    reasons = bench.counters.of("orders", 0).dead_letters
    assert len(reasons) == 65
    assert reasons["other"] == 136


def test_22_a_handler_that_yields_is_refused() -> None:
    """It would never run: calling it makes a generator and nothing else."""

    def handler(order: Order) -> Any:
        yield order

    with pytest.raises(MisuseError, match="yield"):
        Each(handler)


@pytest.mark.parametrize(
    ("attempt", "spread", "seconds"),
    [(1, 0.0, 0.05), (1, 1.0, 0.1), (2, 0.0, 0.1), (3, 0.5, 0.3), (7, 0.0, 2.5), (50, 1.0, 5.0)],
)
def test_18_backoff(attempt: int, spread: float, seconds: float) -> None:
    """Doubling from 0.1 s to 5 s, half of it jitter."""
    assert backoff_s(attempt, spread) == pytest.approx(seconds)


async def test_24_a_host_says_how_time_passes(bench: Bench) -> None:
    """Where its clock does not move by itself: before each call of a handler, of a retry too.

    What no handler sees takes no time.
    """
    told: list[str] = []

    async def work(record: Record) -> None:
        told.append(f"work {record.offset}")
        await asyncio.sleep(0)

    def handler(order: Order) -> Rejected | None:
        told.append(f"handled {order.offset}")
        if order.offset == 2 and told.count("handled 2") == 1:
            raise RuntimeError("once")
        return Rejected("never") if order.offset == 3 else None

    bench.runtime.work = work
    await run(bench, [*records(1, 2, 3), FakeRecord(4, value=b"{")], handler, retries=1)
    assert told == [
        *("work 1", "handled 1"),
        *("work 2", "handled 2", "work 2", "handled 2"),
        *("work 3", "handled 3"),
    ]
    assert [(record.offset, reason) for record, reason, _ in bench.letters.written] == [
        (3, "never"),
        (4, "invalid_json"),
    ]
