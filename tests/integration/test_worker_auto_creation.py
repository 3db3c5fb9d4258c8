"""A broker that creates whatever topic it is asked for, as Kafka does by default: no worker ever asks so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from kafka_topics import Topics
from support import Lab, Produced, until

from stream_pool.broker import JavaBroker

pytestmark = [pytest.mark.broker, pytest.mark.kafka, pytest.mark.xdist_group("creating Kafka")]  # one for all


class CreatingKafka(JavaBroker):
    """What it creates by itself is told from what was created on purpose by its partitions."""

    def _properties(self) -> str:
        return super()._properties() + "auto.create.topics.enable=true\nnum.partitions=3\n"


@pytest.fixture(scope="module")
def creating_kafka() -> Iterator[CreatingKafka]:
    """One for all tests of this module."""
    broker = CreatingKafka()
    if (missing := broker.missing()) is not None:
        pytest.skip(f"needs an Apache Kafka of its own, and so {missing}")
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def creating_lab(creating_kafka: CreatingKafka, tmp_path: Path) -> Iterator[Lab]:
    """A laboratory on it."""
    made = Lab(Topics(creating_kafka.bootstrap_servers), tmp_path)
    yield made
    made.close()


async def found(lab: Lab) -> dict[str, int]:
    """The topics that there are, with their partitions; asked for without a name, which creates none."""
    async with lab.cluster.admin() as admin:
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


async def test_a_topic_that_is_deleted_stays_deleted(creating_lab: Lab) -> None:
    """It does not come back empty, with offsets that mean nothing: exit 4 as elsewhere."""
    lab = creating_lab
    topic = await lab.topics.create()
    worker = await lab.worker(
        "each_async",
        topic,
        metadata_max_age_ms=500,
        topic_missing_timeout_s=2,
        detector_enabled=True,
        detector_window_s=0.3,
    ).ready()
    await lab.handled(await lab.cluster.produce(topic, [{"n": n} for n in range(10)]))
    await lab.committed(topic, {0: 10})
    await lab.cluster.delete_topic(topic)
    await worker.says("topic is gone", topic=topic)
    assert await worker.exited(20) == 4
    assert topic not in await found(lab)


async def test_a_topic_that_never_was_is_not_created(creating_lab: Lab) -> None:
    """Exit 4 at the start, and the next start says the same."""
    lab = creating_lab
    topic = lab.topics.unique("orders")
    for _ in range(2):
        worker = lab.worker("each_async", topic)
        assert await worker.exited(20) == 4
    assert topic not in await found(lab)


async def test_what_is_sent_to_no_topic_fails(creating_lab: Lab) -> None:
    """`topic.send` to a name that is mistyped raises in the handler, when its request has had its time."""
    lab = creating_lab
    topic, out = await lab.topics.create(), lab.topics.unique("out")
    worker = await lab.worker("faust_ways", topic, options={"out": out, "send_timeout_s": 2}).ready()
    await lab.cluster.produce(topic, [{"n": 1}])
    line = await worker.says("handler failed, dead letter")
    assert line["handler_error"] == "faust.exceptions.ProducerSendError"
    assert out not in await found(lab)


async def test_side_topics_come_back_as_they_were_made(creating_lab: Lab) -> None:
    """One partition and the broker's clock for the log; dead letters, too, are created on purpose."""
    lab = creating_lab
    topic = await lab.topics.create()
    worker = await lab.worker("each_async", topic, interval_s=0.1).ready()
    await until(lambda: lab.events("signals.sampled"), lab.report)
    before = await found(lab)
    await lab.cluster.delete_topic(lab.events_topic)
    await worker.says("topic created", topic=lab.events_topic)
    await lab.cluster.delete_topic(lab.dead_letters_topic)
    await lab.cluster.produce(topic, [Produced(b"poison")])
    await worker.says("topic created", topic=lab.dead_letters_topic)
    await lab.committed(topic, {0: 1})
    assert await found(lab) == before
    async with lab.cluster.admin() as admin:
        asked = [ConfigResource(ConfigResourceType.TOPIC, lab.events_topic)]
        ((_, _, _, _, entries),) = (await admin.describe_configs(asked))[0].resources
    assert dict(entry[:2] for entry in entries)["message.timestamp.type"] == "LogAppendTime"
    assert await worker.stop() == 0
