"""What goes wrong by script on the in-memory log: the table of `testing/faults.py`, frost and death."""

import asyncio
from random import Random

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    InvalidCommitOffsetSizeError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)
from log_world import World, in_world

from stream_pool.stream.errors import BrokerUnavailable
from stream_pool.testing.faults import Faults, Kind

PLACE = TopicPartition("orders", 0)


def values(world: World) -> list[bytes | None]:
    return [record.value for record in world.log.all_records("orders")]


WRITES: list[tuple[Kind, type[KafkaError] | None, int]] = [
    # the fault, the error, how often the record is there
    ("write_fails", KafkaTimeoutError, 0),
    ("write_answer_lost", KafkaTimeoutError, 1),
    ("write_repeated", None, 2),
    ("topic_refused", TopicAuthorizationFailedError, 0),
    ("read_late", None, 1),
]


@pytest.mark.parametrize(("kind", "error", "count"), WRITES)
def test_1_a_write_goes_wrong_as_often_as_it_is_told_to(
    kind: Kind, error: type[KafkaError] | None, count: int
) -> None:
    """The next one is written, in order."""

    async def story(world: World) -> None:
        producer = await world.client().producer("test", linger_ms=0)
        await producer.send_and_wait("orders", b"known", partition=1)
        world.faults.add("write_fails", topic="others")
        world.faults.add("write_fails", worker="two")
        world.faults.add(kind, topic="orders", times=1)
        if error is None:
            await producer.send_and_wait("orders", b"x", partition=0)
        else:
            with pytest.raises(error):
                await producer.send_and_wait("orders", b"x", partition=0)
        await producer.send_and_wait("orders", b"y", partition=0)
        assert values(world) == [b"x"] * count + [b"y"]

    in_world(story)


def test_2_a_slow_topic_takes_its_time_and_keeps_its_order() -> None:
    """For writing and for reading, until it heals."""

    async def story(world: World) -> None:
        producer = await world.client().producer("test", linger_ms=0)
        world.faults.add("topic_slow", topic="orders", seconds=3.0)
        acks = [await producer.send("orders", b"%d" % n, partition=0) for n in range(3)]
        await asyncio.gather(*acks)
        assert 3.0 <= world.loop.time() < 3.5
        world.faults.heal()
        await producer.send_and_wait("orders", b"3", partition=0)
        assert world.loop.time() < 3.5
        assert values(world) == [b"0", b"1", b"2", b"3"]

    in_world(story)


def test_3_a_commit_that_is_refused_is_not_there() -> None:
    """An error that the client does not try to mend."""

    async def story(world: World) -> None:
        member = world.member("one")
        await asyncio.sleep(1)
        world.faults.add("commit_refused", group="group", times=1)
        with pytest.raises(InvalidCommitOffsetSizeError):
            await member.run(member.consumer.commit({PLACE: 3}))
        assert world.log.committed("group") == {}
        await member.run(member.consumer.commit({PLACE: 4}))
        assert world.log.committed("group") == {PLACE: 4}

    in_world(story)


def test_4_a_commit_whose_answer_is_lost_is_there() -> None:
    """Who waits for the answer waits in vain; a later commit goes on top of it."""

    async def story(world: World) -> None:
        member = world.member("one")
        await asyncio.sleep(1)
        world.faults.add("commit_answer_lost", worker="one", times=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await member.consumer.commit({PLACE: 3})
        assert world.log.committed("group") == {PLACE: 3}
        await member.consumer.commit({PLACE: 4})
        await asyncio.sleep(100)
        assert world.log.committed("group") == {PLACE: 4}

    in_world(story)


def test_5_a_commit_that_was_given_up_on_the_way_still_arrives() -> None:
    """And never after one that was made later."""

    async def story(world: World) -> None:
        member = world.member("one")
        await asyncio.sleep(20)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await member.consumer.commit({PLACE: 3})
        assert world.log.committed("group") == {}
        await member.consumer.commit({PLACE: 4})
        await asyncio.sleep(20)
        assert world.log.committed("group") == {PLACE: 4}

    in_world(story, latency_s=1.0)


@pytest.mark.parametrize("topic", [None, "orders"])
def test_6_a_late_read_comes_late(topic: str | None) -> None:
    """Nothing is lost by it."""

    async def story(world: World) -> None:
        member = world.member("one")
        await asyncio.sleep(1)
        world.faults.add("read_late", topic="others", seconds=60.0)
        world.faults.add("read_late", topic=topic, seconds=4.0, times=1)
        for _ in range(6):
            world.log.append("orders", 0, b"x")
        await asyncio.sleep(1)
        early = list(member.read)
        await asyncio.sleep(10)
        assert len(early) < 6
        assert member.read == [(0, n) for n in range(6)]

    in_world(story)


def test_7_a_refused_topic_is_not_read() -> None:
    """The consumer says so at every attempt, and goes on when it may."""

    async def story(world: World) -> None:
        member = world.member("one")
        await asyncio.sleep(1)
        world.faults.add("topic_refused", topic="orders", for_s=5)
        member.life.cancel()
        with pytest.raises(TopicAuthorizationFailedError):
            await member.consumer.getmany(timeout_ms=100, max_records=1)
        await asyncio.sleep(5)
        assert await member.consumer.getmany(timeout_ms=100, max_records=1) == {}

    in_world(story)


def test_8_a_broker_that_is_away_answers_nothing() -> None:
    """Who connects fails, who waits gets its answer when it is back, and what takes too long is an error."""

    async def story(world: World) -> None:
        client = world.client()
        producer = await client.producer("test", linger_ms=0)
        await producer.send_and_wait("orders", b"known", partition=1)
        observer = client.observer("test")
        world.faults.add("broker_away", for_s=5)
        with pytest.raises(KafkaConnectionError):
            await client.producer("other", linger_ms=0)
        with pytest.raises(KafkaConnectionError):
            await client.consumer("group", {}).start()
        with pytest.raises(KafkaConnectionError):
            await observer.start()
        with pytest.raises(BrokerUnavailable):
            async with client.admin(timeout_s=1):
                pass
        await producer.send_and_wait("orders", b"x", partition=0)
        assert world.loop.time() >= 5
        world.faults.add("broker_away", for_s=100)
        with pytest.raises(KafkaTimeoutError):
            await producer.send_and_wait("orders", b"y", partition=0)
        with pytest.raises(KafkaTimeoutError):
            await observer.end_offsets([PLACE])
        assert values(world) == [b"x"]

    in_world(story)


def test_9_a_broker_away_for_longer_than_a_session_ends_it() -> None:
    """The other member gets everything; when it is back, the two share again."""

    async def story(world: World) -> None:
        one, two = world.member("one"), world.member("two")
        await asyncio.sleep(20)
        assert sorted([one.has, two.has]) == [[0, 2], [1, 3]]
        world.faults.add("broker_away", worker="one", for_s=20)
        await asyncio.sleep(15)
        assert two.has == [0, 1, 2, 3]
        await asyncio.sleep(30)
        assert sorted([one.has, two.has]) == [[0, 2], [1, 3]]

    in_world(story)


def test_10_a_frozen_member_is_out_and_finds_out_when_it_wakes() -> None:
    """Its commit is refused, it hands back, and joins again."""

    async def story(world: World) -> None:
        one, two = world.member("one"), world.member("two")
        await asyncio.sleep(20)
        world.loop.freeze("one")
        await asyncio.sleep(20)
        assert two.has == [0, 1, 2, 3]
        assert one.told[-1][0] == "assigned"
        committing = one.run(one.consumer.commit({TopicPartition("orders", one.has[0]): 1}))
        world.loop.thaw("one")
        with pytest.raises(CommitFailedError):
            await committing
        await asyncio.sleep(20)
        assert [told for told, _ in one.told[-2:]] == ["revoked", "assigned"]
        assert sorted([one.has, two.has]) == [[0, 2], [1, 3]]
        assert world.log.committed("group") == {}

    in_world(story, latency_s=0.02)


def test_11_the_dead_write_nothing_more() -> None:
    """Not even what was on its way; their session ends as it would."""

    async def story(world: World) -> None:
        one, two = world.member("one"), world.member("two")
        producer = await one.client.producer("test", linger_ms=0)
        await producer.send_and_wait("orders", b"x", partition=0)
        await asyncio.sleep(20)
        one.run(producer.send_and_wait("orders", b"y", partition=0))
        one.run(one.consumer.commit({TopicPartition("orders", one.has[0]): 1}))
        await asyncio.sleep(0.01)
        one.kill()
        await asyncio.sleep(3)
        assert two.has != [0, 1, 2, 3]
        await asyncio.sleep(60)
        assert two.has == [0, 1, 2, 3]
        assert values(world) == [b"x"]
        assert world.log.committed("group") == {}

    in_world(story, latency_s=1.0)


def test_12_partitions_can_be_dealt_anew_without_a_reason() -> None:
    """A rebalance in the middle: everybody hands back and gets something."""

    async def story(world: World) -> None:
        one, two = world.member("one"), world.member("two")
        await asyncio.sleep(20)
        before = world.log.group("group").generation
        world.log.group("group").rebalance()
        await asyncio.sleep(20)
        assert world.log.group("group").generation == before + 1
        assert [told for told, _ in one.told[-2:]] == ["revoked", "assigned"]
        assert sorted([one.has, two.has]) == [[0, 2], [1, 3]]

    in_world(story)


def test_13_latency_is_about_what_it_is_said_to_be() -> None:
    """The same from the same random numbers; now and then several times as long."""
    for latency_s in (0.0, 0.002, 1.0):
        faults = Faults(latency_s=latency_s)
        random, again = Random(7), Random(7)
        drawn = [faults.draw_s(random) + faults.draw_s(random) for _ in range(1_000)]
        assert drawn == [faults.draw_s(again) + faults.draw_s(again) for _ in range(1_000)]
        assert latency_s * 0.8 <= sum(drawn) / 1_000 <= latency_s * 1.4
        assert max(drawn) <= latency_s * 10
