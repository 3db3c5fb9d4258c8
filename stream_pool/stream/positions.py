"""Where a group begins to read a partition that it was given: explicit, so that nothing is skipped unsaid.

| # | committed | kept from | then |
|---|---|---|---|
| 1 | none | any | `auto_offset_reset`: the earliest offset kept, or the end |
| 2 | at or behind the earliest kept | | the committed offset |
| 3 | before the earliest kept | | records were deleted unread: `on_offset_lost` |
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal

import structlog
from aiokafka import TopicPartition

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
    if on_offset_lost == "stop":
        raise OffsetLost(
            f"{partition.topic}-{partition.partition}: the group committed offset {committed}, but the "
            f"broker keeps records from {earliest} on: {earliest - committed} were deleted unread. "
            "Set on_offset_lost to earliest or latest to go on without them."
        )
    position = earliest if on_offset_lost == "earliest" else end
    log.error(
        "records deleted unread",
        topic=partition.topic,
        partition=partition.partition,
        committed=committed,
        now=position,
    )
    return position


async def starting_positions(
    consumer: Consumer,
    partitions: Sequence[TopicPartition],
    *,
    from_beginning: bool,
    auto_offset_reset: Reset,
    on_offset_lost: OnOffsetLost,
) -> Mapping[TopicPartition, int]:
    """Ask the broker, and decide for each partition. Raises `OffsetLost`, `aiokafka.errors.KafkaError`."""
    earliest = await consumer.beginning_offsets(partitions)
    if from_beginning:
        return earliest
    end = await consumer.end_offsets(partitions)
    committed = await asyncio.gather(*(consumer.committed(partition) for partition in partitions))
    return {
        partition: starting_position(
            partition, offset, earliest[partition], end[partition], auto_offset_reset, on_offset_lost
        )
        for partition, offset in zip(partitions, committed, strict=True)
    }
