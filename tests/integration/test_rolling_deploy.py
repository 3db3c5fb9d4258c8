"""Workers of a group replaced one after the other, with static membership: no rebalance, no partition that is
unread for long."""

import asyncio

from stream_pool.bench import bench_deploy
from stream_pool.bench.deploy import SESSION_MS
from stream_pool.broker import Broker


async def test_no_partition_is_unread_for_long(kafka: Broker) -> None:
    """Each stops in good order and its successor takes its very partitions; the others keep theirs. One round
    of the three of `stream-pool bench deploy`, whose bar of 5 s is for a machine that does nothing else."""
    said: list[str] = []
    report = await asyncio.to_thread(bench_deploy, kafka, rounds=1, say=said.append)
    unread, *others = report.bars
    assert unread.measured.value <= SESSION_MS / 1_000, said
    assert all(bar.holds for bar in others), (others, said)
