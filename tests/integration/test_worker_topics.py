"""Topics that change under a worker: more partitions, deleted, deleted and made anew."""

import asyncio
from typing import Any

import pytest
from support import Lab, Produced, until
from support.ledger import Place
from support.worker import WorkerProcess

from stream_pool.broker import Broker

QUICK = {"metadata_max_age_ms": 1_000, "topic_missing_timeout_s": 1}
"""A worker looks at its topics this often, and misses one no longer, in place of 30 s."""


async def done_and_gone(lab: Lab, topic: str, **settings: Any) -> WorkerProcess:
    """A worker that has done ten orders of a topic."""
    worker = await lab.worker("each_async", topic, **{**QUICK, **settings}).ready()
    await lab.handled(await lab.cluster.produce(topic, [{"n": n} for n in range(10)]))
    await lab.committed(topic, {0: 10})
    return worker


async def made_anew(lab: Lab, topic: str, count: int) -> list[Place]:
    """Another topic of the same name, with so many orders."""
    await lab.cluster.delete_topic(topic)
    await lab.cluster.create_topic(topic)
    return await lab.cluster.produce(topic, [{"n": n} for n in range(count)])


@pytest.mark.parametrize("reset", ["earliest", "latest"])
async def test_partitions_that_come_later_are_read_from_their_beginning(
    kafka: Broker, lab: Lab, reset: str
) -> None:
    """Nothing written before they are discovered is skipped; their lag is known, to the detector too."""
    topic = await lab.topics.create()
    worker = await lab.worker(
        "each_async",
        topic,
        **QUICK,
        auto_offset_reset=reset,
        detector_enabled=True,
        detector_window_s=0.3,
    ).ready()
    await lab.committed(topic, {0: 0})
    await lab.cluster.add_partitions(topic, 3)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(30)], partitions=3)
    assert {partition for _, partition, _ in places} == {0, 1, 2}
    await lab.handled(places, timeout_s=15)
    lab.nothing_twice()
    await lab.committed(topic, {0: 10, 1: 10, 2: 10})
    await worker.shows(0, "stream_pool_lag_records", topic=topic, partition="2")

    async def polled() -> bool:
        polls = [each.event for each in await lab.events("lag.sampled")]
        return any(
            (entry.topic, entry.partition, entry.committed_offset) == (topic, 2, 10)
            for poll in polls
            if poll.observer == "detector"
            for entry in poll.partitions
        )

    await until(polled, lab.report)
    assert await worker.stop() == 0


async def test_a_topic_that_is_deleted_stops_the_worker(kafka: Broker, lab: Lab) -> None:
    """Exit 4 once it has been away for a while; until then the worker says so, and is not ready."""
    topic = await lab.topics.create()
    worker = await done_and_gone(lab, topic)
    await lab.cluster.delete_topic(topic)
    await worker.says("topic is gone", topic=topic)
    body = await until(lambda: worker.get("/health/ready", 503), lab.report, 2.0)
    assert "topic_missing" in body
    assert await worker.exited(10) == 4
    (line,) = worker.said("worker stops", reason="topic_missing")
    assert f"deleted while it was read: '{topic}'" in line["error"]


async def test_one_that_comes_back_is_not_taken_for_the_old_one(kafka: Broker, lab: Lab) -> None:
    """Made anew in time it stops the worker with exit 7, although Kafka has forgotten the commits."""
    topic = await lab.topics.create()
    worker = await done_and_gone(lab, topic, topic_missing_timeout_s=10)
    await lab.cluster.delete_topic(topic)
    await worker.says("topic is gone", topic=topic)
    await lab.cluster.create_topic(topic)
    assert await worker.exited() == 7
    (line,) = worker.said("worker stops", reason="offset_lost")
    assert f"{topic}-0: the topic that the group has read was deleted" in line["error"]


async def test_one_that_is_made_anew_between_two_looks_stops_the_worker(kafka: Broker, lab: Lab) -> None:
    """Exit 7, and again at the next start, though the new one has grown past the offset meanwhile."""
    topic = await lab.topics.create()
    worker = await done_and_gone(lab, topic)
    worker.freeze()
    await made_anew(lab, topic, 30)
    worker.thaw()
    assert await worker.exited() == 7
    (line,) = worker.said("worker stops", reason="offset_lost")
    assert "was deleted, and another made of the same name" in line["error"]
    again = lab.worker("each_async", topic)
    assert await again.exited() == 7


async def test_or_it_is_read_from_its_beginning(kafka: Broker, lab: Lab) -> None:
    """Where on_offset_lost says so."""
    topic = await lab.topics.create()
    worker = await done_and_gone(lab, topic, on_offset_lost="earliest")
    worker.freeze()
    places = await made_anew(lab, topic, 30)
    worker.thaw()
    await lab.committed(topic, {0: 30})
    account = lab.ledger.account(places)
    assert not account.missing
    await worker.shows(0, "stream_pool_lag_records", topic=topic, partition="0")
    assert await worker.stop() == 0


async def test_one_that_is_made_anew_between_two_runs_is_read_whole(kafka: Broker, lab: Lab) -> None:
    """Though it has grown past the old offset: Kafka has forgotten that."""
    topic = await lab.topics.create()
    worker = await done_and_gone(lab, topic)
    assert await worker.stop() == 0
    places = await made_anew(lab, topic, 30)
    again = await lab.worker("each_async", topic).ready()
    await lab.committed(topic, {0: 30})
    assert not lab.ledger.account(places).missing
    assert await again.stop() == 0


async def test_a_dead_letter_topic_that_is_gone_does_not_hold_up_the_stop(kafka: Broker, lab: Lab) -> None:
    """The record stays uncommitted and comes again; the worker is out by its deadline."""
    topic = await lab.topics.create()
    worker = await lab.worker("each_async", topic, stop_timeout_s=8).ready()
    await lab.cluster.delete_topic(lab.dead_letters_topic)
    await lab.cluster.produce(topic, [Produced(b"poison")])
    await asyncio.gather(worker.says("poison record"), lab.committed(topic, {0: 0}))
    code = await worker.stop()
    assert worker.stopped_in_s < 8
    assert code in (0, 9)


async def test_a_snapshots_topic_that_is_deleted_is_made_anew(kafka: Broker, lab: Lab) -> None:
    """The detector goes on meanwhile, and so do the orders."""
    topic = await lab.topics.create()
    settings = {"detector_enabled": True, "detector_window_s": 0.3, "detector_snapshot_interval_s": 1}
    worker = await done_and_gone(lab, topic, **settings)
    await worker.says("snapshot written")
    await lab.cluster.delete_topic(lab.snapshots_topic)
    await worker.says("topic created", topic=lab.snapshots_topic)
    before = len(worker.said("snapshot written"))
    await until(lambda: len(worker.said("snapshot written")) > before, lab.report)
    await lab.handled(await lab.cluster.produce(topic, [{"n": 11}]))
    assert await worker.stop() == 0
