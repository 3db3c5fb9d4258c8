"""One of three brokers is killed with -9, and nothing that was acknowledged is lost."""

import asyncio
from collections.abc import Iterator

import pytest

from stream_pool.bench import bench_brokers
from stream_pool.broker import JavaCluster


@pytest.fixture
def cluster() -> Iterator[JavaCluster]:
    """Three nodes for this test alone."""
    own = JavaCluster(nodes=3, session_s=3)
    try:
        if (missing := own.missing()) is not None:
            pytest.skip(f"needs three nodes of Apache Kafka that it may kill, and so {missing}")
        own.start()
        yield own
    finally:
        own.stop()


@pytest.mark.broker
@pytest.mark.kafka
async def test_whichever_broker_dies_the_group_goes_on(cluster: JavaCluster) -> None:
    """Two kills of the five that `stream-pool bench brokers` makes hit the controller, the coordinator
    and leaders of partitions: every bar of the bench holds."""
    said: list[str] = []
    report = await asyncio.to_thread(bench_brokers, cluster, kills=2, seed=1, say=said.append)
    assert report.holds, (report.bars, said)
