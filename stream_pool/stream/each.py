"""The usual form of an agent: one record at a time, through a sync or an async handler.

The idea: one tight loop over a batch in which the clock is read once a record and everything else waits
until that clock passes `wake`: the next edge of the latency histogram, or the moment to hand over to the
event loop, whichever is first. Failures leave the tight loop.
"""

import asyncio
import inspect
import math
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any

import structlog

from stream_pool.errors import MisuseError
from stream_pool.signals import BOUNDS_S
from stream_pool.stream.batch import Batch, Rejected
from stream_pool.stream.channel import OnError
from stream_pool.stream.errors import HandlerFailed, raise_if_cancelled
from stream_pool.stream.handler_thread import HandlerThread
from stream_pool.stream.order import Current, Order
from stream_pool.stream.runtime import OBJECT_TYPES, Runtime, Work, refuse_root

log = structlog.get_logger(__name__)

Handler = Callable[[Order], Any]

_FIRST_BACKOFF_S = 0.1
_LAST_BACKOFF_S = 5.0


def backoff_s(attempt: int, spread: float) -> float:
    """Seconds to wait before retry `attempt` (from 1).

    Doubling from 0.1 to 5, half of it jittered by `spread` in [0, 1).

    "Equal jitter": enough of a pause to help, enough of a spread that workers do not return in step.
    """
    base: float = min(_FIRST_BACKOFF_S * 2 ** (attempt - 1), _LAST_BACKOFF_S)
    return base / 2 + base / 2 * spread


def _edge_s(latency_s: float) -> float:
    """The upper bound of the bucket that a latency falls into."""
    index = bisect_left(BOUNDS_S, latency_s)
    return BOUNDS_S[index] if index < len(BOUNDS_S) else math.inf


def _after(work: Work, handler: Handler) -> Handler:
    """The handler, when the time has passed that it takes."""

    async def handle(order: Order) -> Any:
        await work(order.record)
        result = handler(order)
        return await result if isawaitable(result) else result

    return handle


class Each:
    """Runs one handler over batches: made when an agent is declared, `run` for each batch."""

    def __init__(
        self,
        handler: Handler,
        *,
        on_error: OnError = "dead_letter",
        retries: int = 2,
        objects_only: bool = True,
        in_thread: bool = False,
    ) -> None:
        self.handler = handler
        self.on_error = on_error
        self.retries = retries
        self.objects_only = objects_only
        self.name = getattr(handler, "__qualname__", repr(handler))
        if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
            raise MisuseError(
                f"handler {self.name} has a yield in it: it would never run. Declare it with @app.agent"
            )
        self.thread: HandlerThread | None = None
        self._is_async = any(map(inspect.iscoroutinefunction, (handler, type(handler).__call__)))
        if in_thread:
            if self._is_async:
                raise MisuseError(f"handler {self.name} is async: only a sync one can run in a thread")
            self.thread = HandlerThread(f"stream-pool-{self.name}")
            self.handler = partial(self.thread.call, handler)
            self._is_async = True

    async def run(self, batch: Batch, runtime: Runtime) -> None:
        """Handle a batch from its first record to its last, or until its partition is taken away.

        Raises `HandlerFailed` (on_error="stop"), `DeadLetterUnwritable`, `DeadLetterBudgetExceeded`; what
        was done before counts as done.
        """
        decode = runtime.decode if self.objects_only else runtime.decode_any
        now = runtime.clock.monotonic
        handler, is_async, objects_only = self.handler, self._is_async, self.objects_only
        if runtime.work is not None:
            handler, is_async = _after(runtime.work, handler), True
        current = Current(Order(batch.records[0], None))
        pace = _Pace(batch, runtime)
        wake = pace.wake
        count = 0
        failed: HandlerFailed | None = None
        for record in batch.records:
            try:
                document = decode(record.value)
                if objects_only and type(document) not in OBJECT_TYPES:
                    refuse_root(document)
            except Exception as error:
                batch.bury_poison(record, error)
            else:
                order = Order(record, document)
                current.order = order
                try:
                    result = handler(order)
                    if is_async or (result is not None and isawaitable(result)):
                        result = await result
                except (Exception, asyncio.CancelledError) as error:
                    raise_if_cancelled(error)
                    try:
                        if not await self._failed(batch, order, error, handler, runtime):
                            break
                    except HandlerFailed as stop:
                        failed = stop
                        break
                else:
                    if result is not None and isinstance(result, Rejected):
                        batch.bury(record, result.reason, None)
            count += 1
            at = now()
            if at >= wake:
                wake = await pace.stop(count, at)
                if batch.dropped:
                    break
        batch.mark(count, now())
        await batch.settle(count)
        if failed is not None:
            raise failed

    async def _failed(
        self, batch: Batch, order: Order, error: BaseException, handler: Handler, runtime: Runtime
    ) -> bool:
        """The handler raised: try again, then do what `on_error` says.

        False where the partition went away meanwhile.
        """
        batch.count_handler_error()
        for attempt in range(1, self.retries + 1):
            batch.count_retry()
            await asyncio.sleep(backoff_s(attempt, runtime.random.random()))
            if batch.dropped:
                return False
            try:
                result = handler(order)
                if isawaitable(result):
                    result = await result
            except (Exception, asyncio.CancelledError) as again:
                raise_if_cancelled(again)
                batch.count_handler_error()
                error = again
            else:
                if isinstance(result, Rejected):
                    batch.bury(order.record, result.reason, None)
                return True
        where = f"{order.topic}-{order.partition}@{order.offset}"
        attempts = f"{self.retries + 1} attempts" if self.retries else "1 attempt"
        match self.on_error:
            case "dead_letter":
                log.warning(
                    "handler failed, dead letter", handler=self.name, record=where, handler_error=error
                )
                batch.bury(order.record, HandlerFailed.reason, error)
            case "skip":
                log.error(
                    "handler failed, record skipped", handler=self.name, record=where, handler_error=error
                )
                batch.count_skipped()
            case "stop":
                raise HandlerFailed(f"{self.name} failed on {where} after {attempts}", error)
        return True


class _Pace:
    """When the tight loop has to stop for a moment, and what is done then."""

    def __init__(self, batch: Batch, runtime: Runtime) -> None:
        self._batch = batch
        self._now = runtime.clock.monotonic
        self._interval_s = runtime.yield_interval_s
        at = self._now()
        self._yield_at = at + self._interval_s
        self._edge = batch.polled_at_s + _edge_s(at - batch.polled_at_s)
        self.wake = min(self._edge, self._yield_at)

    async def stop(self, count: int, at: float) -> float:
        """Count `count` records as done at `at`, hand over if it is time, and say when to stop next."""
        if at > self._edge:
            self._batch.mark(count - 1, self._edge)
        self._batch.mark(count, at)
        if at >= self._yield_at:
            await self._batch.settle(count)
            await asyncio.sleep(0)
            at = self._now()
            self._yield_at = at + self._interval_s
        self._edge = self._batch.polled_at_s + _edge_s(at - self._batch.polled_at_s)
        return min(self._edge, self._yield_at)
