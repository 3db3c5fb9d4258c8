"""How far a command is, how fast, and how long still: a bar on a terminal, a line now and then elsewhere.

Nothing is shown of what takes but a moment. Standard output is the result's: this goes to standard error.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

BAR_FROM_S = 0.5
LINE_EVERY_S = 10.0

Tell = Callable[[int, int | None, int], None]
"""Told how much is done, of how much (bytes, or offsets; None where nobody knows), and of how many things."""


@contextmanager
def progress(
    stream: TextIO, what: str, things: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[Tell]:
    """Show on `stream` how `what` goes, such as "verifying", with its rate in `things` a second."""
    if stream.isatty():
        with _bar(stream, what, things, clock) as tell:
            yield tell
    else:
        yield _lines(stream, what, things, clock)


def _lines(stream: TextIO, what: str, things: str, clock: Callable[[], float]) -> Tell:
    began_s = clock()
    next_s = began_s + LINE_EVERY_S

    def tell(done: int, total: int | None, number: int) -> None:
        nonlocal next_s
        if (now_s := clock()) < next_s:
            return
        next_s = now_s + LINE_EVERY_S
        took_s = now_s - began_s
        parts = [f"{number:,} {things}", _rate(number, things, took_s)]
        if total and done:
            left_s = took_s * (total - done) / done
            parts = [f"{done / total:.0%}", *parts, f"{left_s:,.0f} s left"]
        print(f"{what}: {', '.join(parts)}", file=stream, flush=True)

    return tell


@contextmanager
def _bar(stream: TextIO, what: str, things: str, clock: Callable[[], float]) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    began_s = clock()
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def tell(done: int, total: int | None, number: int) -> None:
            if (took_s := clock() - began_s) > BAR_FROM_S:
                bar.update(task, completed=done, total=total, rate=_rate(number, things, took_s))

        yield tell


def _rate(number: int, things: str, took_s: float) -> str:
    rate = number / took_s
    return f"{rate:,.{0 if rate >= 10 else 1}f} {things}/s"
