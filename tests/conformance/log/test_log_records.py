"""What is written is read again, as it was written. Rules R1 to R11."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import MessageSizeTooLargeError, OffsetOutOfRangeError
from aiokafka.partitioner import murmur2
from log_worlds import World

HOUR_MS = 3_600_000


async def test_r1_offsets_rise_from_zero_in_each_partition(world: World) -> None:
    """An acknowledgement says where the record stands."""
    topic = await world.create(2)
    producer = await world.producer()
    told = [await producer.send_and_wait(topic, b"x", partition=n % 2) for n in range(6)]
    assert [(ack.topic, ack.partition, ack.offset) for ack in told] == [
        (topic, n % 2, n // 2) for n in range(6)
    ]


MESSAGES = [
    # key, value, headers
    (None, b"a value alone", []),
    (b"key", b"and value", [("text", b"as it is")]),
    (b"key", None, []),
    (b"", b"", [("", b"")]),
    (b"\x00\xff", b"\xff\xfe\x00", [("binary", b"\x00\xff"), ("none", None), ("empty", b"")]),
    (b"key", b"twice", [("same", b"1"), ("same", b"2"), ("same", b"1")]),
    (None, "größe".encode(), [("größe", "größe".encode())]),
]


async def test_r2_a_record_is_read_as_it_was_written(world: World) -> None:
    """Key, value and headers, to the byte and in their order; null is not empty."""
    topic = await world.create()
    producer = await world.producer()
    for key, value, headers in MESSAGES:
        await producer.send_and_wait(topic, value, key, 0, headers=headers)
    place = TopicPartition(topic, 0)
    records = [
        record async for some in world.log.client().records(place, 0, len(MESSAGES)) for record in some
    ]
    assert [(r.key, r.value, list(r.headers)) for r in records] == MESSAGES
    assert [(r.topic, r.partition, r.offset) for r in records] == [
        (topic, 0, n) for n in range(len(MESSAGES))
    ]


async def test_r3_the_key_chooses_the_partition(world: World) -> None:
    """By murmur2, as every Kafka client does it."""
    topic = await world.create(7)
    producer = await world.producer()
    keys = [b"", b"a", b"order-1", b"\xff\xfe", "größe".encode(), *(b"%d" % n for n in range(20))]
    told = [await producer.send_and_wait(topic, b"x", key) for key in keys]
    assert [ack.partition for ack in told] == [(murmur2(key) & 0x7FFFFFFF) % 7 for key in keys]


async def test_r4_one_producer_keeps_its_order(world: World) -> None:
    """Whatever goes together, and whether anyone waits between."""
    topic = await world.create()
    producer = await world.producer(linger_ms=5)
    values = [b"%d" % n * (1 + n % 7 * 300) for n in range(300)]
    told = await asyncio.gather(*[await producer.send(topic, value, partition=0) for value in values])
    assert [ack.offset for ack in told] == list(range(300))
    place = TopicPartition(topic, 0)
    read_again = [r.value async for some in world.log.client().records(place, 0, 300) for r in some]
    assert read_again == values


@pytest.mark.parametrize("kind", ["CreateTime", "LogAppendTime"])
async def test_r5_the_topic_says_whose_time_a_record_has(world: World, kind: str) -> None:
    """The producer's with CreateTime, which is type 0; the log's own with LogAppendTime, type 1."""
    topic = await world.create(config={"message.timestamp.type": kind})
    producer = await world.producer()
    before_ms = int(time.time() * 1_000) - 50
    ack = await producer.send_and_wait(topic, b"x", partition=0, timestamp_ms=before_ms - HOUR_MS)
    place = TopicPartition(topic, 0)
    (record,) = [r async for some in world.log.client().records(place, 0, 1) for r in some]
    assert record.timestamp == ack.timestamp
    if kind == "CreateTime":
        assert (record.timestamp, record.timestamp_type) == (before_ms - HOUR_MS, 0)
    else:
        assert record.timestamp_type == 1
        assert before_ms <= record.timestamp <= int(time.time() * 1_000) + 50


async def test_r6_a_message_too_large_for_its_topic_is_refused(world: World) -> None:
    """It is not written, and those behind it are."""
    topic = await world.create(config={"max.message.bytes": "2000"})
    producer = await world.producer()
    with pytest.raises(MessageSizeTooLargeError):
        await producer.send_and_wait(topic, b"x" * 3_000, partition=0)
    assert (await producer.send_and_wait(topic, b"x" * 1_500, partition=0)).offset == 0
    with pytest.raises(MessageSizeTooLargeError):
        await producer.send(topic, b"x" * 2**21, partition=0)


async def test_r7_what_goes_together_is_refused_together(world: World) -> None:
    """The limit is for a batch: small messages fail with the large one beside them."""
    topic = await world.create(config={"max.message.bytes": "2000"})
    producer = await world.producer(linger_ms=50)
    acks = [await producer.send(topic, value, partition=0) for value in (b"a", b"x" * 3_000, b"b")]
    told = await asyncio.gather(*acks, return_exceptions=True)
    assert [type(each) for each in told] == [MessageSizeTooLargeError] * 3


async def test_r8_a_message_is_something(world: World) -> None:
    """Neither key nor value is refused before it is sent."""
    topic = await world.create()
    producer = await world.producer()
    with pytest.raises(AssertionError):
        await producer.send(topic, None, None, 0)


async def test_r9_records_of_a_range_come_in_order_and_end_with_it(world: World) -> None:
    """From `start` on, up to and without `stop`; what was deleted is an error."""
    topic = await world.create()
    await world.append(topic, [b"%d" % n for n in range(30)])
    place, client = TopicPartition(topic, 0), world.log.client()
    offsets = [r.offset async for some in client.records(place, 4, 21) for r in some]
    assert offsets == list(range(4, 21))
    assert [some async for some in client.records(place, 4, 4)] == []
    await world.log.trim(topic, 10)
    with pytest.raises(OffsetOutOfRangeError):
        [some async for some in client.records(place, 4, 21)]
    assert [r.offset async for some in client.records(place, 10, 12) for r in some] == [10, 11]


async def test_r10_stop_writes_what_was_handed_over(world: World) -> None:
    """A producer that stops sends what still lingers."""
    topic = await world.create()
    producer = await world.producer(linger_ms=300)
    ack = await producer.send(topic, b"x", partition=0)
    await producer.stop()
    assert (await ack).offset == 0


async def test_r11_a_consumer_reads_what_is_appended_while_it_waits(world: World) -> None:
    """A `getmany` that waits returns as soon as there is something."""
    topic = await world.create()
    member = await world.member(world.log.unique("group"), topic)
    member.consumer.seek(TopicPartition(topic, 0), 0)
    reading = asyncio.create_task(member.consumer.getmany(timeout_ms=20_000, max_records=10))
    await asyncio.sleep(0)
    await world.append(topic, [b"x"])
    async with asyncio.timeout(10):
        fetched = await reading
    assert [r.value for records in fetched.values() for r in records] == [b"x"]
