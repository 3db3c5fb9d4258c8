"""Run production apps on an in-memory log and virtual time: no broker, no waiting, the same every time.

`World`, which the pytest fixture `simulation` gives, is for plain test functions; `simulate` and `Simulation`
are for stories that wait for several things at once. What runs an app is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stream_pool.testing.clock import VirtualClock
from stream_pool.testing.errors import SimDeadlock, SimRefused, SimSpin, SimTimeout, SimulationError
from stream_pool.testing.loop import WORKER, VirtualLoop, run

if TYPE_CHECKING:
    from stream_pool.testing.simulation import Simulation, simulate
    from stream_pool.testing.world import World

__all__ = [
    "WORKER",
    "SimDeadlock",
    "SimRefused",
    "SimSpin",
    "SimTimeout",
    "Simulation",
    "SimulationError",
    "VirtualClock",
    "VirtualLoop",
    "World",
    "run",
    "simulate",
]

_HOMES = {"Simulation": "simulation", "World": "world", "simulate": "simulation"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
