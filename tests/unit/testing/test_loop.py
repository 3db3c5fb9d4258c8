"""The event loop that jumps: time, workers, its end, and that it does the same every time."""

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from stream_pool.testing import (
    WORKER,
    SimDeadlock,
    SimRefused,
    SimSpin,
    SimTimeout,
    SimulationError,
    VirtualLoop,
    run,
)

Log = list[tuple[float, str]]


def here() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def as_worker(tag: str, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    context = contextvars.copy_context()
    context.run(WORKER.set, tag)
    return asyncio.get_running_loop().create_task(coro, context=context)


async def ticks(log: Log, name: str, every_s: float = 1.0) -> None:
    try:
        while True:
            await asyncio.sleep(every_s)
            log.append((asyncio.get_running_loop().time(), name))
    finally:
        log.append((asyncio.get_running_loop().time(), f"{name} ended"))


# --- time


async def sleep() -> None:
    await asyncio.sleep(3_600)


async def past_a_day() -> None:
    await asyncio.sleep(40 * 86_400)


async def timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await asyncio.Event().wait()


async def wait_for() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Queue[int]().get(), 7)


async def call_at() -> None:
    done = asyncio.Event()
    here().call_at(9.0, done.set)
    await done.wait()


async def a_timer_in_the_past() -> None:
    await asyncio.sleep(3)
    done = asyncio.Event()
    here().call_at(1.0, done.set)
    await done.wait()


async def side_by_side() -> None:
    await asyncio.gather(*(asyncio.sleep(n) for n in range(11)))


async def a_long_way_out() -> None:
    await asyncio.sleep(1e9)
    await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("main", "ends_at"),
    [
        (sleep, 3_600),  # 1
        (past_a_day, 40 * 86_400),  # 2: asyncio's own waits end after a day
        (timeout, 5),  # 3
        (wait_for, 7),  # 4
        (call_at, 9),  # 5
        (a_timer_in_the_past, 3),  # 6: never goes back
        (side_by_side, 10),  # 7
        (a_long_way_out, 1e9 + 0.001),  # 8: where a nanosecond gets lost in a float
    ],
)
def test_time_is_that_of_the_timers(main: Callable[[], Awaitable[None]], ends_at: float) -> None:
    """Time begins at 0 and moves to each timer, exactly."""

    async def timed() -> float:
        assert here().time() == 0
        await main()
        return here().time()

    assert run(timed()) == ends_at


# --- ways to fail


async def hung() -> None:
    await asyncio.Event().wait()


async def two_hung() -> None:
    asyncio.get_running_loop().create_task(hung(), name="other")
    await hung()


async def sleeps(seconds: float) -> None:
    while True:  # noqa: ASYNC110  # waiting for nothing is the point
        await asyncio.sleep(seconds)


async def idle() -> None:
    await sleeps(1)


async def spinning() -> None:
    await sleeps(0)


async def creeping() -> None:
    await sleeps(1e-8)


@pytest.mark.parametrize(
    ("main", "fault", "says"),
    [
        (hung, SimDeadlock, r"Task-1 at test_loop\.py:\d+ in hung"),  # 1
        (two_hung, SimDeadlock, r"other at test_loop\.py:\d+ in hung"),  # 2
        (idle, SimTimeout, r"pass 60 s; waiting: Task-1 at test_loop\.py:\d+ in sleeps"),  # 3
        (spinning, SimSpin, r"busiest: Task-1 #1 spinning"),  # 4
        (creeping, SimSpin, r"busiest: "),  # 5: moves, and gets nowhere
    ],
)
def test_what_cannot_go_on_says_so(
    main: Callable[[], Coroutine[Any, Any, None]], fault: type[SimulationError], says: str
) -> None:
    """A run without an end ends with who was waiting, and where."""
    with pytest.raises(fault, match=says):
        run(main(), limit_s=60, spin_limit=10_000)


def test_no_handler_of_the_code_swallows_the_fault() -> None:
    """A deadlock is raised out of `run`, past code that catches everything."""

    async def main() -> None:
        try:
            await hung()
        except Exception:
            return

    with pytest.raises(SimDeadlock):
        run(main())


async def in_a_thread() -> None:
    await asyncio.to_thread(print)


async def connects() -> None:
    await asyncio.open_connection("127.0.0.1", 9)


async def resolves() -> None:
    await here().getaddrinfo("localhost", 9)


async def serves() -> None:
    await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)


async def runs_a_process() -> None:
    await asyncio.create_subprocess_exec("true")


async def takes_a_signal() -> None:
    here().add_signal_handler(2, print)


@pytest.mark.parametrize("main", [in_a_thread, connects, resolves, serves, runs_a_process, takes_a_signal])
def test_nothing_leaves_the_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Threads, sockets, processes and signals are refused."""
    with pytest.raises(SimRefused):
        run(main())


def test_calls_come_from_the_loops_own_thread() -> None:
    """`call_soon_threadsafe` is refused to other threads, and works in its own."""

    async def main() -> list[BaseException]:
        loop, done, faults = here(), asyncio.Event(), list[BaseException]()
        loop.call_soon_threadsafe(done.set)
        await done.wait()

        def elsewhere() -> None:
            try:
                loop.call_soon_threadsafe(done.clear)
            except SimRefused as fault:
                faults.append(fault)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return faults

    assert len(run(main())) == 1


def test_a_run_inside_a_run_is_refused() -> None:
    """A loop in a loop would make time stand still for the outer one."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match="inside of another loop"):
            run(hung())

    run(main())


# --- workers


def test_a_frozen_worker_does_nothing() -> None:
    """Its timers come due and wait; the others go on; after `thaw` it goes on from there."""
    log: Log = []

    async def main() -> None:
        as_worker("a", ticks(log, "a"))
        as_worker("b", ticks(log, "b", 2.0))
        await asyncio.sleep(1.5)
        here().freeze("a")
        await asyncio.sleep(5)
        here().thaw("a")
        await asyncio.sleep(1.2)
        log.append((here().time(), "over"))

    run(main())
    assert log[: log.index((7.7, "over"))] == [
        (1.0, "a"),
        (2.0, "b"),
        (4.0, "b"),
        (6.0, "b"),
        (6.5, "a"),
        (7.5, "a"),
    ]


def test_what_came_while_frozen_comes_in_order() -> None:
    """Callbacks that were ready, callbacks that came, timers that came due: in that order after `thaw`."""
    log: list[str] = []

    async def main() -> None:
        loop, context = here(), contextvars.copy_context()
        context.run(WORKER.set, "a")
        loop.call_at(2.0, log.append, "timer at 2", context=context)
        loop.call_at(1.0, log.append, "timer at 1", context=context)
        loop.call_soon(log.append, "ready", context=context)
        loop.freeze("a")
        loop.freeze("a")
        loop.call_soon(log.append, "came at 0", context=context)
        cancelled = loop.call_soon(log.append, "cancelled", context=context)
        loop.call_soon(log.append, "the world's")
        await asyncio.sleep(1.5)
        loop.call_soon(log.append, "came at 1.5", context=context)
        cancelled.cancel()
        await asyncio.sleep(1)
        assert log == ["the world's"]
        loop.thaw("a")
        loop.call_soon(log.append, "after", context=context)
        await asyncio.sleep(0)

    run(main())
    assert log[1:] == ["ready", "came at 0", "timer at 1", "came at 1.5", "timer at 2", "after"]


def test_a_freeze_takes_hold_at_once() -> None:
    """A callback that would run in the same step of the loop, just after, does not."""
    log: list[str] = []

    async def main() -> None:
        loop, context = here(), contextvars.copy_context()
        context.run(WORKER.set, "a")
        loop.call_soon(loop.freeze, "a")
        loop.call_soon(log.append, "a", context=context)
        loop.call_soon(log.append, "the world's")
        await asyncio.sleep(1)

    run(main())
    assert log == ["the world's"]


def test_a_timeout_of_a_frozen_worker_is_late() -> None:
    """What came first is what a worker finds first when it thaws: the answer, or the end of its patience."""

    async def asks(answer: asyncio.Future[str]) -> str:
        try:
            async with asyncio.timeout(2):
                return await answer
        except TimeoutError:
            return f"late at {here().time()}"

    async def main(answer_after_s: float) -> str:
        answer = here().create_future()
        task = as_worker("a", asks(answer))
        await asyncio.sleep(0.5)
        here().freeze("a")
        await asyncio.sleep(answer_after_s)
        answer.set_result("answered")
        await asyncio.sleep(9.5 - answer_after_s)
        here().thaw("a")
        return str(await task)

    assert [run(main(1)), run(main(3))] == ["answered", "late at 10.0"]


def test_a_killed_worker_is_gone() -> None:
    """Nothing of it runs again: no timer, no `except`, no `finally` while the world goes on; no `thaw`."""
    log: Log = []

    async def main() -> Log:
        task = as_worker("a", ticks(log, "a"))
        await asyncio.sleep(1.5)
        here().kill("a")
        task.cancel()
        await asyncio.sleep(10)
        with pytest.raises(ValueError, match="was killed"):
            here().thaw("a")
        assert not task.done()
        return log.copy()

    assert run(main()) == [(1.0, "a")]
    assert log[1:] == [(11.5, "a ended")]


# --- the end


async def stubborn(log: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(hung())
        try:
            await hung()
        finally:
            log.append("stubborn")
            group.create_task(hung())
            asyncio.get_running_loop().create_task(hung())
            await asyncio.sleep(1)
            log.append("never")


async def raises_at_the_end(log: list[str]) -> None:
    try:
        await hung()
    finally:
        log.append("raises")
        raise ValueError("at the end")


async def generates(log: list[str]) -> AsyncIterator[int]:
    try:
        yield 1
        yield 2
    finally:
        log.append("generator")


async def holds(log: list[str], kept: list[Any]) -> None:
    generator = generates(log)
    kept.append(generator)
    async for _ in generator:
        await hung()


async def knows_its_context(log: list[str]) -> None:
    token = WORKER.set("me")
    try:
        await hung()
    finally:
        me = asyncio.current_task()
        log.append(f"{me and me.get_name()} of {WORKER.get()}")
        WORKER.reset(token)


@pytest.mark.filterwarnings("error")
def test_the_end_leaves_nothing(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """What is left is closed in order of creation, without a warning, a log line or another step."""
    log: list[str] = []
    kept: list[Any] = []

    async def main() -> None:
        tasks = [
            asyncio.create_task(stubborn(log)),
            asyncio.create_task(raises_at_the_end(log)),
            asyncio.create_task(holds(log, kept)),
            asyncio.create_task(knows_its_context(log), name="known"),
        ]
        await asyncio.sleep(1)
        tasks.append(asyncio.create_task(hung()))  # has not begun
        here().freeze("a")
        as_worker("a", hung())

    run(main())
    assert log == ["stubborn", "raises", "known of me", "generator"]
    gc.collect()
    assert capfd.readouterr().err == ""
    assert not caplog.records


def test_a_generator_that_is_let_go_is_closed_in_its_time() -> None:
    """A generator that a loop breaks out of runs its `finally` soon, awaits included."""
    log: list[str] = []

    async def slow() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(3)
            log.append(f"closed at {here().time()}")

    async def main() -> None:
        async for _ in slow():
            break
        await asyncio.sleep(5)

    run(main())
    assert log == ["closed at 3.0"]


def test_a_fault_of_a_task_that_nobody_awaited_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The end hides nothing that went wrong before it."""

    async def fails() -> None:
        raise ValueError("unseen")

    async def main() -> None:
        asyncio.get_running_loop().create_task(fails())
        await asyncio.sleep(1)

    run(main())
    assert "never retrieved" in caplog.text


def test_a_result_or_a_fault_comes_out() -> None:
    """`run` returns what the coroutine returns and raises what it raises."""

    async def main(fault: Exception | None) -> str:
        await asyncio.sleep(1)
        if fault is not None:
            raise fault
        return "done"

    assert run(main(None)) == "done"
    with pytest.raises(KeyError):
        run(main(KeyError("k")))


# --- the same every time

RUN = Path(__file__).with_name("traced_run.py")


def test_a_run_is_the_same_in_every_process() -> None:
    """The digest of all callbacks rests neither on hash seeds, nor on addresses, nor on the collector."""
    digests = {
        subprocess.run(
            [sys.executable, str(RUN), ballast, collector],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, ballast, collector in [("1", "0", "on"), ("2", "7777", "off"), ("3", "123", "often")]
    }
    assert len(digests) == 1
    assert int(digests.pop().split()[1]) > 1_000
