"""An event loop whose time is a number: when nothing is ready, it jumps to the next timer.

The idea: everything that asyncio builds on (`sleep`, `timeout`, `wait_for`, queues, events) asks its loop for
the time and for a wake-up. A loop that answers both from a number runs hours in seconds, and the same way
every time: one thread, no IO, tasks that hash by serial number, an end that leaves nothing to the collector.

A worker is whatever runs in a context in which `WORKER` is set. `freeze` parks its callbacks and the timers
that come due, as SIGSTOP does; `thaw` hands them back in that order; `kill` never does. A worker that comes
back needs a tag of its own.

Limits: the loop refuses what would leave it (sockets, threads, processes, signals). Timers for one instant
run in the order of asyncio's heap, which is the same in every run but is not first come, first served. An
asynchronous generator that only the collector finds is closed whenever the collector comes by; one that is
cut off inside its own `await` runs its `finally` from Python 3.13 on.
"""

import asyncio
import math
import threading
from asyncio import base_events
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from heapq import heappop
from itertools import count
from typing import Any, TypeVar, TypeVarTuple, Unpack
from weakref import WeakValueDictionary

from stream_pool.testing.errors import SimDeadlock, SimRefused, SimTimeout
from stream_pool.testing.refusals import REFUSED, refusal
from stream_pool.testing.spin import SPIN_LIMIT, Spin
from stream_pool.testing.tasks import (
    VirtualFuture,
    VirtualTask,
    close_generator,
    close_in_order,
    label,
    where,
)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WORKER: ContextVar[str | None] = ContextVar("stream_pool_worker", default=None)
"""The tag of the worker that the current code belongs to; None: it belongs to the world."""

_RESOLUTION_S = 1e-9
_NAMED = 20

Trace = Callable[[float, str], object]


class VirtualLoop(base_events.BaseEventLoop):
    """Virtual time from 0, in seconds.

    Use `run`, which makes one and disposes of it. `limit_s`: the last instant that may be reached.
    `trace`, when set, is called with the time and a label for every callback, in the order in which they run.
    """

    # asyncio's own, which its stubs leave out
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _thread_id: int | None
    _selector: Any
    _clock_resolution: float
    _exception_handler: Any

    def __init__(self, *, limit_s: float | None = None, spin_limit: int = SPIN_LIMIT) -> None:
        super().__init__()
        self.trace: Trace | None = None
        self._selector = _TimerSelector(self)
        self._clock_resolution = _RESOLUTION_S
        self._now = 0.0
        self._limit_s = math.inf if limit_s is None else limit_s
        self._spin = Spin(spin_limit)
        self._serials = count(1)
        self._tasks: list[VirtualTask[Any]] = []
        self._prune_at = 1_024
        self._generators: WeakValueDictionary[int, AsyncGenerator[Any, Any]] = WeakValueDictionary()
        self._parked: dict[str | None, deque[asyncio.Handle]] = {}
        self._killed: set[str] = set()
        self._disposed = False

    # --- time

    def time(self) -> float:
        return self._now

    def _advance(self, timeout: float | None) -> None:
        """asyncio asks for IO for up to `timeout` seconds: move the time instead."""
        if timeout is None:
            raise SimDeadlock(f"at {self._now:.3f} s nothing is left to happen; waiting: {self._waiting()}")
        if timeout > 0:
            when = self._scheduled[0].when()
            if when > self._limit_s:
                self._now = self._limit_s
                raise SimTimeout(f"virtual time would pass {self._limit_s} s; waiting: {self._waiting()}")
            self._now = when
            if when > 1e6:  # from here on a nanosecond gets lost in a float
                self._clock_resolution = max(_RESOLUTION_S, 2 * math.ulp(when))
        if self._parked or self.trace is not None:
            self._take_due()
        self._spin.watch(self._now, self._ready)

    def _take_due(self) -> None:
        """Do asyncio's next step, moving due timers to the ready ones, where it can be seen and parked."""
        end = self._now + self._clock_resolution
        while self._scheduled and self._scheduled[0].when() < end:
            timer = heappop(self._scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]  # what asyncio's own step does
            self._enqueue(timer)
        if self.trace is not None:
            for handle in self._ready:
                if not handle.cancelled():
                    self.trace(self._now, label(handle))

    def _waiting(self) -> str:
        places = [where(task) for task in self._tasks if not task.done()]
        more = f", and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        return ", ".join(places[:_NAMED]) + more

    # --- callbacks, futures, tasks

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if self._parked:
            self._enqueue(handle)
        elif not self._disposed:
            self._ready.append(handle)
        return handle

    def _enqueue(self, handle: asyncio.Handle) -> None:
        parked = self._parked.get(_worker_of(handle))
        (self._ready if parked is None else parked).append(handle)

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._thread_id not in (None, threading.get_ident()):
            raise SimRefused("a virtual loop takes no calls from other threads")
        return self.call_soon(callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return VirtualFuture(next(self._serials), self)

    def create_task(  # type: ignore[override]  # the parameters of every version at once
        self, coro: Coroutine[Any, Any, T], *, name: object = None, context: Context | None = None, **_: Any
    ) -> asyncio.Task[T]:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        if len(self._tasks) >= self._prune_at:
            self._drop_done()
            self._prune_at = 1_024 + 2 * len(self._tasks)
        task = VirtualTask(coro, next(self._serials), self, name, context or copy_context())
        self._tasks.append(task)  # one that nobody else holds would end when the collector comes by
        return task

    # --- workers

    def freeze(self, tag: str) -> None:
        """Stop a worker at once; the step of it that is running ends first. Twice is once."""
        if tag in self._parked:
            return
        parked = self._parked[tag] = deque()
        for at, handle in enumerate(self._ready):
            if _worker_of(handle) == tag:
                parked.append(handle)
                self._ready[at] = _nothing(self)  # asyncio has counted them already

    def thaw(self, tag: str) -> None:
        """Let a worker go on with all that came for it, in order. One that is not frozen is left alone."""
        if tag in self._killed:
            raise ValueError(f"worker {tag!r} was killed; it can only be started again, under another tag")
        self._ready.extend(self._parked.pop(tag, ()))

    def kill(self, tag: str) -> None:
        """Stop a worker for ever, as SIGKILL does: nothing of it runs again, no `finally`, no `except`."""
        self.freeze(tag)
        self._killed.add(tag)

    # --- the end

    def dispose(self) -> None:
        """End what is left, in order of creation, and close the loop."""
        if self.is_closed():
            return
        self._drop_done()
        self._disposed = True
        self._parked.clear()
        handler = self.get_exception_handler()
        self.set_exception_handler(_ignore)  # nobody takes the results of what is cut off
        asyncio._set_running_loop(self)
        try:
            close_in_order(self._tasks, self)  # grows when a `finally` makes another
            for serial in sorted(self._generators):
                if (generator := self._generators.get(serial)) is not None:
                    close_generator(generator)
        finally:
            asyncio._set_running_loop(None)
            self._tasks.clear()
            self.close()
            self.set_exception_handler(handler)

    def _drop_done(self) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]

    def _asyncgen_firstiter_hook(self, generator: AsyncGenerator[Any, Any]) -> None:
        self._generators[next(self._serials)] = generator

    def _asyncgen_finalizer_hook(self, generator: AsyncGenerator[Any, Any]) -> None:
        if self._disposed:
            close_generator(generator)
        else:
            self.create_task(generator.aclose())

    # --- no IO

    def _process_events(self, event_list: object) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class _TimerSelector:
    """What asyncio takes for the selector of a loop."""

    __slots__ = ("select",)

    def __init__(self, loop: VirtualLoop) -> None:
        self.select = loop._advance


def _worker_of(handle: Any) -> str | None:
    tag: str | None = handle._context.get(WORKER)
    return tag


def _nothing(loop: VirtualLoop) -> asyncio.Handle:
    handle = asyncio.Handle(int, (), loop)
    handle.cancel()
    return handle


def _ignore(_loop: object, _context: object) -> None:
    pass


for _name in REFUSED:
    setattr(VirtualLoop, _name, refusal(_name))


def run(main: Coroutine[Any, Any, T], *, limit_s: float | None = None, spin_limit: int = SPIN_LIMIT) -> T:
    """Run a coroutine on a loop of its own, whose time starts at 0; return what it returns.

    When it ends, so does all that it left running: nothing of that runs on, `finally` blocks aside.

    Raises:
        SimDeadlock: nothing is ready and no timer is set.
        SimTimeout: virtual time would pass `limit_s`, in seconds.
        SimSpin: more than `spin_limit` callbacks within a virtual millisecond.
    """
    if asyncio._get_running_loop() is not None:
        main.close()
        raise RuntimeError("a virtual loop cannot run inside of another loop")
    loop = VirtualLoop(limit_s=limit_s, spin_limit=spin_limit)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.dispose()
