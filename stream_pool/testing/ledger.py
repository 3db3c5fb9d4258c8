"""What the handlers of a simulation did: who handled which record, how it ended, how often.

A handler that is wrapped by `Ledger.recorded` leaves one mark when it returns and one when it raises; a call
that was cut off (its worker was killed, or froze for good) leaves none. The ledger is the witness that no
part of the worker has a hand in.
"""

import functools
import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from stream_pool.stream.order import Order
from stream_pool.testing.loop import WORKER


class Call(NamedTuple):
    """One call of a handler. `worker` is `name/incarnation`; `done` is False where it raised."""

    topic: str
    partition: int
    offset: int
    worker: str | None
    done: bool


class Ledger:
    """Counts calls by record; with `keep_calls` it also keeps each of them, in order."""

    def __init__(self, *, keep_calls: bool = True) -> None:
        self.calls: list[Call] = []
        self.done: dict[tuple[str, int], Counter[int]] = {}
        self.failed: dict[tuple[str, int], Counter[int]] = {}
        self._keep_calls = keep_calls

    def recorded(self, handler: Callable[[Order], Any]) -> Callable[[Order], Any]:
        """The same handler, sync or async, with a mark for each of its calls."""
        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def handle_async(order: Order) -> Any:
                try:
                    result = await handler(order)
                except Exception:
                    self._mark(order, done=False)
                    raise
                self._mark(order, done=True)
                return result

            return handle_async

        @functools.wraps(handler)
        def handle(order: Order) -> Any:
            try:
                result = handler(order)
            except Exception:
                self._mark(order, done=False)
                raise
            self._mark(order, done=True)
            return result

        return handle

    def times_done(self, topic: str, partition: int, offset: int) -> int:
        """How often a handler returned for this record."""
        return self.done.get((topic, partition), _NONE)[offset]

    def times_failed(self, topic: str, partition: int, offset: int) -> int:
        """How often a handler raised for this record."""
        return self.failed.get((topic, partition), _NONE)[offset]

    def _mark(self, order: Order, *, done: bool) -> None:
        marks = self.done if done else self.failed
        place = (order.topic, order.partition)
        if place not in marks:
            marks[place] = Counter()
        marks[place][order.offset] += 1
        if self._keep_calls:
            self.calls.append(Call(*place, order.offset, WORKER.get(), done))


_NONE: Counter[int] = Counter()
