"""Orders at half load, and every fault of a soak once."""

import asyncio

import pytest

from stream_pool.bench import bench_soak
from stream_pool.bench.soak.plan import Kind
from stream_pool.broker import JavaBroker


@pytest.mark.timeout(
    300
)  # a minute, of which a busy machine makes more: Kafka starts three times, workers six
async def test_nothing_is_lost_whatever_happens(own_kafka: JavaBroker) -> None:
    """One round of the faults of `stream-pool bench soak`, in a hurry; memory is told, and not judged."""
    said: list[str] = []
    report = await asyncio.to_thread(
        bench_soak, own_kafka, minutes=len(Kind) * 8 / 60, every_s=8, rate=1_000, seed=3, say=said.append
    )
    figures = report.candidates["group"]
    assert report.holds, (report.bars, said)
    assert figures["faults"] == len(Kind)
    assert figures["dead_letters"] >= figures["poison"] > 0
    assert figures["events_lost_and_said"] > 0, said
