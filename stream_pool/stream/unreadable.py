"""Gets past a record that the client cannot even hand out: one whose header name is not UTF-8.

Kafka takes any bytes as a header's name, aiokafka decodes them while it unpacks a fetch, and so the whole
fetch fails, each time anew. The way past: read record by record until it fails, write a dead letter that says
where the record is, and seek behind it. The dead letter is acknowledged before anything behind the record is
read, so no commit overtakes it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from stream_pool.errors import StreamPoolError
from stream_pool.stream.client import Consumer
from stream_pool.stream.offsets import Record

log = structlog.get_logger(__name__)


class UnreadableHeader(StreamPoolError):
    """A record has a header whose name is not UTF-8, so that the client cannot read it."""

    reason = "unreadable_header"


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """All that is known of such a record: where it stands."""

    topic: str
    partition: int
    offset: int
    timestamp: int = -1
    timestamp_type: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()


Bury = Callable[[UnreadableRecord, UnreadableHeader], Awaitable[None]]
Deliver = Callable[[TopicPartition, Sequence[Record]], None]


async def step_over(
    consumer: Consumer,
    partitions: Sequence[TopicPartition],
    *,
    deliver: Deliver,
    bury: Bury,
    is_assigned: Callable[[], bool],
    timeout_ms: int,
    steps: int,
) -> None:
    """Read at most `steps` records of each partition one by one, and get past the first that cannot be read.

    `is_assigned` says whether the partitions are still the caller's as they were: a seek after a rebalance
    would move what the new assignment has set. Raises what `bury` and the client raise.
    """
    for partition in partitions:
        for _ in range(steps):
            try:
                fetched = await consumer.getmany(partition, timeout_ms=timeout_ms, max_records=1)
            except UnicodeDecodeError as error:
                offset = await consumer.position(partition)
                record = UnreadableRecord(partition.topic, partition.partition, offset)
                log.warning("record cannot be read", record=f"{record.topic}-{record.partition}@{offset}")
                await bury(record, UnreadableHeader(f"a header name is not UTF-8: {error}"))
                if is_assigned():
                    consumer.seek(partition, offset + 1)
                return
            if not fetched:
                break
            for delivered, records in fetched.items():
                deliver(delivered, records)
