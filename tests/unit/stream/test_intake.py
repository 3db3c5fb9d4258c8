"""The sources of an app: what ends the detector's stops no orders, and is tried again."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from fakes import FakeClock

from stream_pool.errors import StreamPoolError
from stream_pool.stream import intake as module
from stream_pool.stream.counters import Counters
from stream_pool.stream.intake import Intake
from stream_pool.stream.source_options import SourceOptions

LOG = TopicPartition("g.events", 0)


class Client:
    """Makes consumers, and remembers them. Of the detector's the first `faulty` fail as they fetch."""

    def __init__(self, faulty: int, unreachable: int = 0) -> None:
        self.made: dict[str, list[Consumer]] = {}
        self.faulty = faulty
        self.unreachable = unreachable
        self.grown = asyncio.Event()

    def consumer(self, group: str, options: Any) -> "Consumer":
        self.grown.set()
        consumers = self.made.setdefault(group, [])
        number = len(consumers)
        is_observer = group == "g.detector"
        consumers.append(
            Consumer(
                faulty=is_observer and number < self.faulty,
                unreachable=is_observer and self.faulty <= number < self.faulty + self.unreachable,
            )
        )
        return consumers[-1]


class Consumer:
    """What a source asks of one that never gets a record."""

    def __init__(self, *, faulty: bool, unreachable: bool) -> None:
        self.faulty = faulty
        self.unreachable = unreachable
        self.fetching = asyncio.Event()
        self.stopped = False
        self.listener: Any = None

    def subscribe(self, topics: list[str], *, listener: Any) -> None:
        self.listener = listener

    async def start(self) -> None:
        if self.unreachable:
            raise KafkaConnectionError

    async def stop(self) -> None:
        self.stopped = True

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0}

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int, max_records: int) -> Any:
        self.fetching.set()
        if self.faulty:
            raise RuntimeError("a fault of the client's")
        await asyncio.Event().wait()


def channel(group: str, *topics: str, from_beginning: bool = False) -> Any:
    return SimpleNamespace(group=group, topics=topics, from_beginning=from_beginning, resume=None)


def make(client: Client, faults: list[StreamPoolError], handed_back: list[list[TopicPartition]]) -> Intake:
    async def bury(record: Any, error: Any) -> None:
        raise AssertionError

    return Intake(
        [channel("g", "orders"), channel("g.detector", "g.events", from_beginning=True)],
        client=client,  # type: ignore[arg-type]  # what is asked of a client
        consumer_options={},
        source_options=SourceOptions(commit_interval_s=0.5, topic_max_age_s=0.5, topic_missing_timeout_s=0.5),
        counters=Counters(),
        observer_group="g.detector",
        clock=FakeClock(),
        fail=faults.append,
        bury=bury,
        observer_hands_back=handed_back.append,
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes time."""
    made: list[float] = []

    async def sleep(pause_s: float) -> None:
        if pause_s >= 1:
            made.append(pause_s)
        await real(0)

    real = asyncio.sleep
    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    return made


async def until_made(client: Client, count: int) -> None:
    async with asyncio.timeout(5):
        while len(client.made.get("g.detector", [])) < count:
            client.grown.clear()
            await client.grown.wait()
        await client.made["g.detector"][-1].fetching.wait()


async def test_1_a_source_of_the_detector_that_ends_is_replaced(pauses: list[float]) -> None:
    """With a new consumer each time, after longer and longer pauses; the orders' goes on, unknowing."""
    client, faults = Client(faulty=2, unreachable=1), list[StreamPoolError]()
    intake = make(client, faults, [])
    await intake.start()
    await until_made(client, 4)
    assert pauses == [1, 2, 4]
    assert [consumer.stopped for consumer in client.made["g.detector"]] == [True, True, True, False]
    assert [consumer.stopped for consumer in client.made["g"]] == [False]
    assert faults == []
    await intake.stop()
    assert client.made["g.detector"][-1].stopped
    assert client.made["g"][-1].stopped


async def test_2_what_it_loses_is_told(pauses: list[float]) -> None:
    """Also by a source that took the place of another."""
    client, handed_back = Client(faulty=1), list[list[TopicPartition]]()
    intake = make(client, [], handed_back)
    await intake.start()
    await until_made(client, 2)
    handed_back.clear()
    await client.made["g.detector"][-1].listener.on_partitions_revoked([LOG])
    assert handed_back == [[LOG]]
    await intake.stop()


async def test_3_a_stop_during_the_pause_ends_it(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started any more, and nothing left running."""
    client = Client(faulty=1)
    intake = make(client, [], [])
    paused = asyncio.Event()

    async def sleep(pause_s: float) -> None:
        if pause_s >= 1:
            paused.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    await intake.start()
    await asyncio.wait_for(paused.wait(), 5)
    await intake.stop()
    assert len(client.made["g.detector"]) == 1
