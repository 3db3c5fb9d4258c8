"""Faust around us, and us in Faust."""

import json

from support import Lab, until

from stream_pool.broker import Broker


async def test_what_faust_offers_beside_its_consumer_works(kafka: Broker, lab: Lab) -> None:
    """Timers, tasks, agents on plain channels, topic.send and pages, in one app with an agent of ours."""
    topic, out = await lab.topics.create("orders"), await lab.topics.create("out")
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(3)])
    worker = lab.worker("faust_ways", topic, options={"out": out})
    await lab.handled(places)
    await until(lambda: lab.told().count({"number": 1}) >= 3, lab.report)
    assert lab.told().count({"task": True}) == 1
    page = await until(lambda: worker.get("/hello/", 200), lab.report)
    assert json.loads(page) == {"hello": lab.group}
    sent = await lab.cluster.read(out, 3)
    assert [(record.key, record.value) for record in sent] == [(b"key", b"order %d" % n) for n in range(3)]
    assert await worker.stop() == 0


async def test_a_plain_faust_app_decodes_through_the_pool(kafka: Broker, lab: Lab) -> None:
    """value_serializer="stream_pool" on an ordinary topic gives Documents whose keys are one object each."""
    topic = await lab.topics.create()
    order = {"orderId": "a", "items": [{"skuCode": "x"}, {"skuCode": "y", "more": 1}]}
    await lab.cluster.produce(topic, [order])
    worker = lab.worker("plain_faust", topic, command=("faust", "-A", "plain_faust", "worker", "-l", "info"))
    (told,) = await until(lab.told, lab.report)
    assert told == {"type": "Document", "order": order, "one_key": True}
    await worker.stop()
