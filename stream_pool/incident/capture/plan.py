"""What is to be captured, in offsets: fixed before the first record is read.

A time is where Kafka's index has it: at the first record of that time or a later one. Where producers' clocks
go back, records of other times stand beside it, and are taken as they stand.

A group's log is taken from its beginning whatever the time: the rules that it was judged by stand before, and
so do anomalies that were open when the traffic began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.incident.capture_file import CaptureHeader
from stream_pool.incident.moments import AtOffset, AtTime, Position
from stream_pool.stream.client import Admin, Reader
from stream_pool.stream.errors import not_found
from stream_pool.stream.log_reader import EVENTS_SUFFIX, SNAPSHOTS_SUFFIX

Ranges = dict[int, tuple[int, int]]

_SECONDS = 1_000_000_000
"""A number from here on may be a time in Unix seconds (2001)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked for. None: from the beginning, to the end, all partitions, no group's events.

    Raises `MisuseError` where it ends before it begins.
    """

    topic: str
    start: Position | None = None
    stop: Position | None = None
    partitions: Sequence[int] | None = None
    events_of: str | None = None

    def __post_init__(self) -> None:
        match self.start, self.stop:
            case (AtTime(begin), AtTime(end)) | (AtOffset(begin), AtOffset(end)) if begin >= end:
                raise MisuseError("--to is not later than --from: nothing is between them")


async def plan(wanted: Wanted, admin: Admin, reader: Reader, clock: Clock) -> CaptureHeader:
    """The header of the capture. `reader` has started.

    Raises `TopicMissing`, and `MisuseError` where a partition does not exist, or no partition goes as far as
    to an offset.
    """
    group = wanted.events_of
    side_topics = [] if group is None else [group + EVENTS_SUFFIX, group + SNAPSHOTS_SUFFIX]
    counts = await admin.partition_counts([wanted.topic, *side_topics])
    for topic in (wanted.topic, *side_topics[:1]):
        if topic not in counts:
            raise not_found(topic)
    partitions = _partitions(wanted, counts[wanted.topic])
    to = _time(wanted.stop)
    others = {
        topic: await _ranges(reader, topic, range(counts[topic]), None, to)
        for topic in side_topics
        if topic in counts
    }
    return CaptureHeader(
        cluster=await admin.cluster_id(),
        topic=wanted.topic,
        partitions=await _ranges(reader, wanted.topic, partitions, wanted.start, wanted.stop),
        partition_count=counts[wanted.topic],
        from_ms=_time_ms(wanted.start),
        to_ms=_time_ms(wanted.stop),
        from_offset=_offset(wanted.start),
        to_offset=_offset(wanted.stop),
        captured_at_ms=clock.now_ms(),
        group=group,
        others=others,
    )


def ranges_of(header: CaptureHeader) -> dict[TopicPartition, tuple[int, int]]:
    """Every range of a header."""
    return {
        TopicPartition(topic, partition): range_
        for topic, ranges in ((header.topic, header.partitions), *header.others.items())
        for partition, range_ in ranges.items()
    }


def _partitions(wanted: Wanted, count: int) -> Sequence[int]:
    if wanted.partitions is None:
        return range(count)
    chosen = sorted(set(wanted.partitions))
    if chosen and chosen[-1] >= count:
        raise MisuseError(f"topic {wanted.topic!r} has partitions 0 to {count - 1}: there is no {chosen[-1]}")
    return chosen


def _time(position: Position | None) -> AtTime | None:
    return position if isinstance(position, AtTime) else None


def _time_ms(position: Position | None) -> int | None:
    return position.time_ms if isinstance(position, AtTime) else None


def _offset(position: Position | None) -> int | None:
    return position.offset if isinstance(position, AtOffset) else None


async def _ranges(
    reader: Reader, topic: str, partitions: Sequence[int], start: Position | None, stop: Position | None
) -> Ranges:
    places = [TopicPartition(topic, partition) for partition in partitions]
    firsts = await reader.beginning_offsets(places)
    ends = await reader.end_offsets(places)
    if isinstance(start, AtOffset):
        _check_reach("--from", topic, start.offset, ends)
    if (
        isinstance(stop, AtOffset) and stop.offset >= _SECONDS
    ):  # a smaller one may well mean: as far as it goes
        _check_reach("--to", topic, stop.offset, ends)
    starts = await _offsets(reader, firsts, ends, start, firsts)
    stops = await _offsets(reader, firsts, ends, stop, ends)
    return {place.partition: (starts[place], max(starts[place], stops[place])) for place in places}


def _check_reach(option: str, topic: str, offset: int, ends: Mapping[TopicPartition, int]) -> None:
    """Raises `MisuseError` where an offset is beyond every partition's end."""
    if offset > max(ends.values(), default=offset):
        hint = f". A time is given in milliseconds: {offset}000" if offset >= _SECONDS else ""
        raise MisuseError(
            f"{option} {offset}: no partition of {topic!r} has an offset beyond {max(ends.values())}{hint}"
        )


async def _offsets(
    reader: Reader,
    firsts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    position: Position | None,
    otherwise: Mapping[TopicPartition, int],
) -> Mapping[TopicPartition, int]:
    if position is None:
        return otherwise
    if isinstance(position, AtOffset):
        return {place: min(max(position.offset, firsts[place]), ends[place]) for place in ends}
    found = await reader.offsets_for_times(dict.fromkeys(ends, position.time_ms))
    return {
        place: ends[place] if (at := found.get(place)) is None else min(at.offset, ends[place])
        for place in ends
    }
