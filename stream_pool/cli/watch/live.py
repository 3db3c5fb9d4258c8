"""Draws the worker beside the worker, as a service, and keeps the log lines that the screen shows."""

import asyncio
import os
import queue
import threading
from collections import deque
from contextlib import suppress
from io import StringIO
from typing import Any

from mode import Service
from rich.console import Console, RenderableType
from rich.live import Live

from stream_pool.cli.watch.figures import Watcher
from stream_pool.cli.watch.screen import Place, screen
from stream_pool.stream import App
from stream_pool.stream.snapshots import health_facts, worker_snapshot
from stream_pool.telemetry import HealthLimits, ready

FRAME_S = 1.0
LOG_LINES = 200
LAST_FRAME_WITHIN_S = 0.5


class LastLines(StringIO):
    """A stream for the log that keeps its last lines, without colours, for the screen; and no more."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=LOG_LINES)

    def write(self, text: str) -> int:
        self._lines.extend(line for line in text.splitlines() if line.strip())
        return len(text)

    def lines(self) -> tuple[str, ...]:
        """The last of them, oldest first."""
        return tuple(self._lines)


class Drawer(threading.Thread):
    """Draws the latest frame that it was given. A thread that no exit waits for long: a terminal that takes
    nothing (Ctrl-S, a dead line) must stop no worker."""

    def __init__(self, console: Console) -> None:
        super().__init__(name="watch", daemon=True)
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._frames: queue.Queue[RenderableType | None] = queue.Queue(maxsize=1)

    def show(self, frame: RenderableType | None) -> None:
        """Draw this next, instead of one that still waits; None is the end."""
        with suppress(queue.Empty):
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    def run(self) -> None:
        with self._live as live:
            while (frame := self._frames.get()) is not None:
                live.update(frame, refresh=True)


def show_cursor(console: Console) -> None:
    """Give a terminal its cursor back, unless it takes nothing: for whoever leaves by force."""
    with suppress(OSError):
        terminal = os.open(os.ttyname(console.file.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        os.write(terminal, b"\x1b[?25h\n")


class Watch(Service):
    """Draws from the worker's start to its stop; the last screen stays."""

    mundane_level = "debug"

    def __init__(self, app: App, log: LastLines, console: Console, **options: Any) -> None:
        super().__init__(**options)
        self._app = app
        self._log = log
        self._console = console
        self._drawer = Drawer(console)

    async def on_start(self) -> None:
        self._drawer.start()
        self.add_future(self._draw())

    async def on_stop(self) -> None:
        self._drawer.show(None)
        self._drawer.join(LAST_FRAME_WITHIN_S)

    async def _draw(self) -> None:
        app, watcher, limits = self._app, Watcher(), HealthLimits()
        place = Place(
            group=app.conf.id,
            worker=app.plant.host.identity.worker,
            broker=", ".join(app.settings.bootstrap_servers),
            web=f"{app.web.url}",
            lag_threshold_records=app.settings.detector_lag_threshold_records,
            memory_limit_bytes=app.settings.detector_memory_limit_bytes,
        )
        while not self.should_stop:
            if not app.plant.outlet.is_open:
                await asyncio.sleep(FRAME_S / 10)
                continue
            now_s = app.plant.clock.now_ms() / 1_000
            figures = watcher.take(now_s, worker_snapshot(app), ready(health_facts(app), limits))
            size = self._console.size
            frame = screen(figures, place, self._log.lines(), size.width, size.height)
            self._drawer.show(frame)
            await asyncio.sleep(FRAME_S)
