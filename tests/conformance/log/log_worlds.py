"""Two logs behind one face: the in-memory one, and a real Kafka. What a rule needs beside the ports."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import pytest
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError
from kafka_topics import Topics
from support.cluster import Cluster
from support.waiting import until

from stream_pool.clock import SystemClock
from stream_pool.stream.client import Client, Consumer, Producer
from stream_pool.stream.kafka import KafkaClient
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.log import MemoryLog


class Log(Protocol):
    """One of the two. `session_timeout_ms` is the shortest that it takes."""

    session_timeout_ms: int

    async def create(self, partitions: int = 1, config: Mapping[str, str] | None = None) -> str: ...

    def unique(self, name: str) -> str: ...

    def client(self) -> Client: ...

    async def trim(self, topic: str, before: int) -> None: ...

    async def append_unreadable(self, topic: str) -> None: ...

    async def close(self) -> None: ...


class Memory:
    """The in-memory log."""

    session_timeout_ms = 300

    def __init__(self) -> None:
        self.log = MemoryLog(SystemClock())
        self._serials = count()

    async def create(self, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        topic = self.unique("orders")
        self.log.create_topic(topic, partitions, config)
        return topic

    def unique(self, name: str) -> str:
        return f"{name}-{next(self._serials)}"

    def client(self) -> Client:
        return MemoryClient(self.log, self.unique("worker"))

    async def trim(self, topic: str, before: int) -> None:
        self.log.trim(topic, 0, before)

    async def append_unreadable(self, topic: str) -> None:
        self.log.append(topic, 0, b"x", headers=[(b"\xff\xfename", b"value")])

    async def close(self) -> None:
        pass


class Kafka:
    """A real one."""

    session_timeout_ms = 6_000

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._topics = Topics(servers)
        self._serials = count()

    async def create(self, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        return await self._topics.create("orders", partitions, config)

    def unique(self, name: str) -> str:
        return self._topics.unique(name)

    def client(self) -> Client:
        name = f"worker-{next(self._serials)}"
        return KafkaClient({"bootstrap_servers": [self._servers]}, name, SystemClock())

    async def trim(self, topic: str, before: int) -> None:
        await Cluster(self._servers).delete_before(topic, before)

    async def append_unreadable(self, topic: str) -> None:
        if (kcat := shutil.which("kcat")) is None:
            pytest.skip("needs kcat, which writes the header that no Python client can")
        command = [kcat, "-P", "-b", self._servers, "-t", topic, "-p", "0", "-H", b"\xff\xfename=value"]
        writing = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
        await writing.communicate(b"x")
        assert writing.returncode == 0

    async def close(self) -> None:
        await self._topics.delete_all()


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Notes what it is told, in order; while it is not set, `gate` holds it in `on_partitions_revoked`, and
    `assigning` in `on_partitions_assigned`."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[int]]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.assigning = asyncio.Event()
        self.assigning.set()
        self.held = False

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self.told.append(("revoked", sorted(each.partition for each in revoked)))
        if not self.gate.is_set():
            self.held = True
            await self.gate.wait()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.told.append(("assigned", sorted(each.partition for each in assigned)))
        await self.assigning.wait()

    @property
    def has(self) -> list[int] | None:
        """The partitions that it was told last; None while they are dealt anew."""
        return self.told[-1][1] if self.told and self.told[-1][0] == "assigned" else None


@dataclass(slots=True)
class Member:
    """A started consumer and its listener."""

    consumer: Consumer
    listener: Listener


@dataclass(slots=True)
class World:
    """One log and what a test has open on it."""

    log: Log
    _open: list[Any] = field(default_factory=list)

    async def create(self, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """A new topic."""
        return await self.log.create(partitions, config)

    async def producer(self, *, linger_ms: int = 0) -> Producer:
        """A started producer."""
        producer = await self.log.client().producer("test", linger_ms=linger_ms)
        self._open.append(producer)
        return producer

    async def append(self, topic: str, values: Sequence[bytes], partition: int = 0) -> None:
        """Write values to one partition."""
        producer = await self.producer(linger_ms=5)
        await asyncio.gather(*[await producer.send(topic, value, partition=partition) for value in values])

    async def member(self, group: str, topic: str, **options: Any) -> Member:
        """A consumer that has joined, and was told its partitions."""
        member = self.idle_member(group, topic, **options)
        await member.consumer.start()
        await until(lambda: member.listener.has is not None, "nothing was assigned")
        return member

    def idle_member(self, group: str, topic: str, **options: Any) -> Member:
        """A consumer that is not started."""
        options = {
            "session_timeout_ms": self.log.session_timeout_ms,
            "heartbeat_interval_ms": 50,
            "rebalance_timeout_ms": 10_000,
            **options,
        }
        member = Member(self.log.client().consumer(group, options), Listener())
        member.consumer.subscribe([topic], listener=member.listener)
        self._open.append(member.consumer)
        return member

    async def observed(self, group: str, topic: str) -> dict[int, int]:
        """What the group has committed for a topic, by partition."""
        observer = self.log.client().observer("test")
        await observer.start()
        try:
            committed = await observer.committed(group)
        finally:
            await observer.stop()
        return {place.partition: offset for place, offset in committed.items() if place.topic == topic}

    async def close(self) -> None:
        """Stop what the test has opened."""
        for each in reversed(self._open):
            await each.stop()
        await self.log.close()


async def read(consumer: Consumer, records: int, *partitions: TopicPartition) -> list[Any]:
    """So many records, over as many calls as they take."""
    found: list[Any] = []

    async def enough() -> bool:
        try:
            fetched = await consumer.getmany(*partitions, timeout_ms=50, max_records=records - len(found))
        except NoOffsetForPartitionError:  # before `seek` said where to begin
            return False
        for each in fetched.values():
            found.extend(each)
        return len(found) >= records

    await until(enough, lambda: f"{len(found)} records, not {records}")
    return found
