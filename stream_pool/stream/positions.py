"""Where a group begins to read a partition that it was given: explicit, so that nothing is skipped unsaid.

| # | committed | kept from | then |
|---|---|---|---|
| 1 | none | any | `auto_offset_reset`: the earliest offset kept, or the end |
| 2 | at or behind the earliest kept | | the committed offset |
| 3 | before the earliest kept | | records were deleted unread: `on_offset_lost` |

An offset behind the log's end shows when it is fetched, and `on_offset_lost` decides then; so does retention
that overtakes a consumer while it reads.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import structlog
from aiokafka import TopicPartition

from stream_pool.stream.channel import Resume
from stream_pool.stream.client import Consumer
from stream_pool.stream.errors import OffsetLost

log = structlog.get_logger(__name__)

Reset = Literal["earliest", "latest"]
OnOffsetLost = Literal["stop", "earliest", "latest"]


def starting_position(
    partition: TopicPartition,
    committed: int | None,
    earliest: int,
    end: int,
    auto_offset_reset: Reset,
    on_offset_lost: OnOffsetLost,
) -> int:
    """The offset to begin at, by the table above. Raises `OffsetLost` (case 3, "stop")."""
    if committed is None:
        return earliest if auto_offset_reset == "earliest" else end
    if committed >= earliest:
        return committed
    return go_on_at(partition, committed, (earliest, end), on_offset_lost)


def go_on_at(
    partition: TopicPartition, offset: int, kept: tuple[int, int], on_offset_lost: OnOffsetLost
) -> int:
    """Where to go on when `offset` is not among the offsets `kept`, [earliest, end). Raises `OffsetLost`."""
    earliest, end = kept
    where = f"{partition.topic}-{partition.partition}: the group is to go on at offset {offset}"
    lost = (
        f"{where}, but the broker keeps records from {earliest} on: {earliest - offset} were deleted unread"
        if offset < earliest
        else f"{where}, but the log ends at {end}: it was cut, or made anew"
    )
    if on_offset_lost == "stop":
        raise OffsetLost(
            f"{lost}. Set STREAM_POOL_ON_OFFSET_LOST to earliest or latest to go on all the same."
        )
    position = earliest if on_offset_lost == "earliest" else end
    log.error("offset lost", problem=lost, now=position)
    return position


async def starting_positions(
    consumer: Consumer,
    partitions: Sequence[TopicPartition],
    *,
    from_beginning: bool,
    resume: Resume | None = None,
    auto_offset_reset: Reset,
    on_offset_lost: OnOffsetLost,
) -> Mapping[TopicPartition, int]:
    """Ask the broker, and decide for each partition. Raises `OffsetLost`, `aiokafka.errors.KafkaError`."""
    earliest = await consumer.beginning_offsets(partitions)
    if from_beginning and resume is None:
        return earliest
    end = await consumer.end_offsets(partitions)
    if from_beginning and resume is not None:
        return {p: await resume(p, earliest[p], end[p]) for p in partitions}
    committed = await asyncio.gather(*(consumer.committed(partition) for partition in partitions))
    return {
        partition: starting_position(
            partition, offset, earliest[partition], end[partition], auto_offset_reset, on_offset_lost
        )
        for partition, offset in zip(partitions, committed, strict=True)
    }
