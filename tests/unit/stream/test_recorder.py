"""What a worker writes down once an interval (DESIGN 2.3, 2.5): one event of each kind for all partitions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from event_fakes import Producer, make
from fakes import FakeClock

from stream_pool.events import Observation
from stream_pool.pool import Pool
from stream_pool.stream.counters import Counters
from stream_pool.stream.offsets import OffsetTracker
from stream_pool.stream.recorder import Recorder
from stream_pool.telemetry import BuildInfo, GcPauses, MemorySample

PARTITIONS = [TopicPartition("orders", 0), TopicPartition("orders", 1)]


class Source:
    """A consumer that commits what it is told to."""

    def __init__(self, counters: Counters) -> None:
        self.tracker = OffsetTracker(counters.finished, lambda: None)
        self.tracker.assign(PARTITIONS[1], 20, 20)
        self.tracker.assign(PARTITIONS[0], 10, 10)
        self.refused = False
        self.error: Exception | None = None
        self.on_hand_back: Any = None

    async def commit_all(self) -> Mapping[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return {} if self.refused else self.tracker.positions()


class Observer:
    """A broker with 100 records in each partition."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        if self.error is not None:
            raise self.error
        return dict.fromkeys(partitions, 100)

    async def committed(
        self, group: str, partitions: Sequence[TopicPartition] | None = None
    ) -> Mapping[TopicPartition, int]:
        return {}


class Memory:
    def __init__(self) -> None:
        self.error: Exception | None = None

    def sample(self) -> MemorySample:
        if self.error is not None:
            raise self.error
        return MemorySample(rss_bytes=1_000, limit_bytes=None)


class Collector:
    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def total(self) -> GcPauses:
        return GcPauses(0, 0.0, 0.0, (0, 0, 0))

    take_interval = total


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.producer = Producer()
        self.writer = make(self.producer, self.clock, buffer=1_000)
        self.observer = Observer()
        self.memory = Memory()
        counters = Counters()
        self.source = Source(counters)
        self.recorder = Recorder(
            group="g",
            intake=SimpleNamespace(sources={"g": self.source}),  # type: ignore[arg-type]  # what is asked
            outlet=SimpleNamespace(writer=self.writer),  # type: ignore[arg-type]  # of them is there
            counters=counters,
            pool=Pool(16),
            growth_rule=None,
            pool_base_s=60.0,
            client=SimpleNamespace(observer=lambda name: self.observer),  # type: ignore[arg-type]  # the same
            interval_s=10.0,
            clock=self.clock,
            gc_probe=Collector(),
            memory_probe=self.memory,
            build=BuildInfo(service_name="orders", git_commit="abc123"),
        )

    async def start(self) -> "Rig":
        await self.recorder.on_start()
        await self.record()
        self.producer.sent.clear()
        return self

    async def record(self, after_s: float = 10.0) -> list[str]:
        """The kinds of one interval's events, in order."""
        self.clock.at_s += after_s
        await self.recorder.record()
        before = len(self.producer.sent)
        while self.writer.buffered:
            assert await self.writer._write_some()
        return [each["type"].split(".", 1)[1].removesuffix(".v1") for each in self.producer.sent[before:]]

    def event(self, kind: str) -> dict[str, Any]:
        (found,) = [each for each in self.producer.sent if kind in each["type"]]
        return found


async def stop(rig: Rig) -> None:
    await asyncio.sleep(0)  # one that is cut off before it has begun leaves a coroutine behind
    for future in rig.recorder._futures:
        future.cancel()
    await asyncio.gather(*rig.recorder._futures, return_exceptions=True)


async def test_0_what_it_is_comes_first() -> None:
    """The labels that are set; who reads of a deploy reads of it here."""
    rig = Rig()
    await rig.recorder.on_start()
    assert (await rig.record())[0] == "worker.started"
    started = rig.event("worker.started")
    assert started["labels"] == {"service_name": "orders", "git_commit": "abc123"}
    assert started["version"] == version("stream-pool")
    await stop(rig)


ALL = ["offsets.committed", "signals.sampled", "pool.sampled", "memory.sampled", "gc.paused", "lag.sampled"]


async def test_1_one_event_of_each_kind_for_all_partitions() -> None:
    """In the order in which a reader needs them, each with its writer's next number."""
    rig = await Rig().start()
    assert await rig.record() == ALL
    for kind in ("offsets.committed", "signals.sampled", "lag.sampled"):
        assert [part["partition"] for part in rig.event(kind)["partitions"]] == [0, 1]
    sequences = rig.producer.sequences
    assert sequences == list(range(sequences[0], sequences[0] + len(ALL)))
    assert {(each["worker"], each["incarnation"]) for each in rig.producer.sent} == {("w", "i1")}
    await stop(rig)


async def test_2_each_commit_whether_it_moved_or_not() -> None:
    """Else nobody could tell no commit (STOP) from the same commit again (STALL)."""
    rig = await Rig().start()
    for _ in range(2):
        rig.producer.sent.clear()
        await rig.record()
        commits = rig.event("offsets.committed")["partitions"]
        assert [(part["offset"], part["at_ms"]) for part in commits] == [
            (10, rig.clock.now_ms()),
            (20, rig.clock.now_ms()),
        ]
    rig.source.refused = True
    assert await rig.record() == ALL[1:], "a commit that was refused is none"
    await stop(rig)


@pytest.mark.parametrize(
    ("fails", "missing"),
    [
        ("commit", "offsets.committed"),
        ("sampler", "signals.sampled"),
        ("pool", "pool.sampled"),
        ("memory", "memory.sampled"),
        ("poll", "lag.sampled"),
        ("poll fault", "lag.sampled"),
    ],
)
async def test_3_what_fails_keeps_nothing_else_from_being_observed(
    fails: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other event of the interval is written, and all of them again when it is over."""
    rig = await Rig().start()
    fault = KafkaConnectionError("away") if fails == "poll" else ValueError("a fault of ours")

    def fail(*_: Any) -> None:
        raise fault

    with monkeypatch.context() as patched:
        match fails:
            case "commit":
                patched.setattr(rig.source, "error", fault)
            case "sampler":
                patched.setattr(rig.source.tracker, "progress", fail)
            case "pool":
                patched.setattr(rig.recorder.pool_keeper, "keep", fail)
            case "memory":
                patched.setattr(rig.memory, "error", fault)
            case _:
                patched.setattr(rig.observer, "error", fault)
        assert await rig.record() == [kind for kind in ALL if kind != missing]
    assert await rig.record() == ALL
    await stop(rig)


async def test_4_an_interval_is_as_long_as_it_was() -> None:
    """Where beats were missed, what is counted is divided by the time that it took."""
    rig = await Rig().start()
    await rig.record(after_s=35.0)
    for kind in ("offsets.committed", "signals.sampled", "gc.paused"):
        assert rig.event(kind)["interval_s"] == 35.0
    await stop(rig)


def test_5_every_observation_says_who_when_in_its_life_and_which() -> None:
    """`worker`, `incarnation`, `sequence`: by these a reader drops what was written twice."""
    for kind in get_args(Observation):
        assert [field.name for field in fields(kind)[:3]] == ["worker", "incarnation", "sequence"], kind
