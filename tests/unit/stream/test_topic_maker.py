"""A topic of ours that was deleted, where making it anew is not allowed: said, not waited for in silence."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace

from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from fakes import FakeClock
from structlog.testing import capture_logs

from stream_pool.stream.topic_maker import TopicMaker


class Admin:
    """Of a cluster without the topic; `fault` is what creating it ends with."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        return {}

    async def create_topic(self, topic: str, *, partitions: int, config: Mapping[str, str]) -> None:
        if self.fault is not None:
            raise self.fault


class Rig:
    def __init__(self) -> None:
        self.admin = Admin()
        self.clock = FakeClock()

        @asynccontextmanager
        async def connected(timeout_s: float) -> AsyncIterator[Admin]:
            yield self.admin

        self.maker = TopicMaker("g.events", {}, client=SimpleNamespace(admin=connected), clock=self.clock)

    async def make(self, fault: Exception | None, times: int = 1) -> list[tuple[str, str]]:
        """Events of our lines above debug, with their levels."""
        self.admin.fault = fault
        with capture_logs() as lines:
            for _ in range(times):
                self.clock.at_s += 6.0
                await self.maker.make()
        return [(line["event"], line["log_level"]) for line in lines if line["log_level"] != "debug"]


async def test_1_access_that_is_missing_is_told_once_a_minute() -> None:
    """It does not pass by itself: somebody has to make the topic, or let this user do so."""
    rig = Rig()
    assert await rig.make(TopicAuthorizationFailedError(), times=5) == [("topic not made", "warning")]
    assert await rig.make(None) == [("topic created", "info"), ("no longer: topic not made", "info")]


async def test_2_what_passes_is_not() -> None:
    """Whoever waits for the topic says so already."""
    rig = Rig()
    assert await rig.make(KafkaConnectionError(), times=5) == []
    assert await rig.make(None) == [("topic created", "info")]
