"""Taking turns at a pool: threads one after the other, and whoever breaks in from the same thread is told so.

The garbage collector may run code in the middle of any call, and that code may decode through this very
pool. It must neither wait for the call that it interrupts nor find tables half changed.
"""

from threading import RLock
from types import TracebackType


class Turn:
    """`with turn as is_mine`: the lock is held; `is_mine` is False in the middle of another call."""

    __slots__ = ("_calls", "_lock")

    def __init__(self) -> None:
        self._lock = RLock()
        self._calls = 0

    def __enter__(self) -> bool:
        self._lock.acquire()
        self._calls += 1
        return self._calls == 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._calls -= 1
        self._lock.release()
