"""What an admin and an observer are told. Rules T1 to T6."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import TopicAlreadyExistsError
from log_worlds import World
from support.waiting import until

from stream_pool.stream.errors import BrokerUnavailable


async def test_t1_asking_for_a_topic_does_not_create_it(world: World) -> None:
    """Only those that exist are counted."""
    topic, missing = await world.create(3), world.log.unique("missing")
    async with world.log.client().admin(timeout_s=10) as admin:
        for _ in range(2):
            assert await admin.partition_counts([topic, missing]) == {topic: 3}


async def test_t2_a_topic_is_created_once(world: World) -> None:
    """The second time is an error, which says so."""
    topic = world.log.unique("created")
    config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "600000"}
    async with world.log.client().admin(timeout_s=10) as admin:
        await admin.create_topic(topic, partitions=2, config=config)
        with pytest.raises(TopicAlreadyExistsError):
            await admin.create_topic(topic, partitions=2, config=config)

        async def there() -> bool:
            return await admin.partition_counts([topic]) == {topic: 2}

        await until(there, "the topic is not there")
    producer = await world.producer()
    assert (await producer.send_and_wait(topic, b"x", partition=1)).timestamp_type == 1


async def test_t3_what_an_admin_does_not_catch_is_the_brokers_failure(world: World) -> None:
    """It leaves the `async with` as `BrokerUnavailable`."""
    topic = await world.create()
    with pytest.raises(BrokerUnavailable):
        async with world.log.client().admin(timeout_s=10) as admin:
            await admin.create_topic(topic, partitions=1, config={})


async def test_t4_an_observer_sees_all_without_taking_part(world: World) -> None:
    """Partitions in order, earliest and end offsets, every commit of a group."""
    topic, other, group = await world.create(3), await world.create(1), world.log.unique("group")
    await world.append(topic, [b"x"] * 5)
    await world.log.trim(topic, 2)
    member = await world.member(group, topic)
    await member.consumer.commit({TopicPartition(topic, 0): 4, TopicPartition(topic, 2): 0})
    observer = world.log.client().observer("test")
    await observer.start()
    try:
        places = await observer.partitions_of([other, topic])
        assert places == [TopicPartition(other, 0), *(TopicPartition(topic, n) for n in range(3))]
        assert dict(await observer.beginning_offsets(places)) == dict(zip(places, [0, 2, 0, 0], strict=True))
        assert dict(await observer.end_offsets(places)) == dict(zip(places, [0, 5, 0, 0], strict=True))
        assert dict(await observer.committed(group)) == {places[1]: 4, places[3]: 0}
        assert dict(await observer.committed(world.log.unique("nobody"))) == {}
    finally:
        await observer.stop()
    assert member.listener.told == [("revoked", []), ("assigned", [0, 1, 2])]


async def test_t5_a_topic_is_described_as_it_is(world: World) -> None:
    """Partitions, replicas, and at least the configuration that it was given; what is missing is left out."""
    topic, missing = world.log.unique("described"), world.log.unique("missing")
    config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "600000"}
    async with world.log.client().admin(timeout_s=10) as admin:
        await admin.create_topic(topic, partitions=2, config=config)

        async def there() -> bool:
            return topic in await admin.partition_counts([topic])

        await until(there, "the topic is not there")
        found = await admin.describe([topic, missing])
        assert list(found) == [topic]
        assert (found[topic].partitions, found[topic].replicas) == (2, 1)
        assert found[topic].config.items() >= config.items()
        assert await admin.describe([missing]) == {}
        assert await admin.broker_count() == 1


async def test_t6_a_consumer_is_told_which_topics_there_are(world: World) -> None:
    """Those that it asks for, whether it reads them or not; asking creates none, and an id stays."""
    topic, other, missing = await world.create(2), await world.create(), world.log.unique("missing")
    member = await world.member(world.log.unique("group"), topic)
    ids = await member.consumer.topic_ids([topic, other, missing])
    assert set(ids) == {topic, other}
    assert await member.consumer.topic_ids([topic, missing]) == {topic: ids[topic]}
    assert set(member.consumer.partitions_for_topic(topic) or ()) == {0, 1}
    assert not member.consumer.partitions_for_topic(missing)
