"""A producer over the in-memory log: batches by partition, in order, acknowledged when they are written.

The idea: what is sent waits for `linger_ms`, or until a batch is full, and goes as one batch; the next batch
of the partition goes when that one is answered. A batch that is too large for its topic is refused whole, as
Kafka does. An unanswered batch ends with `KafkaTimeoutError` after ten seconds, and may have been written.
"""

import asyncio
import copy
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.structs import RecordMetadata

from stream_pool.clock import Clock
from stream_pool.stream.client import Headers
from stream_pool.testing.log import MemoryLog
from stream_pool.testing.records import Stored, batch_size, record_size
from stream_pool.testing.wire import Wire

REQUEST_TIMEOUT_S = 10.0
_LOOK_S = 0.1
_BATCH_BYTES = 16_384
_REQUEST_BYTES = 2**20


class _Message(NamedTuple):
    value: bytes | None
    key: bytes | None
    headers: Headers
    timestamp_ms: int
    size_bytes: int
    told: "asyncio.Future[RecordMetadata]"


class _Batch:
    """Messages of one partition that go together. `taken` when it goes, `full` when nothing more fits."""

    def __init__(self) -> None:
        self.messages: list[_Message] = []
        self.size_bytes = batch_size([])
        self.full = asyncio.Event()
        self.taken = asyncio.Event()

    def add(self, message: _Message) -> bool:
        if self.messages and self.size_bytes + message.size_bytes > _BATCH_BYTES:
            self.full.set()
            return False
        self.messages.append(message)
        self.size_bytes += message.size_bytes
        return True


class MemoryProducer:
    """A started producer. `client.producer` makes it."""

    def __init__(self, log: MemoryLog, clock: Clock, wire: Wire, *, linger_ms: int) -> None:
        self._log = log
        self._clock = clock
        self._wire = wire
        self._linger_s = linger_ms / 1_000
        self._known: dict[str, int] = {}
        self._waiting: dict[TopicPartition, _Batch] = {}
        self._senders: dict[TopicPartition, asyncio.Task[None]] = {}
        self._closed = False

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Headers | None = None,
    ) -> "asyncio.Future[RecordMetadata]":
        """Hand a message over; the future is done when it was acknowledged.

        Raises `MessageSizeTooLargeError`, `UnknownTopicOrPartitionError`, `TopicAuthorizationFailedError`,
        `KafkaTimeoutError` where the messages before it do not get away.
        """
        assert not (value is None and key is None), "Need at least one: key or value"
        count = self._known.get(topic) or await self._partitions(topic)
        headers = tuple(headers or ())
        size = record_size(key, value, headers)
        if size > _REQUEST_BYTES:
            raise MessageSizeTooLargeError(f"The message is {size} bytes, more than {_REQUEST_BYTES}")
        if partition is None:
            partition = (
                self._wire.random.randrange(count) if key is None else self._log.partition_for(topic, key)
            )
        assert 0 <= partition < count, "Unrecognized partition"
        told: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        message = _Message(
            value, key, headers, self._clock.now_ms() if timestamp_ms is None else timestamp_ms, size, told
        )
        await self._queue(TopicPartition(topic, partition), message)
        return told

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Headers | None = None,
    ) -> RecordMetadata:
        """The same, and wait for the acknowledgement. Raises what the broker answered, too."""
        return await (await self.send(topic, value, key, partition, timestamp_ms, headers))

    async def stop(self) -> None:
        """Take nothing more, and wait for what lingers or is on its way."""
        self._closed = True
        for sender in list(self._senders.values()):
            await asyncio.wait([sender])

    async def _partitions(self, topic: str) -> int:
        """Wait until the topic is known, as long as a request may take."""
        loop = asyncio.get_running_loop()
        give_up_s = loop.time() + REQUEST_TIMEOUT_S
        while True:
            try:
                await self._wire.way(REQUEST_TIMEOUT_S)
                await self._wire.way(REQUEST_TIMEOUT_S)
            except RequestTimedOutError:
                raise UnknownTopicOrPartitionError(topic) from None
            if self._refused(topic):
                raise TopicAuthorizationFailedError(topic)
            if (count := self._log.partition_count(topic)) is not None:
                self._known[topic] = count
                return count
            if loop.time() > give_up_s:
                raise UnknownTopicOrPartitionError(topic)
            await asyncio.sleep(_LOOK_S)

    async def _queue(self, place: TopicPartition, message: _Message) -> None:
        """Put it into the batch that waits; where that is full, wait until it has gone."""
        while True:
            if self._closed:
                raise ProducerClosed()
            batch = self._waiting.get(place)
            if batch is None:
                batch = self._waiting[place] = _Batch()
                if place not in self._senders:
                    self._senders[place] = asyncio.create_task(self._send(place))
            if batch.add(message):
                return
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_S):
                    await batch.taken.wait()
            except TimeoutError:
                raise KafkaTimeoutError() from None

    async def _send(self, place: TopicPartition) -> None:
        """Send the batches of one partition, one after the other, until none waits."""
        try:
            while (batch := self._waiting.get(place)) is not None:
                await self._linger(batch)
                del self._waiting[place]
                batch.taken.set()
                try:
                    await self._write(place, batch)
                except KafkaError as error:
                    _fail(batch, error)
        finally:
            del self._senders[place]

    async def _linger(self, batch: _Batch) -> None:
        if not self._linger_s:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(self._linger_s):
                await batch.full.wait()
        except TimeoutError:
            pass

    async def _write(self, place: TopicPartition, batch: _Batch) -> None:
        topic = place.topic
        faults, about = self._wire.faults, {"topic": topic, "worker": self._wire.worker}
        try:
            await self._wire.way(REQUEST_TIMEOUT_S)
            if (slow := faults.find("topic_slow", **about)) is not None:
                await asyncio.sleep(slow.seconds)
            if faults.find("write_fails", **about) is not None:
                raise KafkaTimeoutError()
            if self._refused(topic):
                raise TopicAuthorizationFailedError(topic)
            if batch.size_bytes > self._log.max_message_bytes(topic):
                raise MessageSizeTooLargeError(topic)
            kept = [self._stored(topic, message) for message in batch.messages]
            first = self._log.append_batch(place, kept)
            if faults.find("write_repeated", **about) is not None:
                first = self._log.append_batch(place, kept)
            await self._wire.way(REQUEST_TIMEOUT_S)
        except RequestTimedOutError as error:
            raise KafkaTimeoutError() from error
        if faults.find("write_answer_lost", **about) is not None:
            raise KafkaTimeoutError()
        for offset, (message, stored) in enumerate(zip(batch.messages, kept, strict=True), first):
            if not message.told.done():
                message.told.set_result(
                    RecordMetadata(
                        topic, place.partition, place, offset, stored.timestamp, stored.timestamp_type, None
                    )
                )

    def _stored(self, topic: str, message: _Message) -> Stored:
        return self._log.stored(topic, message.value, message.key, message.headers, message.timestamp_ms)

    def _refused(self, topic: str) -> bool:
        return self._wire.faults.find("topic_refused", topic=topic, worker=self._wire.worker) is not None


def _fail(batch: _Batch, error: KafkaError) -> None:
    for message in batch.messages:
        if not message.told.done():
            message.told.set_exception(copy.copy(error))
            message.told.exception()  # who has given it up will not look
