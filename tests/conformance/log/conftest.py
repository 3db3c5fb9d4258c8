"""One suite of rules on two logs. A rule that holds on one alone is an error of the in-memory one."""

from collections.abc import AsyncIterator

import pytest
from log_worlds import Kafka, Memory, World

from stream_pool.broker import Broker


@pytest.fixture(params=["memory", pytest.param("kafka", marks=[pytest.mark.broker, pytest.mark.kafka])])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A log of either kind."""
    if request.param == "memory":
        made = World(Memory())
    else:
        broker: Broker = request.getfixturevalue("kafka")
        made = World(Kafka(broker.bootstrap_servers))
    yield made
    await made.close()
