"""The detector is killed with -9 at random moments, and the log stays what follows from it (2.7)."""

import asyncio

from stream_pool.bench import bench_recovery
from stream_pool.broker import Broker


async def test_after_each_kill_the_log_verifies_as_identical(kafka: Broker) -> None:
    """Three kills, of the twenty that `stream-pool bench recovery` makes: every bar of the bench holds."""
    said: list[str] = []
    report = await asyncio.to_thread(bench_recovery, kafka, kills=3, seed=7, say=said.append)
    assert report.holds, (report.bars, said)
    assert report.candidates["detector"]["from_a_snapshot"] >= 1, said
