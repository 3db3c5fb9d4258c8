"""The machines of the reference incident's workers: what their probes say, and how one of them dies."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stream_pool.incident import reference as told
from stream_pool.incident.reference import WORKERS
from stream_pool.telemetry import MemorySample
from stream_pool.testing.simulation import Simulation

PAUSES_EVERY_S = 10.0

AtS = Callable[[], float]
"""Where the story is, in seconds from T+00:00."""


@contextmanager
def machines(sim: Simulation, at_s: AtS) -> Iterator[None]:
    """Within it memory, the collector's pauses, and the kill of the victim are the story's. Begins before the
    workers are started."""
    for name in WORKERS:
        sim.memory(name).read = lambda name=name: MemorySample(
            told.memory_bytes(name, at_s()), told.MEMORY_LIMIT
        )
    tasks = [asyncio.create_task(_pauses(sim, at_s)), asyncio.create_task(_kill(sim, at_s))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _pauses(sim: Simulation, at_s: AtS) -> None:
    while True:
        await sim.advance(PAUSES_EVERY_S)
        for name in WORKERS:
            sim.gc(name).pause(told.pause_s(name, at_s()))


async def _kill(sim: Simulation, at_s: AtS) -> None:
    await sim.advance(told.KILLED_S - at_s())
    sim.kill(told.VICTIM)
    await sim.advance(told.BACK_S - at_s())
    sim.restart(told.VICTIM)
