"""One life of one worker in a simulation: an ordinary app, from its start to its end.

The app is made by the user's own function while `HOST` is set, so that it gets the in-memory log, the
virtual clock and scripted probes; nothing else about it is special. All that it does runs under a tag of its
own, by which the loop can freeze or kill it between any two callbacks. It ends as a process would: an
orderly stop has a deadline, a fault begins one, and whatever hangs then is cut off.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Protocol

import structlog

from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.settings import Settings
from stream_pool.stream.app import App
from stream_pool.stream.host import HOST, Host
from stream_pool.testing.loop import WORKER, VirtualLoop
from stream_pool.testing.runner import FaustRunner, Runner, ThinRunner

log = structlog.get_logger(__name__)

_EXIT_MARGIN_S = 0.5


class Mortal(Protocol):
    """A client that can be cut off: after `die` nothing of it reaches the log any more."""

    def die(self) -> None: ...


class SimWorker:
    """One life of worker `name`. `Simulation.start_worker` makes it; it starts at once.

    `app` is None until it was made. `fault` is what ended it, `forced` says that its stop took longer than
    its deadline, `killed` that it was not asked.
    """

    def __init__(
        self,
        name: str,
        incarnation: int,
        make_app: Callable[[], App],
        host: Callable[[Settings], Host],
        client: Mortal,
        loop: VirtualLoop,
        *,
        faust: bool,
    ) -> None:
        self.name = name
        self.incarnation = incarnation
        self.tag = f"{name}/{incarnation}"
        self.make_app = make_app
        self.faust = faust
        self.app: App | None = None
        self.fault: StreamPoolError | None = None
        self.forced = False
        self.killed = False
        self.frozen = False
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self._host = host
        self._client = client
        self._loop = loop
        self._ending = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        context = copy_context()
        context.run(WORKER.set, self.tag)
        context.run(HOST.set, host)
        self._life = loop.create_task(self._live(), name=self.tag, context=context)
        self._life.add_done_callback(self._is_over, context=Context())

    @property
    def running(self) -> bool:
        """Whether it has started and was neither asked to stop nor ended."""
        return self.started.is_set() and not self._ending.is_set() and not self.ended.is_set()

    @property
    def exit_code(self) -> ExitCode | None:
        """What the process would have ended with; None where it was killed, or runs."""
        if self.killed or not self.ended.is_set():
            return None
        if self.fault is not None:
            return self.fault.exit_code
        return ExitCode.STOP_FORCED if self.forced else ExitCode.OK

    async def stop(self) -> None:
        """Ask it to stop, and wait until it has: at most as long as its own deadline."""
        self._end()
        await self.ended.wait()

    def kill(self) -> None:
        """End it between two callbacks, as `kill -9` does."""
        if not self.ended.is_set():
            self.killed = True
            self._cut_off()

    def freeze(self) -> None:
        """Let nothing of it run until `thaw`, as SIGSTOP does; what it has sent is on its way."""
        if not self.ended.is_set() and not self.frozen:
            self.frozen = True
            self._loop.freeze(self.tag)

    def thaw(self) -> None:
        """Let it go on, with every timer that ran out meanwhile due at once."""
        if self.frozen and not self.ended.is_set():
            self.frozen = False
            self._loop.thaw(self.tag)

    async def _live(self) -> None:
        runner: Runner | None = None
        try:
            self.app = app = self.make_app()
            app.on_fault = self._end
            runner = FaustRunner(app) if self.faust else ThinRunner(app)
            start = asyncio.ensure_future(runner.start())
            ending = asyncio.ensure_future(self._ending.wait())
            await asyncio.wait([start, ending], return_when=asyncio.FIRST_COMPLETED)
            if start.done() and start.exception() is None and not ending.done():
                self.started.set()
                crash = asyncio.ensure_future(runner.wait_until_stopped())
                await asyncio.wait([ending, crash], return_when=asyncio.FIRST_COMPLETED)
                crash.cancel()
            self._end()
            ending.cancel()
            await runner.stop()
            start.cancel()
            await asyncio.gather(start, ending, return_exceptions=True)
            self._blame(runner, app, start)
        except StreamPoolError as error:
            self.fault = self.fault or error
        except Exception as error:
            fault = StreamPoolError(f"the worker crashed: {error!r}")
            fault.__cause__ = error
            self.fault = self.fault or fault

    def _blame(self, runner: Runner, app: App, start: "asyncio.Future[None]") -> None:
        error = None if start.cancelled() else start.exception()
        error = app.fault or error or runner.crash_reason
        if error is None or isinstance(error, StreamPoolError):
            self.fault = error
            return
        self.fault = StreamPoolError(f"the worker crashed: {error!r}")
        self.fault.__cause__ = error

    def _end(self) -> None:
        """The way out, whoever asks: from here on there is a deadline, which no frozen loop can hold up."""
        if self._deadline is None and not self.ended.is_set():
            stop_timeout_s = self.app.settings.stop_timeout_s if self.app is not None else 0.0
            seconds = max(stop_timeout_s - _EXIT_MARGIN_S, 0.1)
            self._deadline = self._loop.call_later(seconds, self._leave, context=Context())
        self._ending.set()

    def _leave(self) -> None:
        if not self.ended.is_set():
            self.forced = True
            self.fault = self.app.fault if self.app is not None else None
            log.error("stop deadline passed", worker=self.tag)
            self._cut_off()

    def _is_over(self, _life: "asyncio.Task[None]") -> None:
        if not self.ended.is_set():
            self._cut_off()

    def _cut_off(self) -> None:
        """The process is gone, and with it whatever it had not finished."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._client.die()
        self._loop.kill(self.tag)
        self.ended.set()
