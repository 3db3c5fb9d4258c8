"""What is to be captured, where offsets that were asked for are not there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import pytest
from aiokafka import TopicPartition

from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.incident.capture import Wanted
from stream_pool.incident.capture.plan import plan
from stream_pool.incident.capture_file import CaptureHeader
from stream_pool.incident.moments import AtOffset
from stream_pool.stream.client import Admin, Reader

ENDS = {0: 100, 1: 40}


class Cluster:
    """One topic whose partitions begin at 10 and end at `ENDS`."""

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(topics, len(ENDS))

    async def cluster_id(self) -> str | None:
        return "c1"

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, 10)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {place: ENDS[place.partition] for place in partitions}


async def header_of(wanted: Wanted) -> CaptureHeader:
    cluster = Cluster()
    return await plan(wanted, cast("Admin", cluster), cast("Reader", cluster), SystemClock())


async def planned(wanted: Wanted) -> Mapping[int, tuple[int, int]]:
    return (await header_of(wanted)).partitions


async def test_a_part_of_a_topic_tells_of_how_many_partitions_it_is() -> None:
    """Whoever replays it cannot know that from the part."""
    header = await header_of(Wanted("t", partitions=[0]))
    assert (header.partitions, header.partition_count) == ({0: (10, 100)}, 2)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        pytest.param(None, None, {0: (10, 100), 1: (10, 40)}, id="1 all of it"),
        pytest.param(50, 60, {0: (50, 60), 1: (40, 40)}, id="2 within one partition"),
        pytest.param(100, None, {0: (100, 100), 1: (40, 40)}, id="3 at the end"),
        pytest.param(3, 999, {0: (10, 100), 1: (10, 40)}, id="4 as far as it goes"),
    ],
)
async def test_offsets_are_taken_as_far_as_there_are_some(
    start: int | None, stop: int | None, expected: Mapping[int, tuple[int, int]]
) -> None:
    """Of each partition those that it has."""
    wanted = Wanted("t", None if start is None else AtOffset(start), None if stop is None else AtOffset(stop))
    assert await planned(wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        pytest.param(
            Wanted("t", AtOffset(101)), r"--from 101: no partition .* beyond 100$", id="1 behind it"
        ),
        pytest.param(
            Wanted("t", AtOffset(1_767_225_600)), "in milliseconds: 1767225600000", id="2 from Unix seconds"
        ),
        pytest.param(
            Wanted("t", stop=AtOffset(1_767_225_600)), "--to .* milliseconds: 1767225600000", id="3 to them"
        ),
        pytest.param(Wanted("t", AtOffset(50), partitions=[1]), "beyond 40", id="4 of these partitions"),
    ],
)
async def test_offsets_that_no_partition_has_are_misuse(wanted: Wanted, problem: str) -> None:
    """An empty capture would not say that something else was meant."""
    with pytest.raises(MisuseError, match=problem):
        await planned(wanted)
