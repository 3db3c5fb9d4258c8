"""Who has which partition, whose commits count, and what a member is told. Rules G1 to G14."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError
from log_worlds import World, read
from support.waiting import until


async def test_g1_the_first_member_has_everything(world: World) -> None:
    """It is told so after a revocation of nothing, which comes before every join."""
    topic = await world.create(4)
    member = await world.member(world.log.unique("group"), topic)
    assert member.listener.told == [("revoked", []), ("assigned", [0, 1, 2, 3])]


async def test_g2_a_join_in_the_middle_revokes_and_then_assigns(world: World) -> None:
    """By default in turns; each partition has one owner."""
    topic, group = await world.create(4), world.log.unique("group")
    first = await world.member(group, topic)
    second = await world.member(group, topic)
    await until(lambda: first.listener.has, "the first has nothing")
    assert first.listener.told[2:] == [("revoked", [0, 1, 2, 3]), ("assigned", first.listener.has)]
    assert sorted([first.listener.has, second.listener.has]) == [[0, 2], [1, 3]]


async def test_g3_range_gives_each_member_a_run(world: World) -> None:
    """4 partitions, 2 members, aiokafka's range assignor."""
    topic, group = await world.create(4), world.log.unique("group")
    options = {"partition_assignment_strategy": (RangePartitionAssignor,)}
    first = await world.member(group, topic, **options)
    second = await world.member(group, topic, **options)
    await until(lambda: first.listener.has, "the first has nothing")
    assert sorted([first.listener.has, second.listener.has]) == [[0, 1], [2, 3]]


async def test_g4_more_members_than_partitions(world: World) -> None:
    """One of them has nothing, is told so, and reads nothing."""
    topic, group = await world.create(1), world.log.unique("group")
    members = [await world.member(group, topic) for _ in range(2)]
    await until(lambda: None not in [m.listener.has for m in members], "not settled")
    assert sorted([m.listener.has for m in members]) == [[], [0]]
    (idle,) = [m for m in members if m.listener.has == []]
    assert await idle.consumer.getmany(timeout_ms=50, max_records=1) == {}


async def test_g5_who_leaves_leaves_its_partitions(world: World) -> None:
    """At once: no session has to end."""
    topic, group = await world.create(2), world.log.unique("group")
    first, second = await world.member(group, topic), await world.member(group, topic)
    await until(lambda: first.listener.has, "the first has nothing")
    await second.consumer.stop()
    await until(lambda: first.listener.has == [0, 1], lambda: f"{first.listener.told}")


async def test_g6_another_member_goes_on_where_the_group_has_committed(world: World) -> None:
    """With or without asking for it, and with nothing but what was committed."""
    topic, group = await world.create(2), world.log.unique("group")
    places = [TopicPartition(topic, n) for n in range(2)]
    for n in range(2):
        await world.append(topic, [b"%d" % at for at in range(10)], n)
    first = await world.member(group, topic)
    assert await first.consumer.commits(places) == {}
    await first.consumer.commit({places[0]: 7, places[1]: 0})
    await first.consumer.commit({places[1]: 4})
    await first.consumer.stop()
    assert await world.observed(group, topic) == {0: 7, 1: 4}
    second = await world.member(group, topic)
    commits = await second.consumer.commits(places)
    assert {place: commit.offset for place, commit in commits.items()} == {places[0]: 7, places[1]: 4}
    assert [await second.consumer.position(place) for place in places] == [7, 4]
    records = await read(second.consumer, 9)
    assert sorted((r.partition, r.offset) for r in records) == [
        *((0, at) for at in range(7, 10)),
        *((1, at) for at in range(4, 10)),
    ]


async def test_g7_commits_of_one_member_stay_in_order(world: World) -> None:
    """Also those that nobody waits for."""
    topic, group = await world.create(), world.log.unique("group")
    member = await world.member(group, topic)
    place = TopicPartition(topic, 0)
    await asyncio.gather(*(member.consumer.commit({place: offset}) for offset in (3, 9, 5)))
    assert await world.observed(group, topic) == {0: 5}


async def test_g8_a_commit_while_one_hands_back_counts(world: World) -> None:
    """In `on_partitions_revoked` the generation is still one's own."""
    topic, group = await world.create(2), world.log.unique("group")
    first = await world.member(group, topic)
    first.listener.gate.clear()
    second = world.idle_member(group, topic)
    joining = asyncio.create_task(second.consumer.start())
    await until(lambda: first.listener.held, "nothing was revoked")
    await first.consumer.commit({TopicPartition(topic, n): 5 for n in range(2)})
    first.listener.gate.set()
    await joining
    assert await world.observed(group, topic) == {0: 5, 1: 5}


async def test_g9_getmany_waits_while_partitions_are_dealt_anew(world: World) -> None:
    """What it gives then belongs to the new assignment."""
    topic, group = await world.create(2), world.log.unique("group")
    for n in range(2):
        await world.append(topic, [b"x"] * 5, n)
    first = await world.member(group, topic)
    first.listener.gate.clear()
    second = world.idle_member(group, topic)
    joining = asyncio.create_task(second.consumer.start())
    await until(lambda: first.listener.held, "nothing was revoked")
    for n in range(2):
        first.consumer.seek(TopicPartition(topic, n), 0)
    reading = asyncio.create_task(first.consumer.getmany(timeout_ms=1, max_records=10))
    await asyncio.wait([reading], timeout=0.2)
    assert not reading.done()
    first.listener.gate.set()
    await joining
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_g10_who_is_too_slow_to_hand_back_is_out(world: World) -> None:
    """The others go on after the rebalance timeout; a commit of its old generation is refused."""
    topic, group = await world.create(2), world.log.unique("group")
    slow = await world.member(group, topic, rebalance_timeout_ms=500)
    slow.listener.gate.clear()
    second = await world.member(group, topic, rebalance_timeout_ms=500)
    assert slow.listener.held
    assert second.listener.has == [0, 1]
    await second.consumer.commit({TopicPartition(topic, 0): 8})
    with pytest.raises(CommitFailedError):
        await slow.consumer.commit({TopicPartition(topic, 0): 2})
    assert await world.observed(group, topic) == {0: 8}
    slow.listener.gate.set()
    await until(lambda: slow.listener.has and second.listener.has, "not together again")
    assert sorted([slow.listener.has, second.listener.has]) == [[0], [1]]


async def test_g11_who_is_not_heard_of_is_out(world: World) -> None:
    """After its session timeout; its commit is refused, it is told of the loss, and joins again."""
    topic, group = await world.create(2), world.log.unique("group")
    silent = await world.member(group, topic, heartbeat_interval_ms=1_000_000)
    other = await world.member(group, topic)
    assert other.listener.has == [0, 1], "the silent one did not join again"
    assert silent.listener.told == [("revoked", []), ("assigned", [0, 1])]
    with pytest.raises(CommitFailedError):
        await silent.consumer.commit({TopicPartition(topic, 0): 2})
    await until(lambda: silent.listener.has == [0] or silent.listener.has == [1], "it did not join again")
    assert silent.listener.told[2] == ("revoked", [0, 1])
    assert await world.observed(group, topic) == {}


async def test_g12_groups_know_nothing_of_each_other(world: World) -> None:
    """Each has every partition, and commits of its own."""
    topic = await world.create(2)
    groups = [world.log.unique("group") for _ in range(2)]
    members = [await world.member(group, topic) for group in groups]
    assert [m.listener.has for m in members] == [[0, 1], [0, 1]]
    await members[0].consumer.commit({TopicPartition(topic, 1): 3})
    assert [await world.observed(group, topic) for group in groups] == [{1: 3}, {}]


async def test_g13_an_empty_group_takes_commits_of_who_was_in_it(world: World) -> None:
    """Who has heard that it is out names no generation, which Kafka refuses only where others are in."""
    topic, group = await world.create(2), world.log.unique("group")
    silent = await world.member(group, topic, heartbeat_interval_ms=1_000_000)
    other = await world.member(group, topic)
    place = TopicPartition(topic, 0)
    await other.consumer.commit({place: 8})
    silent.listener.gate.clear()
    with pytest.raises(CommitFailedError):
        await silent.consumer.commit({place: 2})
    await until(lambda: silent.listener.held, "it was told nothing")
    with pytest.raises(CommitFailedError):
        await silent.consumer.commit({place: 3})
    assert await world.observed(group, topic) == {0: 8}
    await other.consumer.stop()
    await silent.consumer.commit({place: 4})
    assert await world.observed(group, topic) == {0: 4}
    silent.listener.gate.set()
    await until(lambda: silent.listener.has == [0, 1], "it did not join again")


async def test_g14_who_takes_long_to_begin_stays_in(world: World) -> None:
    """Heartbeats go on in `on_partitions_assigned`: after more than a session there its commit counts."""
    topic, group = await world.create(2), world.log.unique("group")
    session_ms = world.log.session_timeout_ms
    slow = world.idle_member(group, topic, heartbeat_interval_ms=session_ms // 3)
    slow.listener.assigning.clear()
    starting = asyncio.create_task(slow.consumer.start())
    await until(lambda: slow.listener.has, "nothing was assigned")
    await asyncio.sleep(1.5 * session_ms / 1_000)  # the time that it takes
    slow.listener.assigning.set()
    await starting
    await slow.consumer.commit({TopicPartition(topic, 0): 3})
    assert await world.observed(group, topic) == {0: 3}
    assert slow.listener.told == [("revoked", []), ("assigned", [0, 1])]
