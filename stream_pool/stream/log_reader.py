"""A group's log as it lies on the broker, read from outside every group: its records, and its snapshots.

What is read ends where the log ended when it was opened. Snapshots are read first, so that none is ahead of
that end.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.stream.client import Client, Observer
from stream_pool.stream.errors import BrokerUnavailable, OffsetLost, not_found
from stream_pool.stream.offsets import Record

EVENTS_SUFFIX = ".events"
SNAPSHOTS_SUFFIX = ".snapshots"


class LogReader:
    """Reads the events topic `topic`, after `open`, which says where it begins and ends."""

    def __init__(self, client: Client, topic: str, *, timeout_s: float = 10.0) -> None:
        self._client = client
        self._log = TopicPartition(topic, 0)
        self._timeout_s = timeout_s
        self.group = topic.removesuffix(EVENTS_SUFFIX)
        self.snapshots = SnapshotsKept()
        self.first_offset = 0
        self.end_offset = 0

    async def open(self) -> None:
        """Read the snapshots, and where the log begins and ends.

        Raises `MisuseError` where the topic is no events topic, `TopicMissing`, `BrokerUnavailable`.
        """
        topic = self._log.topic
        if not topic.endswith(EVENTS_SUFFIX):
            raise MisuseError(f"{topic!r} is no events topic: these are named <group>{EVENTS_SUFFIX}")
        snapshots = TopicPartition(self.group + SNAPSHOTS_SUFFIX, 0)
        async with self._client.admin(timeout_s=self._timeout_s) as admin:
            counts = await admin.partition_counts([topic, snapshots.topic])
        if topic not in counts:
            raise not_found(topic)
        if counts[topic] != 1:
            raise MisuseError(f"{topic!r} has {counts[topic]} partitions: an events topic is one log")
        if snapshots.topic in counts:
            first, end = await self._ends(snapshots)
            async for record in self._read(snapshots, first, end):
                self.snapshots.take(record)
        self.first_offset, self.end_offset = await self._ends(self._log)

    def records(self) -> AsyncIterator[RawRecord]:
        """Every record of the log, in order.

        Raises `OffsetLost` where retention deletes what is still to be read, `BrokerUnavailable`.
        """
        return self._read(self._log, self.first_offset, self.end_offset)

    async def _ends(self, partition: TopicPartition) -> tuple[int, int]:
        with as_ours(partition.topic):
            observer: Observer = self._client.observer("verify")
            await observer.start()
            try:
                first = await observer.beginning_offsets([partition])
                end = await observer.end_offsets([partition])
            finally:
                await observer.stop()
        return first[partition], end[partition]

    async def _read(self, partition: TopicPartition, first: int, end: int) -> AsyncIterator[RawRecord]:
        with as_ours(partition.topic):
            async for records in self._client.records(partition, first, end):
                for record in records:
                    yield raw_record(record)


def raw_record(record: Record) -> RawRecord:
    """A consumed record without its topic."""
    return RawRecord(
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        tuple((name, value) for name, value in record.headers),
        record.value,
    )


@contextmanager
def as_ours(topic: str) -> Iterator[None]:
    """Raise what reading a topic comes to as `OffsetLost` and `BrokerUnavailable`."""
    try:
        yield
    except OffsetOutOfRangeError as error:
        raise OffsetLost(f"{topic}: retention deleted what was being read; try again") from error
    except (KafkaError, OSError) as error:
        raise BrokerUnavailable(f"{topic} cannot be read: {error!r}") from error
