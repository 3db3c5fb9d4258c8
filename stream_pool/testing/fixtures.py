"""The pytest plugin: the fixture `simulation`, in every test run where stream-pool is installed.

Neither Faust nor the client is imported before a test asks for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stream_pool.testing.world import World

_MARKER = "simulation(seed=0, latency_s=0.002): the seed of the fixture's chance, and how slow its log is"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def simulation(request: pytest.FixtureRequest) -> "Iterator[World]":
    """A world of its own for one test: an in-memory log, virtual time, and production apps as workers."""
    from stream_pool.testing.world import World

    marker = request.node.get_closest_marker("simulation")
    with World(**marker.kwargs if marker is not None else {}) as world:
        yield world
