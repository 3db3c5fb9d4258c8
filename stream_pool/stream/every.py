"""The beat of what observes: once an interval, and never ended by a fault of its own."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from stream_pool.clock import Clock

log = structlog.get_logger(__name__)


async def every(
    interval_s: float, work: Callable[[], Awaitable[None]], *, clock: Clock, stopped: Callable[[], bool]
) -> None:
    """Call `work` each interval, first after one, until `stopped`; beats that were missed are left out.

    What `work` raises is logged: a fault in observing is no reason to stop what is observed.
    """
    next_s = clock.monotonic()
    while not stopped():
        next_s = max(next_s + interval_s, clock.monotonic())
        await asyncio.sleep(next_s - clock.monotonic())
        try:
            await work()
        except Exception as error:
            log.exception("interval not observed", error=repr(error))
