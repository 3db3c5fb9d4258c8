"""Tasks and futures that hash by serial number, and what can be said of them without an address.

The idea: a set of tasks iterates in the order of its hashes. By default these are addresses, so whatever goes
through such a set (`asyncio.wait`, `TaskGroup`) would run in another order in every process.

Limits: futures that are not made by the loop (`asyncio.Future()`, the one that `gather` returns) keep their
addresses as hashes.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextvars import Context
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualFuture(asyncio.Future[T]):
    """A future with a serial number of its loop."""

    def __init__(self, serial: int, loop: asyncio.AbstractEventLoop) -> None:
        self.serial = serial
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self.serial


class VirtualTask(asyncio.Task[T]):
    """A task with a serial number of its loop; `context` is the one that its steps run in."""

    def __init__(
        self,
        coro: Coroutine[Any, Any, T],
        serial: int,
        loop: asyncio.AbstractEventLoop,
        name: object,
        context: Context,
    ) -> None:
        self.serial = serial  # before asyncio puts the task into its WeakSet
        self.context = context
        super().__init__(
            coro, loop=loop, name=f"Task-{serial}" if name is None else str(name), context=context
        )

    def __hash__(self) -> int:
        return self.serial


_ASYNCIO = asyncio.__file__.rpartition("/")[0]


def where(task: asyncio.Task[Any]) -> str:
    """Where a task waits: `name at file.py:line in function`, the innermost place outside of asyncio."""
    found: FrameType | None = None
    step: Any = task.get_coro()
    while step is not None:
        frame = getattr(step, "cr_frame", None) or getattr(step, "ag_frame", None)
        if frame is not None and not (found and frame.f_code.co_filename.startswith(_ASYNCIO)):
            found = frame
        step = getattr(step, "cr_await", None) or getattr(step, "ag_await", None)
    if found is None:
        return task.get_name()
    file = found.f_code.co_filename.rpartition("/")[2]
    return f"{task.get_name()} at {file}:{found.f_lineno} in {found.f_code.co_qualname}"


def label(handle: asyncio.Handle) -> str:
    """What a handle will run, in words that are the same in every process."""
    callback: Any = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, VirtualTask):
        coroutine = getattr(owner.get_coro(), "__qualname__", "?")
        return f"{owner.get_name()} #{owner.serial} {coroutine}"
    callback = getattr(callback, "func", callback)
    return str(getattr(callback, "__qualname__", type(callback).__qualname__))


def close_in_order(tasks: list[VirtualTask[Any]], loop: asyncio.AbstractEventLoop) -> None:
    """Close the coroutines of tasks that will not run again, each in its own context.

    Their `finally` blocks run up to the first `await` that waits. What they raise is dropped: they end in a
    world that is no longer there.
    """
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own way to say "meant"
        if not task.done():
            task.context.run(_close, task, loop)


_PATIENCE = 100
"""How many times a coroutine may answer its end with another `await` (`TaskGroup` does so once)."""


def _close(task: VirtualTask[Any], loop: asyncio.AbstractEventLoop) -> None:
    coro: Any = task.get_coro()
    asyncio.tasks._enter_task(loop, task)
    try:
        for _ in range(_PATIENCE):
            try:
                coro.close()
            except KeyboardInterrupt:
                raise
            except BaseException as fault:  # whatever a dying coroutine may raise
                if isinstance(fault, RuntimeError) and "ignored GeneratorExit" in str(fault):
                    continue
            return
    finally:
        asyncio.tasks._leave_task(loop, task)


def close_generator(generator: AsyncGenerator[Any, Any]) -> None:
    """Run the generator's `finally` up to its first `await` that waits."""
    closing: Any = generator.aclose()
    try:
        closing.send(None)
    except (Exception, asyncio.CancelledError, GeneratorExit):
        pass  # StopIteration, where there was nothing to wait for; else what a dying generator may raise
    finally:
        closing.close()
