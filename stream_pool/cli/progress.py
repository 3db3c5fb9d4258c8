"""How far a command is, how fast, and how long still: on standard error, which is nobody's result.

On a terminal a bar, where it takes longer than a moment; elsewhere a line now and then.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

Progress = Callable[[int, int, int], None]
"""Told how much is done, of how much (bytes, or offsets), and how many things that were."""

BAR_FROM_S = 0.5
DRAW_EVERY_S = 0.1
LINE_EVERY_S = 10.0


@contextmanager
def progress(stream: TextIO, doing: str, unit: str) -> Iterator[Progress]:
    """Such as `progress(sys.stderr, "verifying", "events")`."""
    began_s = time.monotonic()
    if not stream.isatty():
        next_s = LINE_EVERY_S

        def line(done: int, total: int, count: int) -> None:
            nonlocal next_s
            if (took_s := time.monotonic() - began_s) >= next_s:
                next_s = took_s + LINE_EVERY_S
                print(f"{doing}: {told(done, total, count, unit, took_s)}", file=stream, flush=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")
        drawn_s = began_s + BAR_FROM_S - DRAW_EVERY_S

        def draw(done: int, total: int, count: int) -> None:
            nonlocal drawn_s
            if (now_s := time.monotonic()) - drawn_s >= DRAW_EVERY_S:
                drawn_s = now_s
                rate = f"{count / (now_s - began_s):,.0f} {unit}/s"
                bar.update(task, completed=done, total=total, rate=rate)

        yield draw


def told(done: int, total: int, count: int, unit: str, took_s: float) -> str:
    """How far it is, in words."""
    share = done / total if total else 1.0
    left = f", {took_s / share - took_s:,.0f} s left" if share else ""
    return f"{share:.0%}, {count:,} {unit}, {count / took_s:,.0f} a second{left}"
