"""Run production apps on an in-memory log and virtual time: no broker, no waiting, the same every time."""

from stream_pool.testing.clock import VirtualClock
from stream_pool.testing.errors import SimDeadlock, SimRefused, SimSpin, SimTimeout, SimulationError
from stream_pool.testing.loop import WORKER, VirtualLoop, run

__all__ = [
    "WORKER",
    "SimDeadlock",
    "SimRefused",
    "SimSpin",
    "SimTimeout",
    "SimulationError",
    "VirtualClock",
    "VirtualLoop",
    "run",
]
