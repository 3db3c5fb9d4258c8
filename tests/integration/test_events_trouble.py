"""DESIGN 2.4 on a real Kafka: a side topic in trouble stops no orders, and nothing is lost unsaid."""

from collections.abc import Mapping

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from support import Lab, Produced, until

from stream_pool.broker import Broker, JavaBroker
from stream_pool.events import ObservationsLost

LINES_AT_MOST = 25
"""What a worker may write about a topic that is away for some seconds, the libraries' lines included."""


async def test_2_4_an_events_topic_that_is_deleted_is_made_anew(kafka: Broker, lab: Lab) -> None:
    """Orders go on at full pace, the log goes on in a new topic with its own clock, and nothing floods."""
    topic = await lab.topics.create()
    worker = await lab.worker("each_async", topic, interval_s=0.1, detector_enabled=True).ready()
    await until(lambda: lab.events("signals.sampled"), lab.report)
    before = len(worker.lines())
    await lab.cluster.delete_topic(lab.events_topic)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(500)])
    await lab.handled(places)
    await lab.committed(topic, {0: 500})
    assert await worker.get("/health/ready", 200) is not None
    await worker.says("topic created", topic=lab.events_topic)
    await worker.says("no longer: event log not written, trying again")
    await until(lambda: lab.events("signals.sampled"), lab.report)
    assert all(record.timestamp_type == 1 for record in await lab.cluster.read(lab.events_topic))
    assert len(worker.lines()) - before < LINES_AT_MOST, lab.report()
    assert await worker.stop() == 0
    await adds_up(lab, dropped_at_least=0, from_the_first=False)


async def test_2_4_a_frozen_broker_costs_a_bounded_buffer_and_a_report(
    own_kafka: JavaBroker, own_lab: Lab
) -> None:
    """What fell out of the buffer meanwhile is in `observations.lost` after the thaw, to the last event."""
    lab = own_lab
    topic = await lab.topics.create()
    worker = await lab.worker("each_async", topic, interval_s=0.1, event_buffer=3).ready()
    await until(lambda: lab.events("signals.sampled"), lab.report)
    own_kafka.freeze()

    async def lost() -> bool:
        return ((await worker.metric("stream_pool_events_lost_total")) or 0) > 2

    await until(lost, lab.report, 60.0)  # its commits and polls wait for their time limits each interval
    assert await worker.metric("stream_pool_events_buffered") <= 3
    own_kafka.thaw()
    await until(lambda: lab.events("observations.lost"), lab.report)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(100)])
    await lab.handled(places)
    await lab.committed(topic, {0: 100})
    assert await worker.stop() == 0
    await adds_up(lab, dropped_at_least=3)


async def test_2_4_a_topic_that_takes_nothing_is_not_asked_again_and_again(kafka: Broker, lab: Lab) -> None:
    """Every event is refused, the report of it too: each is tried once, and there is a line, not one each."""
    topic = await lab.topics.create()
    await lab.cluster.create_topic(lab.events_topic, config={"max.message.bytes": "100"})
    worker = await lab.worker("each_async", topic, interval_s=0.1).ready()

    async def lost() -> bool:
        return ((await worker.metric("stream_pool_events_lost_total")) or 0) > 200

    await until(lost, lab.report)
    assert len(worker.said("event refused by its topic, and lost")) == 1
    await configure(lab, lab.events_topic, {"max.message.bytes": "1048576"})
    await until(lambda: lab.events("memory.sampled"), lab.report)
    assert await worker.stop() == 0
    await adds_up(lab, dropped_at_least=200)


async def test_2_4_a_dead_letter_topic_that_is_deleted_holds_the_commit_until_it_is_made_anew(
    kafka: Broker, lab: Lab
) -> None:
    """The poison is committed behind its letter and never before; many letters that wait flood nothing."""
    topic = await lab.topics.create()
    worker = await lab.worker("each_async", topic, dead_letter_budget_ratio=1).ready()
    before = len(worker.lines())
    await lab.cluster.delete_topic(lab.dead_letters_topic)
    places = await lab.cluster.produce(topic, [{"n": 0}, *(Produced(b"poison") for _ in range(50)), {"n": 1}])
    await worker.says("dead letter not written, trying again")
    assert (await lab.cluster.committed(lab.group, topic)).get(0, 0) <= 1
    await worker.says("topic created", topic=lab.dead_letters_topic)
    await lab.committed(topic, {0: len(places)})
    letters = await lab.cluster.read(lab.dead_letters_topic)
    told = {int(dict(letter.headers)["stream-pool.offset"]) for letter in letters}
    assert told == set(range(1, 51))
    said = [line for line in worker.lines()[before:] if line.get("event") != "poison record"]
    assert len(said) < LINES_AT_MOST, lab.report()
    lab.nothing_lost([places[0], places[-1]])


async def adds_up(lab: Lab, dropped_at_least: int, from_the_first: bool = True) -> None:
    """Every number that the writer gave is in the log, or in what it said to be lost."""
    events = [logged.event for logged in await lab.events()]
    written = {event.sequence for event in events}
    lost = sum(event.lost for event in events if isinstance(event, ObservationsLost))
    first = 1 if from_the_first else min(written)
    assert max(written) - first + 1 - len(written) == lost >= dropped_at_least, lab.report()


async def configure(lab: Lab, topic: str, config: Mapping[str, str]) -> None:
    async with lab.cluster.admin() as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(config))])
