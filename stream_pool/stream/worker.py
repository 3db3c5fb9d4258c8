"""Runs an app as a process: Faust's worker underneath, our exit codes and our deadline on top.

The idea: one way out. A signal or a fault begins the stop; the stop has a deadline, and a thread that holds
the process to it, since an event loop that hangs cannot watch itself. A second signal ends the process at
once.
"""

import asyncio
import errno
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import faust
import structlog
from aiokafka.errors import InvalidSessionTimeoutError
from mode import Service

from stream_pool.allocator import keep_freed_memory
from stream_pool.errors import ExitCode, MisuseError, StreamPoolError
from stream_pool.settings import variable
from stream_pool.stream.app import App
from stream_pool.stream.errors import FORBIDDEN, forbidden

log = structlog.get_logger(__name__)

_EXIT_MARGIN_S = 0.5
_NO_ADDRESS = "could not bind on any address"  # asyncio's since Python 3.12, without a number


class Worker(faust.Worker):
    """The process of one app, and of `services` beside it. Call `run`; it returns the exit code. Logging is
    the caller's to set up."""

    def __init__(self, app: App, *services: Service, **options: Any) -> None:
        super().__init__(
            app, *services, override_logging=False, redirect_stdouts=False, quiet=True, **options
        )
        self.spinner = None
        self._app = app
        self._ending = asyncio.Event()
        self._watchdog: threading.Timer | None = None
        self._signalled = False
        self.on_leave: Callable[[], None] | None = None
        """Called before the process is left by force: it must neither block nor raise."""

    def run(self) -> ExitCode:
        """Start, run until a signal or a fault, stop within the deadline."""
        keep_freed_memory()
        with asyncio.Runner() as runner:
            code = runner.run(self._main())
        for thread in self._app.handler_threads:
            thread.close()
        if self._watchdog is not None:
            self._watchdog.cancel()
        return code

    async def _main(self) -> ExitCode:
        app = self._app
        self.loop = asyncio.get_running_loop()
        app.on_fault = self._end
        app.worker_init()
        app.worker_init_post_autodiscover()
        start = asyncio.create_task(self.start())
        ending = asyncio.create_task(self._ending.wait())
        await asyncio.wait({start, ending}, return_when=asyncio.FIRST_COMPLETED)
        if start.done() and (error := start.exception()) is not None:
            self._crash_with(error, "did not start")
        elif self.crash_reason is not None:
            self._crash_with(self.crash_reason, "crashed")
        self._end()
        ending.cancel()
        await self.stop()
        start.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await start
        log.info("worker stopped", reason=app.fault.reason if app.fault else "asked to")
        return ExitCode.OK if app.fault is None else app.fault.exit_code

    async def on_startup_finished(self) -> None:
        """Everything runs: what was imported so far is taken out of the collector's sight."""
        gc.collect()
        gc.freeze()
        log.info("worker started", group=self._app.conf.id, web=str(self._app.web.url), pid=os.getpid())

    def _install_signal_handlers_unix(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_stop_signal)
        self.loop.add_signal_handler(signal.SIGUSR1, self._on_sigusr1)

    def _on_stop_signal(self, number: int, _frame: Any) -> None:
        """Runs between two bytecodes of the main thread, also while a handler blocks the event loop."""
        if self._signalled:
            self._leave("second signal")
        self._signalled = True
        self._arm()
        self.loop.call_soon_threadsafe(self._ending.set)

    def _end(self) -> None:
        self._arm()
        self._ending.set()

    def _arm(self) -> None:
        if self._watchdog is None:
            deadline_s = max(self._app.settings.stop_timeout_s - _EXIT_MARGIN_S, 0.1)
            self._watchdog = threading.Timer(deadline_s, self._leave, ["stop deadline passed"])
            self._watchdog.daemon = True
            self._watchdog.start()

    def _leave(self, why: str) -> None:
        if self.on_leave is not None:
            self.on_leave()
        fault = self._app.fault
        code = ExitCode.STOP_FORCED if fault is None else fault.exit_code
        sys.stderr.write(f"stream-pool: {why}, leaving; what was not committed comes again\n")
        sys.stderr.flush()
        os._exit(code)

    def _crash_with(self, error: BaseException, what: str) -> None:
        if isinstance(error, StreamPoolError):
            self._app.fail(error)
        elif isinstance(error, FORBIDDEN):
            self._app.fail(forbidden(error))
        elif (misuse := self._misuse(error)) is not None:
            self._app.fail(MisuseError(misuse))
        else:
            log.critical("worker fails", how=what, exc_info=error)
            self._app.fail(StreamPoolError(f"the worker {what}: {error!r}"))

    def _misuse(self, error: BaseException) -> str | None:
        """What to set otherwise, where a setting is what is wrong."""
        url, host, port = self._app.web.url, variable("web_host"), variable("web_port")
        match error:
            case OSError(errno=errno.EADDRINUSE):
                return f"{url} is taken: name another port with --web-port, or in {port}"
            case OSError() if error.errno == errno.EADDRNOTAVAIL or str(error).startswith(_NO_ADDRESS):
                return f"{url} is no address of this machine: name one with --web-host, or in {host}"
            case OSError(errno=errno.EACCES, filename=None):
                return f"{url} may not be listened on by this user: name a port from 1024 on in {port}"
            case InvalidSessionTimeoutError():
                name = variable("session_timeout_ms")
                return f"the broker takes no such {name}: see its group.min.session.timeout.ms and …max…"
        return None
