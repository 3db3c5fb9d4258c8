"""A topic of a schema registry's serializer, read by an app that decodes JSON."""

from support import Lab
from support.cluster import Produced

AVRO = b"\x00\x00\x00\x00\x07\x02\x06abc"


async def test_a_topic_in_wire_format_stops_the_worker(lab: Lab) -> None:
    """At its first records. Nothing is committed, nothing is a dead letter, and it says what to do."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [Produced(AVRO)] * 50)
    worker = lab.worker("each_async", topic)
    assert await worker.exited() == 2
    (line,) = worker.said("worker stops", reason="confluent_wire_format")
    assert f"{topic}-0@0 and all 50 records" in line["error"]
    assert "schema id 7" in line["error"]
    assert "decode=" in line["error"]
    assert await lab.cluster.committed(lab.group, topic) in ({}, {0: 0})
    assert await lab.cluster.read(lab.dead_letters_topic) == []


async def test_whole_batches_stop_too(lab: Lab) -> None:
    """Where the agent iterates a batch itself, whatever its `on_error`."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [Produced(None, key=b"k"), *[Produced(AVRO)] * 30])
    worker = lab.worker("whole_batches", topic, options={"on_error": "skip"})
    assert await worker.exited() == 2
    assert worker.said("worker stops", reason="confluent_wire_format")


async def test_a_stray_among_json_is_a_dead_letter(lab: Lab) -> None:
    """By its own reason; the rest goes on."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"n": 1}, Produced(AVRO), {"n": 2}])
    worker = await lab.worker("each_async", topic).ready()
    await lab.handled([places[0], places[2]])
    await lab.committed(topic, {0: 3})
    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    assert (letter.value, dict(letter.headers)["stream-pool.reason"]) == (AVRO, b"confluent_wire_format")
    assert await worker.stop() == 0


async def test_a_stray_that_a_worker_begins_at_is_a_dead_letter(lab: Lab) -> None:
    """One record does not make a topic: a group must not be stopped by it, worker after worker."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [Produced(AVRO)])
    worker = await lab.worker("each_async", topic).ready()
    assert len(await lab.cluster.read(lab.dead_letters_topic, 1)) == 1
    await lab.committed(topic, {0: 1})
    assert await worker.stop() == 0


async def test_told_so_a_topic_goes_to_the_dead_letters(lab: Lab) -> None:
    """Where somebody wants it so."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [Produced(AVRO)] * 20)
    worker = await lab.worker("each_async", topic, on_wire_format="dead_letter").ready()
    assert len(await lab.cluster.read(lab.dead_letters_topic, 20)) == 20
    await lab.committed(topic, {0: 20})
    assert await worker.stop() == 0
