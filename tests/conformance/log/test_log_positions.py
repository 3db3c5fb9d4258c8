"""Where a consumer stands and what it reads next. Rules P1 to P10."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    IllegalStateError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from log_worlds import Member, World, read
from support.waiting import until


async def started(
    world: World, partitions: int = 1, records: int = 10
) -> tuple[Member, list[TopicPartition]]:
    """A consumer alone in its group, at the beginning of partitions with so many records each."""
    topic = await world.create(partitions)
    places = [TopicPartition(topic, n) for n in range(partitions)]
    for n in range(partitions):
        await world.append(topic, [b"%d-%d" % (n, at) for at in range(records)], n)
    member = await world.member(world.log.unique("group"), topic)
    for place in places:
        member.consumer.seek(place, 0)
    return member, places


async def test_p1_nothing_committed_and_not_sought_is_an_error(world: World) -> None:
    """`NoOffsetForPartitionError`, again and again, until `seek` says where to begin."""
    topic = await world.create()
    await world.append(topic, [b"x"])
    consumer = (await world.member(world.log.unique("group"), topic)).consumer
    for _ in range(2):
        with pytest.raises(NoOffsetForPartitionError) as raised:
            await consumer.getmany(timeout_ms=10_000, max_records=1)
        assert raised.value.args[0] == TopicPartition(topic, 0)
    consumer.seek(TopicPartition(topic, 0), 0)
    assert len(await read(consumer, 1)) == 1


@pytest.mark.parametrize("offset", [2, 11])
async def test_p2_an_offset_that_the_log_has_not_is_an_error(world: World, offset: int) -> None:
    """Deleted or not written yet: `OffsetOutOfRangeError` with the offset by partition."""
    member, (place,) = await started(world)
    await world.log.trim(place.topic, 4)
    member.consumer.seek(place, offset)
    with pytest.raises(OffsetOutOfRangeError) as raised:
        await member.consumer.getmany(timeout_ms=10_000, max_records=5)
    assert raised.value.args[0] == {place: offset}
    assert await member.consumer.beginning_offsets([place]) == {place: 4}
    assert await member.consumer.end_offsets([place]) == {place: 10}
    member.consumer.seek(place, 4)
    assert [record.offset for record in await read(member.consumer, 6)] == list(range(4, 10))


async def test_p3_the_end_of_the_log_is_no_error(world: World) -> None:
    """At the end there is nothing to read, in time."""
    member, (place,) = await started(world)
    member.consumer.seek(place, 10)
    assert await member.consumer.getmany(timeout_ms=100, max_records=5) == {}
    assert await member.consumer.position(place) == 10


async def test_p4_seek_goes_on_anywhere(world: World) -> None:
    """Forward and back; the position is the next offset to be read."""
    member, (place,) = await started(world)
    assert [r.offset for r in await read(member.consumer, 3)] == [0, 1, 2]
    assert await member.consumer.position(place) == 3
    member.consumer.seek(place, 7)
    assert await member.consumer.position(place) == 7
    assert [r.offset for r in await read(member.consumer, 3)] == [7, 8, 9]
    member.consumer.seek(place, 1)
    assert [r.offset for r in await read(member.consumer, 2)] == [1, 2]


async def test_p5_a_paused_partition_gives_nothing(world: World) -> None:
    """The others go on; resumed, it goes on where it stood."""
    member, (first, second) = await started(world, 2)
    consumer = member.consumer
    assert [r.offset for r in await read(consumer, 2, first)] == [0, 1]
    consumer.pause(first)
    assert {r.partition for r in await read(consumer, 10)} == {1}
    assert await consumer.getmany(timeout_ms=100, max_records=5) == {}
    assert await consumer.position(first) == 2
    consumer.resume(first)
    consumer.resume(first)
    assert [r.offset for r in await read(consumer, 8)] == list(range(2, 10))
    assert await consumer.position(second) == 10


async def test_p6_partitions_share_max_records(world: World) -> None:
    """No call gives more in all, none is lost or read twice, and each partition keeps its order."""
    member, places = await started(world, 3)
    found: dict[TopicPartition, list[int]] = {place: [] for place in places}

    async def everything() -> bool:
        fetched = await member.consumer.getmany(timeout_ms=100, max_records=4)
        assert sum(map(len, fetched.values())) <= 4
        for place, records in fetched.items():
            assert records
            found[place] += [record.offset for record in records]
        return sum(map(len, found.values())) >= 30

    await until(everything, lambda: f"{found}")
    assert found == {place: list(range(10)) for place in places}


async def test_p7_getmany_of_one_partition_leaves_the_others(world: World) -> None:
    """They stay where they are, for a later call."""
    member, (first, second) = await started(world, 2)
    assert {r.partition for r in await read(member.consumer, 10, second)} == {1}
    assert await member.consumer.position(first) == 0
    assert {r.partition for r in await read(member.consumer, 10)} == {0}


async def test_p8_what_is_not_assigned_has_no_position(world: World) -> None:
    """`IllegalStateError` for whatever is asked of it."""
    member, (place,) = await started(world)
    other = TopicPartition(place.topic, 5)
    consumer = member.consumer
    for ask in (
        lambda: consumer.seek(other, 0),
        lambda: consumer.pause(other),
        lambda: consumer.resume(other),
    ):
        with pytest.raises(IllegalStateError):
            ask()
    with pytest.raises(IllegalStateError):
        await consumer.position(other)
    with pytest.raises(IllegalStateError):
        await consumer.commit({other: 1})
    with pytest.raises(ValueError, match="ositive"):
        consumer.seek(place, -1)
    with pytest.raises(ValueError, match="ositive"):
        await consumer.getmany(timeout_ms=10, max_records=0)


async def test_p9_a_consumer_that_stops_reads_no_more(world: World) -> None:
    """A `getmany` that waits ends with nothing, any later one raises; stopping twice is stopping once."""
    member, (place,) = await started(world)
    member.consumer.seek(place, 10)
    reading = asyncio.create_task(member.consumer.getmany(timeout_ms=60_000, max_records=1))
    await asyncio.sleep(0)
    await member.consumer.stop()
    async with asyncio.timeout(10):
        assert await reading == {}
    with pytest.raises(ConsumerStoppedError):
        await member.consumer.getmany(timeout_ms=10, max_records=1)
    await member.consumer.stop()


async def test_p10_a_record_with_an_unreadable_header_stops_its_partition(world: World) -> None:
    """Each fetch of it fails; those before it come one by one, and those behind it after a `seek`."""
    topic = await world.create()
    await world.append(topic, [b"a", b"b"])
    await world.log.append_unreadable(topic)
    await world.append(topic, [b"c"])
    consumer = (await world.member(world.log.unique("group"), topic)).consumer
    place = TopicPartition(topic, 0)
    consumer.seek(place, 0)
    for _ in range(2):
        with pytest.raises(UnicodeDecodeError):
            await consumer.getmany(timeout_ms=10_000, max_records=10)
        assert await consumer.position(place) == 0
    found = [record.offset for _ in range(2) for record in await read(consumer, 1)]
    assert found == [0, 1]
    with pytest.raises(UnicodeDecodeError):
        await consumer.getmany(place, timeout_ms=10_000, max_records=1)
    assert await consumer.position(place) == 2
    consumer.seek(place, 3)
    assert [record.value for record in await read(consumer, 1)] == [b"c"]
