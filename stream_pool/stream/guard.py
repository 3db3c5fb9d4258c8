"""What happens when an agent on batches raises or ends: nothing it had in hand is acknowledged by accident.

| # | the agent | `on_error` | then |
|---|---|---|---|
| 1 | raises a fault of ours | any | the worker stops with that fault |
| 2 | raises | stop | the worker stops; the batch stays uncommitted |
| 3 | raises | dead_letter | the rest of the batch goes to the dead letters; the agent starts anew |
| 4 | raises | skip | the batch is logged and counted; the agent starts anew |
| 5 | is cancelled itself | any | the batch is let go, uncommitted |
| 6 | returns | any | the worker stops: nobody would read the topic any more |
"""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import structlog

from stream_pool.errors import StreamPoolError
from stream_pool.stream.channel import BatchChannel
from stream_pool.stream.errors import HandlerFailed, is_cancelled

log = structlog.get_logger(__name__)


class Stop(Protocol):
    """What is asked of the app: that it can be stopped with a fault, and says when it stops anyway."""

    @property
    def should_stop(self) -> bool: ...

    def fail(self, fault: StreamPoolError) -> None: ...


def guarded(fun: Callable[[Any], Any], channel: BatchChannel, app: Stop) -> Any:
    """The agent function `fun`, with the table above around it."""
    name = getattr(fun, "__qualname__", repr(fun))
    if inspect.isasyncgenfunction(fun):

        @functools.wraps(fun)
        async def values(stream: Any) -> AsyncIterator[Any]:
            try:
                async for value in fun(stream):
                    yield value
                await _ended(name, channel, app)
            except (Exception, asyncio.CancelledError, GeneratorExit) as error:
                await _raised(name, channel, app, error)
                raise

        return values

    @functools.wraps(fun)
    async def run(stream: Any) -> None:
        try:
            await fun(stream)
            await _ended(name, channel, app)
        except (Exception, asyncio.CancelledError) as error:
            await _raised(name, channel, app, error)
            raise

    return run


async def _ended(name: str, channel: BatchChannel, app: Stop) -> None:
    channel.batches.let_go()
    if app.should_stop:
        return  # a stop ends the stream; one who then waits is not always cancelled by Faust
    await _stop(
        HandlerFailed(f"agent {name} returned: nobody reads {', '.join(channel.topics)} any more"), app
    )


async def _raised(name: str, channel: BatchChannel, app: Stop, error: BaseException) -> None:
    if isinstance(error, GeneratorExit) or is_cancelled(error):
        channel.batches.let_go()
        return
    batch = channel.batches.current
    if isinstance(error, StreamPoolError) or channel.on_error == "stop" or batch is None:
        channel.batches.let_go()
        if not isinstance(error, StreamPoolError):
            error = HandlerFailed(f"agent {name} failed on {batch}", error)
        await _stop(error, app)
        return
    batch.count_handler_error()
    try:
        if channel.on_error == "dead_letter":
            log.warning(
                "agent failed, batch to the dead letters", agent=name, batch=repr(batch), handler_error=error
            )
            batch.bury_rest(HandlerFailed.reason, error)
        else:
            log.error("agent failed, batch skipped", agent=name, batch=repr(batch), handler_error=error)
            batch.skip_rest()
        await batch.finish()
    except StreamPoolError as fault:
        channel.batches.let_go()
        await _stop(fault, app)
    finally:
        channel.batches.let_go()


async def _stop(fault: StreamPoolError, app: Stop) -> None:
    """Stop the worker, and keep the agent from the next batch until it does."""
    if not app.should_stop:
        app.fail(fault)
    await asyncio.Event().wait()
