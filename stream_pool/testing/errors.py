"""What a virtual loop ends with when the code under it can not go on.

Each is raised out of `run`, never into the code under test, so that no handler there can swallow it.
"""

from stream_pool.errors import StreamPoolError


class SimulationError(StreamPoolError):
    """A run on virtual time that could not be finished."""

    reason = "simulation"


class SimDeadlock(SimulationError):
    """Nothing is ready and no timer is set: everybody waits for somebody. The message says who, and where."""

    reason = "simulation_deadlock"


class SimTimeout(SimulationError):
    """Virtual time would pass the limit of the run."""

    reason = "simulation_timeout"


class SimSpin(SimulationError):
    """Callbacks run without end while virtual time stands still. The message names the busiest."""

    reason = "simulation_spin"


class SimRefused(SimulationError, NotImplementedError):
    """Code asked the loop for the machine: a socket, a thread, a process, a signal.

    It is a `NotImplementedError`, which is what a loop without that ability raises.
    """

    reason = "simulation_refused"
