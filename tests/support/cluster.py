"""The broker's own view: what is in its topics and what a group has committed, asked without our code."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import GroupCoordinatorNotAvailableError

from support.ledger import Place
from support.waiting import until

Value = bytes | dict[str, Any] | None
Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Produced:
    """One record for `produce`; a dict becomes JSON."""

    value: Value
    key: bytes | None = None
    headers: tuple[Header, ...] = ()
    partition: int | None = None
    timestamp_ms: int | None = None

    @property
    def raw(self) -> bytes | None:
        return orjson.dumps(self.value) if isinstance(self.value, dict) else self.value


@dataclass(frozen=True, slots=True)
class Cluster:
    """One broker, by its address."""

    servers: str

    async def produce(
        self, topic: str, records: Iterable[Produced | dict[str, Any]], partitions: int = 1
    ) -> list[Place]:
        """Write records, round robin where none says its partition; the places that they have then."""
        wanted = [each if isinstance(each, Produced) else Produced(each) for each in records]
        producer = AIOKafkaProducer(bootstrap_servers=self.servers, acks="all", linger_ms=5)
        async with producer:
            sent = [
                await producer.send(
                    topic,
                    each.raw,
                    each.key,
                    number % partitions if each.partition is None else each.partition,
                    each.timestamp_ms,
                    list(each.headers),
                )
                for number, each in enumerate(wanted)
            ]
            acknowledged = await asyncio.gather(*sent)
        return [(topic, told.partition, told.offset) for told in acknowledged]

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """The group's committed offset by partition of one topic."""
        places = await self._partitions(topic)
        async with self.admin() as admin:

            async def offsets() -> Any:
                try:
                    return await admin.list_consumer_group_offsets(group, partitions=places)
                except GroupCoordinatorNotAvailableError:  # a broker that has just started
                    return None

            told = await until(offsets, f"no coordinator of {group}")
        return {place.partition: each.offset for place, each in told.items() if each.offset >= 0}

    async def ends(self, topic: str) -> dict[int, int]:
        """The end offset by partition."""
        async with self._consumer() as consumer:
            ends = await consumer.end_offsets(await self._partitions(topic))
        return {place.partition: offset for place, offset in ends.items()}

    async def read(self, topic: str, count: int | None = None) -> list[Any]:
        """All records of a topic up to its end as it is now; with `count`, that many."""
        async with self._consumer() as consumer:
            places = await self._partitions(topic)
            ends = await consumer.end_offsets(places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            found: list[Any] = []

            async def more() -> bool:
                if count is not None:
                    return len(found) < count
                return any([await consumer.position(place) < ends[place] for place in places])

            async with asyncio.timeout(30):
                while await more():
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        found += records
        return found

    async def delete_before(self, topic: str, offset: int, partition: int = 0) -> None:
        """As retention does: records before `offset` are gone."""
        async with self.admin() as admin:
            await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(offset)})

    async def delete_topic(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""
        async with self.admin() as admin:
            await admin.delete_topics([topic])

            async def gone() -> bool:
                return topic not in await admin.list_topics()

            await until(gone, f"{topic} is still there")

    async def create_topic(
        self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic of this very name."""
        async with self.admin() as admin:
            wanted = NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))
            answer = await admin.create_topics([wanted])
        assert [error for _name, error, *_message in answer.topic_errors] == [0], answer

    async def add_partitions(self, topic: str, count: int) -> None:
        """Give a topic so many partitions in all."""
        async with self.admin() as admin:
            answer = await admin.create_partitions({topic: NewPartitions(count)})
        assert [error for _name, error, *_message in answer.topic_errors] == [0], answer

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(bootstrap_servers=self.servers, auto_offset_reset="earliest")

    async def _partitions(self, topic: str) -> Sequence[TopicPartition]:
        async with self.admin() as admin:
            (told,) = await admin.describe_topics([topic])
        return [
            TopicPartition(topic, number)
            for number in sorted(each["partition"] for each in told["partitions"])
        ]
