"""Where a group begins to read a partition that it was given: explicit, so that nothing is skipped unsaid.

| # | committed | kept from | then |
|---|---|---|---|
| 1 | nothing, nor on the topic's first partition | any | `auto_offset_reset`: the earliest kept, or the end |
| 2 | nothing, but on the topic's first partition | any | the partition came later: the earliest kept |
| 3 | at or behind the earliest kept | | the committed offset |
| 4 | before the earliest kept | | records were deleted unread: `on_offset_lost` |
| 5 | on another topic of this name | | it was deleted and made anew: `on_offset_lost` |
| 6 | nothing, but this process has read another topic of this name | | the same |

A commit carries the id of its topic as metadata, where the broker tells ids (Kafka does since 2.8). One that
was copied from another cluster is taken as it is: ids tell nothing there. Kafka forgets a group's commits on
a topic that is deleted, but not at once, and a late commit is taken. An offset behind the log's end shows
when it is fetched, and `on_offset_lost` decides then; so does retention that overtakes a consumer while it
reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from aiokafka import TopicPartition

from stream_pool.stream.channel import Resume
from stream_pool.stream.client import Consumer
from stream_pool.stream.errors import OffsetLost
from stream_pool.stream.topic_id import TopicId, is_another

log = structlog.get_logger(__name__)

Reset = Literal["earliest", "latest"]
OnOffsetLost = Literal["stop", "earliest", "latest"]


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin, what the group has committed in that log, if anything, and the id of its topic.

    What is committed of another topic, or of none, counts as nothing: the position is due at once.
    """

    position: int
    committed: int | None
    topic_id: TopicId | None


def starting_position(
    partition: TopicPartition,
    committed: int | None,
    earliest: int,
    end: int,
    auto_offset_reset: Reset,
    on_offset_lost: OnOffsetLost,
    *,
    came_later: bool = False,
    is_made_anew: bool = False,
) -> int:
    """The offset to begin at, by the table above. Raises `OffsetLost` (cases 4 to 6, "stop")."""
    if is_made_anew:
        return go_on_at(partition, committed or 0, (earliest, end), on_offset_lost, is_made_anew=True)
    if committed is None:
        return earliest if auto_offset_reset == "earliest" or came_later else end
    if committed >= earliest:
        return committed
    return go_on_at(partition, committed, (earliest, end), on_offset_lost)


def go_on_at(
    partition: TopicPartition,
    offset: int,
    kept: tuple[int, int],
    on_offset_lost: OnOffsetLost,
    *,
    is_made_anew: bool = False,
) -> int:
    """Where to go on when `offset` was not among those kept, [earliest, end) by now, or is of another log.

    Raises `OffsetLost`.
    """
    earliest, end = kept
    place = f"{partition.topic}-{partition.partition}"
    where = f"{place}: the group is to go on at offset {offset}"
    if is_made_anew:
        lost = f"{place}: the topic that the group has read was deleted, and another made of the same name"
    elif offset < earliest:
        deleted = earliest - offset
        lost = f"{where}, but the broker keeps records from {earliest} on: {deleted} were deleted unread"
    elif offset > end:
        lost = f"{where}, but the log ends at {end}: it was cut, or made anew"
    else:
        lost = f"{where}, but the broker did not have it: the log was cut, or made anew, and has grown since"
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
    topic_ids: Mapping[str, TopicId | None],
    read_ids: Mapping[TopicPartition, TopicId | None],
    *,
    from_beginning: bool,
    resume: Resume | None = None,
    auto_offset_reset: Reset,
    on_offset_lost: OnOffsetLost,
) -> Mapping[TopicPartition, Start]:
    """Ask the broker, and decide for each partition.

    `topic_ids` are of the topics that there are, `read_ids` of those that this process has read its
    partitions from. Raises `OffsetLost`, `aiokafka.errors.KafkaError`.
    """
    ids = {p: topic_ids.get(p.topic) or read_ids.get(p) for p in partitions}
    earliest = await consumer.beginning_offsets(partitions)
    if from_beginning and resume is None:
        return {p: Start(earliest[p], earliest[p], ids[p]) for p in partitions}
    end = await consumer.end_offsets(partitions)
    if from_beginning and resume is not None:
        resumed = {p: await resume(p, earliest[p], end[p]) for p in partitions}
        return {p: Start(at, at, ids[p]) for p, at in resumed.items()}
    firsts = {TopicPartition(p.topic, 0) for p in partitions} if auto_offset_reset == "latest" else set()
    commits = await consumer.commits(sorted({*partitions, *firsts}))
    others = {p.topic: id_ for p, id_ in read_ids.items()}
    starts = {}
    for partition in partitions:
        commit = commits.get(partition)
        if commit is None:
            read = read_ids.get(partition) or others.get(partition.topic)
        else:
            read = TopicId.of_commit(commit.metadata)
        position = starting_position(
            partition,
            None if commit is None else commit.offset,
            earliest[partition],
            end[partition],
            auto_offset_reset,
            on_offset_lost,
            came_later=TopicPartition(partition.topic, 0) in commits,
            is_made_anew=is_another(read, ids[partition]),
        )
        stands = commit is not None and ids[partition] in (None, read)  # else it is due, for its metadata
        starts[partition] = Start(position, commit.offset if commit and stands else None, ids[partition])
    return starts
