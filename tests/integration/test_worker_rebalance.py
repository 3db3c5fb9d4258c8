"""Partitions that change hands between workers while orders keep coming."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from support import Lab, until

from stream_pool.broker import Broker


@asynccontextmanager
async def steady_orders(lab: Lab, topic: str, partitions: int) -> AsyncIterator[list[tuple[str, int, int]]]:
    """Orders written all the while, to all partitions; the list grows with what was acknowledged."""
    places: list[tuple[str, int, int]] = []
    ending = asyncio.Event()

    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=lab.cluster.servers, acks="all") as producer:
            while not ending.is_set():
                sent = [
                    await producer.send(topic, b'{"steady": true}', partition=partition)
                    for partition in range(partitions)
                ]
                told = await asyncio.gather(*sent)
                places.extend((topic, each.partition, each.offset) for each in told)
                await asyncio.sleep(0.005)

    writing = asyncio.create_task(write())
    try:
        yield places
    finally:
        ending.set()
        await writing


async def test_two_workers_share_and_hand_back_without_a_loss(kafka: Broker, lab: Lab) -> None:
    """A second worker comes and goes under load: nothing lost; nothing twice, as each drain is in time."""
    topic = await lab.topics.create(partitions=4)
    async with steady_orders(lab, topic, 4) as places:
        first = await lab.worker("each_async", topic, options={"pause_s": 0.0005}).ready()
        await until(lambda: lab.ledger.by("w1"), lab.report)
        second = await lab.worker("each_sync", topic).ready()
        await until(lambda: len({entry.partition for entry in lab.ledger.by("w2")}) == 2, lab.report)
        before = len(lab.ledger.by("w1"))
        await until(lambda: len(lab.ledger.by("w1")) > before + 20, lab.report)
        assert await second.stop() == 0
        seen = lab.ledger.by("w2")[-1]
        await until(
            lambda: any(
                e.partition == seen.partition and e.offset > seen.offset for e in lab.ledger.by("w1")
            ),
            lab.report,
        )
    await lab.handled(places)
    assert await first.stop() == 0
    lab.nothing_lost(places)
    lab.nothing_twice()


async def test_a_handler_that_outlasts_the_drain_costs_a_repeat_and_no_loss(kafka: Broker, lab: Lab) -> None:
    """A partition is given up at the end of the drain though a handler holds on; its order comes again."""
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(20)], partitions=2)
    first = await lab.worker("each_async", topic, drain_timeout_s=1).ready()
    await lab.committed(topic, {0: 10, 1: 10})
    held = await lab.cluster.produce(topic, [{"do": "hold"}])
    await lab.handled(held, "began")
    await lab.worker("each_async", topic).ready()
    assert first.said("work in flight did not end in time, it will be repeated")
    more = await lab.cluster.produce(topic, [{"n": n} for n in range(20)], partitions=2)
    lab.open_gate()
    await lab.handled([*places, *held, *more])
    await lab.committed(topic, {0: 21, 1: 20})
    lab.nothing_lost([*places, *held, *more])
    assert set(lab.ledger.account([]).repeated) <= set(held), lab.report()


async def test_series_of_a_partition_that_was_given_up_vanish(kafka: Broker, lab: Lab) -> None:
    """After a second worker took its share, the first shows the gauges of its own partitions only."""
    topic = await lab.topics.create(partitions=2)
    await lab.cluster.produce(topic, [{"n": n} for n in range(10)], partitions=2)
    first = await lab.worker("each_async", topic).ready()

    async def shown() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, labels in await first.metrics():
            if "partition" in dict(labels):
                found.setdefault(name, set()).add(dict(labels)["partition"])
        return found

    async def shows(count: int) -> bool:
        found = await shown()
        wanted = {"stream_pool_lag_records", "stream_pool_position", "stream_pool_committed_offset"}
        return wanted <= found.keys() and all(len(partitions) == count for partitions in found.values())

    await until(lambda: shows(2), lab.report)
    await lab.worker("each_async", topic).ready()
    await until(lambda: shows(1), lab.report)
    assert len(set.union(*(await shown()).values())) == 1
