"""Two ways to run an app inside a simulation, both made of its own parts in the order of its boot strategy.

`ThinRunner` puts a plain loop around each agent in place of Faust's app, streams and supervisors; the agents'
own coroutines and everything below them are the production's. `FaustRunner` starts the Faust app itself,
without its web server and its producer. The thin one is for many runs and long ones, the other is what it is
held to.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

from mode import Service, ServiceT

from stream_pool.stream.app import App
from stream_pool.stream.batch import Batch
from stream_pool.stream.channel import BatchChannel, BatchQueue
from stream_pool.stream.runtime import Work


class Runner(Protocol):
    """Starts and stops one app. Raises what the start raises."""

    @property
    def crash_reason(self) -> BaseException | None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def wait_until_stopped(self) -> None:
        """Until it was told to stop, or crashed."""
        ...


def _services(app: App) -> Iterable[ServiceT]:
    boot = app.boot_strategy
    boot.enable_web = False
    boot.enable_kafka_producer = False
    services: Iterable[ServiceT] = boot.server()
    return services


class FaustRunner:
    """The app as Faust's worker runs it."""

    def __init__(self, app: App) -> None:
        self._app = app
        app.boot_strategy.enable_web = False
        app.boot_strategy.enable_kafka_producer = False
        # Faust's own consumer never starts, but has a thread's loop, with sockets that nobody would close.
        unused: Any = app.consumer
        unused._thread.thread_loop.close()

    @property
    def crash_reason(self) -> BaseException | None:
        return self._app.crash_reason

    async def start(self) -> None:
        await self._app.start()

    async def stop(self) -> None:
        await self._app.stop()

    async def wait_until_stopped(self) -> None:
        await self._app.wait_until_stopped()


class ThinRunner(Service):
    """The app's services as the children of a service that does nothing else."""

    mundane_level = "debug"

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(**options)
        self._app = app

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        return [
            _Agents(self._app) if service is self._app.agents else service for service in _services(self._app)
        ]

    async def on_start(self) -> None:
        await self._app.plant.prepare()

    async def on_stop(self) -> None:
        # What a stop of the app itself says first; its agents ask it whether they may end.
        self._app._stopped.set()


class _Agents(Service):
    """Every agent of the app, each started anew when it ends, as Faust does it."""

    mundane_level = "debug"

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(**options)
        self._app = app

    async def on_start(self) -> None:
        for agent in self._app.agents.values():
            if isinstance(agent.channel, BatchChannel):
                self.add_future(self._run(agent.fun, agent.channel))

    async def _run(self, fun: Any, channel: BatchChannel) -> None:
        work = None if channel.one_by_one else self._app.plant.host.work
        while not self.should_stop:
            try:
                running = fun(_batches(channel.batches, work))
                if inspect.isasyncgen(running):
                    async for _ in running:
                        pass
                else:
                    await running
            except Exception as error:  # the guard around the agent has dealt with it
                self.log.debug("agent starts anew: %r", error)


async def _batches(queue: BatchQueue, work: Work | None) -> AsyncIterator[Batch]:
    """What Faust's stream is to an agent: it asks for the next batch when the agent does. What the records of
    a whole batch take, they take before the agent has it."""
    while True:
        await asyncio.sleep(0)
        batch = await queue.get() if queue.empty() else queue.get_nowait()
        if work is not None:
            for record in batch.records:
                await work(record)
        yield batch
