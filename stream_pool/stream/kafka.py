"""The ports of `stream/client.py` over aiokafka: how a worker reaches a real Kafka.

A worker's producers wait for all in-sync replicas and are not idempotent: aiokafka's idempotent producer
counts a batch that the broker refused (too large, invalid) into its sequence, so that everything after it is
refused as out of order, for as long as the process lives. A retry inside the client may write a message
twice; readers of the log drop repeats, and a dead letter says which record it is of. `batch_producer` is for
who stops at the first refusal, and is idempotent.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock
from stream_pool.stream.authentication import heed_refused_tokens
from stream_pool.stream.client import Admin, Consumer, Observer, Producer, Reader
from stream_pool.stream.errors import BrokerUnavailable
from stream_pool.stream.kafka_admin import connected_admin, partition_counts
from stream_pool.stream.kafka_consumer import KafkaConsumer
from stream_pool.stream.metadata_pace import pace_metadata
from stream_pool.stream.no_creation import create_no_topics
from stream_pool.stream.offsets import Record
from stream_pool.telemetry import withhold_requests

_READ_TIMEOUT_MS = 1_000
_READ_AT_ONCE = 5_000
_READ_PATIENCE = 30


class KafkaClient:
    """Makes consumers, producers, observers and admins for one worker.

    `connection` has aiokafka's options (`bootstrap_servers` and security); `name` goes into the
    clients' ids.
    """

    def __init__(self, connection: Mapping[str, Any], name: str, clock: Clock) -> None:
        self._connection = connection
        self._name = name
        self._clock = clock
        withhold_requests()
        heed_refused_tokens()

    def consumer(self, group: str, options: Mapping[str, Any]) -> Consumer:
        """A consumer of `group`, not started; it commits nothing by itself."""
        consumer = KafkaConsumer(
            **self._connection,
            **options,
            group_id=group,
            client_id=f"stream-pool-{group}",
            enable_auto_commit=False,
            auto_offset_reset="none",
        )
        _tame(consumer._client)
        made: Consumer = consumer
        return made

    def reader(self, *, max_partition_fetch_bytes: int) -> Reader:
        """A reader, not started; where an offset is not there, it says so."""
        reader = AIOKafkaConsumer(
            **self._connection,
            client_id=self._name,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=max_partition_fetch_bytes,
        )
        _tame(reader._client)
        made: Reader = reader
        return made

    async def producer(self, name: str, *, linger_ms: int) -> Producer:
        """A started producer. Raises `aiokafka.errors.KafkaError` where no broker answers."""
        producer = AIOKafkaProducer(
            **self._connection,
            client_id=f"{self._name}-{name}",
            linger_ms=linger_ms,
            request_timeout_ms=10_000,
            acks="all",
        )
        _tame(producer.client)
        try:
            await producer.start()
        except (KafkaError, asyncio.CancelledError):
            await producer.stop()
            raise
        started: Producer = producer
        return started

    async def batch_producer(
        self, name: str, *, batch_bytes: int, idempotent: bool = True
    ) -> AIOKafkaProducer:
        """A started producer that writes every batch once and in order, for who stops at the first that is
        refused; without `idempotent`, once at least.

        Raises `aiokafka.errors.KafkaError` where no broker answers, or it knows no idempotent producers.
        """
        producer = AIOKafkaProducer(
            **self._connection,
            client_id=f"{self._name}-{name}",
            max_batch_size=batch_bytes,
            enable_idempotence=idempotent,
            acks="all",
        )
        _tame(producer.client)
        try:
            await producer.start()
        except (KafkaError, asyncio.CancelledError):
            await producer.stop()
            raise
        return producer

    def observer(self, name: str) -> Observer:
        """An observer, not started."""
        return _KafkaObserver(self._connection, f"stream-pool-{name}")

    def admin(self, *, timeout_s: float) -> AbstractAsyncContextManager[Admin]:
        """An admin on the first broker that answers in time. Raises `BrokerUnavailable`."""
        return connected_admin(self._connection, timeout_s=timeout_s, clock=self._clock)

    async def records(
        self, partition: TopicPartition, start: int, stop: int
    ) -> AsyncIterator[Sequence[Record]]:
        """The records of [start, stop), in order, as they come, read from outside every group.

        Those that no consumer gets (a header's name is not UTF-8) are left out, as they are everywhere.
        Raises `KafkaError` where the broker refuses, `OffsetOutOfRangeError` where it has them no more,
        `BrokerUnavailable` where it says nothing for half a minute.
        """
        if start >= stop:
            return  # and no client for it: one that is stopped as soon as it has started raises
        consumer = AIOKafkaConsumer(
            **self._connection,
            client_id=f"stream-pool-{partition.topic}-reader",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=4 * 2**20,
        )
        _tame(consumer._client)
        await consumer.start()
        try:
            consumer.assign([partition])
            consumer.seek(partition, start)
            silent = 0
            at_once = _READ_AT_ONCE
            while start < stop:
                try:
                    fetched = await consumer.getmany(
                        partition, timeout_ms=_READ_TIMEOUT_MS, max_records=at_once
                    )
                except UnicodeDecodeError:  # one of them: what was taken with it is read again, one by one
                    if at_once == 1:
                        start, at_once = await consumer.position(partition) + 1, _READ_AT_ONCE
                    else:
                        at_once = 1
                    consumer.seek(partition, start)
                    continue
                records = [record for record in fetched.get(partition, ()) if record.offset < stop]
                position = await consumer.position(partition)  # behind markers and holes, too
                silent = 0 if position > start else silent + 1
                if silent > _READ_PATIENCE:
                    raise BrokerUnavailable(
                        f"{partition.topic}-{partition.partition}: nothing came from offset {start} on, "
                        f"which should end at {stop}"
                    )
                start = position
                if records:
                    yield records
        finally:
            await consumer.stop()


class _KafkaObserver:
    """One consumer without a group asks for all end offsets in one request a broker, one admin client for all
    commits of a group in one request, whatever the number of partitions."""

    def __init__(self, connection: Mapping[str, Any], client_id: str) -> None:
        self._ends = AIOKafkaConsumer(**connection, client_id=client_id, group_id=None)
        _tame(self._ends._client)
        self._commits = AIOKafkaAdminClient(**connection, client_id=client_id)

    async def start(self) -> None:
        await self._ends.start()
        await self._commits.start()

    async def stop(self) -> None:
        await asyncio.gather(self._ends.stop(), self._commits.close())

    async def partitions_of(self, topics: Sequence[str]) -> list[TopicPartition]:
        """Asks the admin client: the consumer knows no partitions of topics that it was not told to read."""
        known = await partition_counts(self._commits, topics)
        return [
            TopicPartition(topic, partition) for topic in topics for partition in range(known.get(topic, 0))
        ]

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        offsets: Mapping[TopicPartition, int] = await self._ends.beginning_offsets(list(partitions))
        return offsets

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        offsets: Mapping[TopicPartition, int] = await self._ends.end_offsets(list(partitions))
        return offsets

    async def committed(
        self, group: str, partitions: Sequence[TopicPartition] | None = None
    ) -> Mapping[TopicPartition, int]:
        asked = None if partitions is None else list(partitions)
        commits = await self._commits.list_consumer_group_offsets(group, partitions=asked)
        return {partition: commit.offset for partition, commit in commits.items() if commit.offset >= 0}


def _tame(client: Any) -> None:
    """What aiokafka has no settings for."""
    pace_metadata(client)
    create_no_topics(client)
