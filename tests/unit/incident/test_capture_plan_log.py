"""Which offsets a capture is of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

import pytest
from aiokafka import TopicPartition

from stream_pool.clock import SystemClock
from stream_pool.incident.capture.plan import Wanted, plan
from stream_pool.incident.moments import AtTime
from stream_pool.stream.client import Admin, Reader


class Found(NamedTuple):
    offset: int


class Cluster:
    """Topics of one partition with a hundred records: one a second from 0 on."""

    async def cluster_id(self) -> str:
        return "c"

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(topics, 1)

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(places, 5)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(places, 100)

    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, Found]:
        return {place: Found(time_ms // 1_000) for place, time_ms in times.items()}


@pytest.mark.parametrize("topic", ["g.events", "g.snapshots"])
async def test_a_groups_log_is_taken_from_its_beginning(topic: str) -> None:
    """The detector said once, long before, by which rules it judges; where the traffic ends, the log does."""
    cluster = Cluster()
    wanted = Wanted("orders", AtTime(40_000), AtTime(60_000), events_of="g")
    header = await plan(wanted, cast("Admin", cluster), cast("Reader", cluster), SystemClock())
    assert header.partitions == {0: (40, 60)}
    assert header.others[topic] == {0: (5, 60)}
