"""How a command that runs for long ends when it is told to: Ctrl-C (SIGINT) and SIGTERM do the same.

| # | told to end | the command |
|---|---|---|
| 1 | before there is something to be ended properly | ends at once |
| 2 | once it is | ends that: what was done is told, and kept so that it can be gone on with |
| 3 | a second time | ends at once |

It ends with 128 and the number of the signal: 130, or 143.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Self

import typer

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Within it the signals do that. `exit_code` is that of a command which was told to end."""

    def __init__(self) -> None:
        self._number: int = signal.SIGINT
        self._stop: Callable[[], object] | None = None
        self._before: dict[int, object] = {}

    @property
    def exit_code(self) -> int:
        return 128 + self._number

    @contextmanager
    def by(self, stop: Callable[[], object]) -> Iterator[None]:
        """While it lasts, `stop` ends properly what is going on; called on a running event loop, if any."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def _told(self, number: int, frame: FrameType | None) -> None:
        self._number = number
        stop, self._stop = self._stop, None
        if stop is None:
            raise KeyboardInterrupt
        stop()
        with suppress(RuntimeError):  # no loop is running; else it may be asleep
            asyncio.get_running_loop().call_soon_threadsafe(lambda: None)

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._told)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it is one that was there
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            print("stream-pool: stopped", file=sys.stderr)
            raise typer.Exit(self.exit_code) from None
