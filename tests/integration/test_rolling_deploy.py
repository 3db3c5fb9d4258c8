"""Workers of a group replaced one after the other, with static membership: no rebalance, no partition that is
unread for long."""

import asyncio
import time

from aiokafka import AIOKafkaProducer
from kafka_topics import Topics
from support import Lab
from support.ledger import Place
from support.waiting import until
from support.worker import WorkerProcess

from stream_pool.broker import Broker

PARTITIONS = 6
WORKERS = 3
UNREAD_AT_MOST_S = 15.0
"""Half of the session, after which they would be given to others. On cores of its own it takes 2 to 3 s."""
LOOK_S = 0.2


class Watch:
    """Appends orders to every partition, and measures how long each of them went unread."""

    def __init__(self, lab: Lab, topic: str) -> None:
        self._lab = lab
        self._topic = topic
        self.places: list[Place] = []
        self.longest_s = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; a partition is unread from an order's acknowledgement until it is handled."""
        waiting: dict[Place, float] = {}
        async with AIOKafkaProducer(bootstrap_servers=self._lab.cluster.servers, acks="all") as producer:
            while not stop.is_set() or waiting:
                if not stop.is_set():
                    for place in await self._append(producer):
                        waiting[place] = time.monotonic()
                handled = self._lab.ledger.places("handled")
                now_s = time.monotonic()
                self.longest_s = max([self.longest_s, *(now_s - since_s for since_s in waiting.values())])
                waiting = {place: since_s for place, since_s in waiting.items() if place not in handled}
                await asyncio.sleep(LOOK_S)

    async def _append(self, producer: AIOKafkaProducer) -> list[Place]:
        sent = [await producer.send(self._topic, b"{}", partition=number) for number in range(PARTITIONS)]
        told = [(self._topic, each.partition, each.offset) for each in await asyncio.gather(*sent)]
        self.places += told
        return told


def start(lab: Lab, topic: str, member: int, deploy: int) -> WorkerProcess:
    return lab.worker(
        "each_async",
        topic,
        name=f"w{member}.{deploy}",
        group_instance_id=f"w{member}",
        session_timeout_ms=30_000,
    )


async def test_no_partition_is_unread_for_long(lab: Lab, kafka: Broker, topics: Topics) -> None:
    """Each stops in good order and its successor takes its very partitions; the others keep theirs."""
    topic = await topics.create(partitions=PARTITIONS)
    workers = [start(lab, topic, member, 1) for member in range(WORKERS)]
    for worker in workers:
        await worker.ready()
    await asyncio.gather(*(settled(worker) for worker in workers))
    before = [assigned(worker)[-1] for worker in workers]
    watch, stop = Watch(lab, topic), asyncio.Event()
    watching = asyncio.create_task(watch.run(stop))
    successors = []
    for member, worker in enumerate(workers):
        rebalances = [len(assigned(other)) for other in workers[member + 1 :] + successors]
        assert await worker.stop() == 0
        successors.append(await start(lab, topic, member, 2).ready())
        assert assigned(successors[-1]) == [before[member]]
        assert [len(assigned(other)) for other in workers[member + 1 :] + successors[:-1]] == rebalances
    stop.set()
    await watching
    print(f"unread for {watch.longest_s:.1f} s at most")
    assert watch.longest_s <= UNREAD_AT_MOST_S, lab.report()
    lab.nothing_lost(watch.places)
    lab.nothing_twice()
    for worker in successors:
        assert await worker.stop() == 0


def assigned(worker: WorkerProcess) -> list[list[str]]:
    """The partitions of orders of each assignment so far."""
    return [
        sorted(line["partitions"])
        for line in worker.said("partitions assigned")
        if not line["group"].endswith(".detector")
    ]


async def settled(worker: WorkerProcess) -> None:
    """Wait until it has its third of the partitions."""
    await until(
        lambda: len(assigned(worker)[-1]) == PARTITIONS // WORKERS, worker.told("has no third of them")
    )
