"""Where the demo plays: a terminal, a pipe, or nowhere while a program waits for one object.

A stage gives two functions: `say` for a line about the set-up (from any thread), `show` for a view (often).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.live import Live

from stream_pool.broker import Say
from stream_pool.cli.demo.lines import happening_line, status_line
from stream_pool.cli.demo.model import View
from stream_pool.cli.demo.run import Show
from stream_pool.cli.demo.screen import Setting, screen

Stage: TypeAlias = tuple[Say, Show]

LINE_EVERY_S = 1.0


@contextmanager
def terminal_stage(console: Console) -> Iterator[Stage]:
    """One screen, drawn again and again below what is said."""
    with Live(console=console, refresh_per_second=4, transient=False) as live:

        def show(view: View, setting: Setting) -> None:
            live.update(screen(view, setting, console.height))

        yield console.print, show


@contextmanager
def line_stage() -> Iterator[Stage]:
    """Lines on standard output, each written at once."""
    yield _say_on_stdout, LineShow()


@contextmanager
def silent_stage() -> Iterator[Stage]:
    """Standard output stays empty; what is said goes to standard error."""
    yield _say_on_stderr, lambda view, setting: None


class LineShow:
    """Prints what is new since the last view: happenings at once, the figures once a second."""

    def __init__(self) -> None:
        self._told = 0
        self._next_line_s = 0.0
        self._setting: Setting | None = None

    def __call__(self, view: View, setting: Setting) -> None:
        if self._setting is None:
            self._setting = setting
            _say_on_stdout(f"{setting.orders:,} orders; metrics at {setting.metrics_url}; {setting.scaling}")
        for happening in view.happenings[self._told :]:
            _say_on_stdout(happening_line(happening))
        self._told = len(view.happenings)
        if view.at_s >= self._next_line_s:
            self._next_line_s = view.at_s + LINE_EVERY_S
            _say_on_stdout(status_line(view))


def _say_on_stdout(line: str) -> None:
    print(line, flush=True)


def _say_on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
