"""A Kafka in memory: topics, partitions, records, retention, and the groups' coordinator.

The idea: this is the broker alone. It answers at once and never fails; time, faults and whatever lies on the
way are the clients' (`stream_pool.testing.client`). Everything is kept in lists and dicts, so that the same
calls give the same answers in the same order in every process.

Limits: no replicas, no transactions, no compaction. Retention looks at single records from the front, where
Kafka's looks at whole segments, and only where a topic has `retention.ms`.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count as counting
from itertools import repeat

from aiokafka import TopicPartition
from aiokafka.errors import (
    InvalidPartitionsError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from stream_pool.clock import Clock
from stream_pool.testing.groups import Group
from stream_pool.testing.partition import Partition
from stream_pool.testing.records import (
    CREATE_TIME,
    LOG_APPEND_TIME,
    Stored,
    batch_size,
    fetched,
    stored,
)

Header = tuple[str | bytes, bytes | None]

_MAX_MESSAGE_BYTES = 1_048_588
_FOREVER = 2**62


class _Topic:
    """One topic and what its configuration says."""

    __slots__ = ("config", "max_message_bytes", "next_partition", "partitions", "retention_ms", "stamps")

    def __init__(self, partitions: int, config: Mapping[str, str]) -> None:
        self.config = dict(config)
        self.partitions = [Partition() for _ in range(partitions)]
        self.stamps = config.get("message.timestamp.type", "CreateTime") == "LogAppendTime"
        self.max_message_bytes = int(config.get("max.message.bytes", _MAX_MESSAGE_BYTES))
        retention_ms = int(config.get("retention.ms", -1))
        self.retention_ms = retention_ms if retention_ms >= 0 else None
        self.next_partition = counting()


class MemoryLog:
    """The broker. `clock` gives the time of `LogAppendTime` and of retention.

    `on_append` are called with each record as it is written, `on_commit` with a group's name, the member and
    its offsets as they are committed: for those who watch a simulation.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.on_append: list[Callable[[TopicPartition, int, Stored], None]] = []
        self.on_commit: list[Callable[[str, str, Mapping[TopicPartition, int]], None]] = []
        self._topics: dict[str, _Topic] = {}
        self._groups: dict[str, Group] = {}

    # --- topics

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic. `config` has Kafka's names: `message.timestamp.type`, `max.message.bytes`,
        `retention.ms`; others are kept and do nothing.

        Raises `TopicAlreadyExistsError`, `InvalidPartitionsError`.
        """
        if name in self._topics:
            raise TopicAlreadyExistsError(name)
        if partitions < 1:
            raise InvalidPartitionsError(partitions)
        self._topics[name] = _Topic(partitions, config or {})

    def topics(self) -> list[str]:
        """Every topic, in order of creation."""
        return list(self._topics)

    def partition_count(self, topic: str) -> int | None:
        """The number of partitions; None where there is no such topic."""
        found = self._topics.get(topic)
        return None if found is None else len(found.partitions)

    def config(self, topic: str) -> dict[str, str]:
        """What the topic was created with, to be read or changed by `set_config`."""
        return dict(self._topic(topic).config)

    def set_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Change a topic's configuration, for what comes from now on."""
        found = self._topic(topic)
        changed = _Topic(1, {**found.config, **config})
        found.config, found.stamps = changed.config, changed.stamps
        found.max_message_bytes, found.retention_ms = changed.max_message_bytes, changed.retention_ms

    def max_message_bytes(self, topic: str) -> int:
        """The largest batch that the topic takes."""
        return self._topic(topic).max_message_bytes

    # --- writing

    def append(
        self,
        topic: str,
        partition: int | None,
        value: bytes | None,
        key: bytes | None = None,
        headers: Iterable[Header] = (),
        timestamp_ms: int | None = None,
    ) -> int:
        """Write one record, and return its offset. Without a partition the key chooses one, or turns do.

        Raises `UnknownTopicOrPartitionError`, `MessageSizeTooLargeError`.
        """
        if partition is None:
            partition = self.partition_for(topic, key)
        found = self._topic(topic)
        kept = self.stored(topic, value, key, headers, timestamp_ms)
        if batch_size([kept.size_bytes]) > found.max_message_bytes:
            raise MessageSizeTooLargeError(f"{topic}: larger than {found.max_message_bytes} bytes")
        return self.append_batch(TopicPartition(topic, partition), [kept])

    def append_many(self, topic: str, partition: int, record: Stored, count: int) -> int:
        """Write the same record `count` times, at 8 bytes each, and return the first offset.

        `stored` makes such a record. `on_append` is not called: they are too many to be told one by one.
        """
        found = self._partition(TopicPartition(topic, partition))
        first = found.end
        found.extend(repeat(record, count))
        found.wake()
        return first

    def append_batch(self, partition: TopicPartition, batch: Iterable[Stored]) -> int:
        """Write records in order, and return the first offset."""
        found = self._partition(partition)
        first = found.end
        for kept in batch:
            for tell in self.on_append:
                tell(partition, found.end, kept)
            found.append(kept)
        found.wake()
        return first

    def begin(self, partition: TopicPartition, offset: int) -> None:
        """Let an empty partition begin at an offset, as in the log of which this is a copy.

        Raises ValueError where something has stood in it.
        """
        self._partition(partition).begin(offset)

    def skip(self, partition: TopicPartition, to_offset: int) -> None:
        """Let the next record of a partition stand at an offset. It has to come at once: a consumer gets over
        a gap with the record behind it.

        Raises ValueError where the log is beyond.
        """
        self._partition(partition).skip(to_offset)

    def stored(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Iterable[Header] = (),
        timestamp_ms: int | None = None,
    ) -> Stored:
        """A record as this topic would keep it now; a topic of `LogAppendTime` has its own time for it."""
        stamps = self._topic(topic).stamps
        now_ms = self.clock.now_ms() if stamps or timestamp_ms is None else timestamp_ms
        return stored(
            value,
            key,
            headers,
            timestamp=now_ms,
            timestamp_type=LOG_APPEND_TIME if stamps else CREATE_TIME,
        )

    def partition_for(self, topic: str, key: bytes | None) -> int:
        """The partition that aiokafka's producer chooses for a key; without one, each in turn."""
        found = self._topic(topic)
        number = next(found.next_partition) if key is None else murmur2(key) & 0x7FFFFFFF
        return int(number % len(found.partitions))

    def trim(self, topic: str, partition: int, before: int) -> None:
        """Delete the records before an offset, as retention does."""
        self._partition(TopicPartition(topic, partition)).trim(before)

    # --- reading

    def bounds(self, partition: TopicPartition) -> tuple[int, int]:
        """The earliest offset kept, and the end. Raises `UnknownTopicOrPartitionError`."""
        found = self._partition(partition)
        return found.base, found.end

    def read(
        self, partition: TopicPartition, offset: int, max_records: int, max_bytes: int = _FOREVER
    ) -> "list[ConsumerRecord[bytes, bytes]]":
        """Records from `offset` on, at least one where there is any.

        Raises `OffsetOutOfRangeError`, `UnicodeDecodeError`.
        """
        found = self._partition(partition)
        if not found.base <= offset <= found.end:
            raise OffsetOutOfRangeError({partition: offset})
        topic, number = partition
        taken: list[ConsumerRecord[bytes, bytes]] = []
        for at, kept in found.read(offset, max_records):
            taken.append(fetched(topic, number, at, kept))
            max_bytes -= kept.size_bytes
            if max_bytes <= 0:
                break
        return taken

    def all_records(self, topic: str, partition: int = 0) -> "list[ConsumerRecord[bytes, bytes]]":
        """Every record kept of a partition."""
        place = TopicPartition(topic, partition)
        return self.read(place, self.bounds(place)[0], _FOREVER)

    def watch(self, partition: TopicPartition, woken: Callable[[], None]) -> None:
        """Call `woken` whenever something was appended."""
        self._partition(partition).watchers.append(woken)

    def unwatch(self, partition: TopicPartition, woken: Callable[[], None]) -> None:
        """Call it no more."""
        self._partition(partition).watchers.remove(woken)

    # --- groups

    def group(self, name: str) -> Group:
        """A consumer group; it comes to be when it is asked for."""
        found = self._groups.get(name)
        if found is None:
            found = self._groups[name] = Group(name, self._committed)
        return found

    def committed(self, group: str) -> dict[TopicPartition, int]:
        """What a group has committed."""
        return dict(self._groups[group].offsets) if group in self._groups else {}

    def _committed(self, group: str, member: str, offsets: Mapping[TopicPartition, int]) -> None:
        for tell in self.on_commit:
            tell(group, member, offsets)

    def _topic(self, name: str) -> _Topic:
        found = self._topics.get(name)
        if found is None:
            raise UnknownTopicOrPartitionError(name)
        return found

    def _partition(self, place: TopicPartition) -> Partition:
        topic = self._topic(place.topic)
        if not 0 <= place.partition < len(topic.partitions):
            raise UnknownTopicOrPartitionError(place)
        found: Partition = topic.partitions[place.partition]
        if topic.retention_ms is not None and found.records:
            self._expire(found, topic.retention_ms)
        return found

    def _expire(self, partition: Partition, retention_ms: int) -> None:
        """Delete from the front what is older than the topic keeps."""
        horizon_ms = self.clock.now_ms() - retention_ms
        records = partition.records
        if records[0].timestamp >= horizon_ms:
            return
        every = partition.read(partition.base, len(records))
        partition.trim(next((at for at, kept in every if kept.timestamp >= horizon_ms), partition.end))
