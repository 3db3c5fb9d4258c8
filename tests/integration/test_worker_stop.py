"""SIGTERM, whatever hangs: the process ends within its deadline, and nothing is lost."""

import asyncio

from support import Lab, until

from stream_pool.broker import JavaBroker

DEADLINE_S = 6.0
"""`stop_timeout_s` of every worker here."""


async def test_with_the_broker_frozen_under_load(own_kafka: JavaBroker, own_lab: Lab) -> None:
    """A broker that answers nothing any more keeps no worker; after the thaw the next one loses nothing."""
    lab = own_lab
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(600)], partitions=2)
    worker = lab.worker("each_async", topic, options={"pause_s": 0.003}, detector_enabled=True)
    await until(lambda: len(lab.ledger.entries("handled")) > 60, lab.report)
    own_kafka.freeze()
    await worker.stop()
    assert worker.stopped_in_s < DEADLINE_S, worker.text()
    handled = len(lab.ledger.entries("handled"))
    assert handled < 600, "there was no load left to stop under"
    own_kafka.thaw()
    again = lab.worker("each_sync", topic)
    await lab.handled(places)
    await lab.committed(topic, {0: 300, 1: 300})
    lab.nothing_lost(places)
    assert await again.stop() == 0


async def test_with_a_handler_that_never_comes_back(lab: Lab) -> None:
    """Async: cancelled when the drain is over; exit 0, its order and what follows come again."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "stick"}, {}])
    worker = lab.worker("each_async", topic, max_poll_records=1, drain_timeout_s=1)
    await lab.handled(places[1:2], "began")
    assert await worker.stop() == 0
    assert 1 <= worker.stopped_in_s < DEADLINE_S
    assert worker.said("work in flight did not end in time, it will be repeated")
    assert await lab.cluster.committed(lab.group, topic) == {0: 1}


async def test_with_a_handler_that_blocks_the_event_loop(lab: Lab) -> None:
    """Sync: nothing can be drained, so the process is left by force, exit 9, within the deadline."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {"do": "stick"}, {}])
    worker = lab.worker("each_sync", topic, max_poll_records=1, drain_timeout_s=1, stop_timeout_s=3)
    await lab.handled(places[1:2], "began")
    assert await worker.stop() == 9
    assert worker.stopped_in_s < 3
    assert "stop deadline passed, leaving; what was not committed comes again" in worker.text()
    assert await lab.cluster.committed(lab.group, topic) in ({0: 1}, {0: 0}, {})


async def test_twice(lab: Lab) -> None:
    """A second signal ends the process at once."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"do": "stick"}])
    worker = lab.worker("each_async", topic)
    await lab.handled(places, "began")
    worker.terminate()
    await until(lambda: worker.get("/health/ready", 503), lab.report, 2.0)
    assert await worker.stop() == 9
    assert worker.stopped_in_s < 1
    assert "second signal, leaving" in worker.text()


async def test_while_it_still_looks_for_a_broker(lab: Lab) -> None:
    """Before anything runs, too: it ends in time."""
    worker = lab.worker("each_async", "orders", broker="127.0.0.1:1", connect_timeout_s=60)
    await worker.says("no broker yet")
    await worker.stop()
    assert worker.stopped_in_s < DEADLINE_S


async def test_a_broker_that_comes_back_is_gone_on_with(own_kafka: JavaBroker, own_lab: Lab) -> None:
    """Killed and restarted under load: the worker neither ends nor loses a record."""
    lab = own_lab
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(600)], partitions=2)
    worker = lab.worker("each_async", topic, options={"pause_s": 0.003}, max_poll_records=20)
    await until(lambda: len(lab.ledger.entries("handled")) > 60, lab.report)
    await asyncio.to_thread(own_kafka.kill)
    await asyncio.to_thread(own_kafka.restart)
    places += await lab.cluster.produce(topic, [{"n": n} for n in range(20)], partitions=2)
    await lab.handled(places)
    await lab.committed(topic, {0: 310, 1: 310})
    assert await worker.stop() == 0
