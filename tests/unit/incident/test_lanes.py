"""Records on their way: full batches, order, acknowledgement, and what is waited for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from stream_pool.incident.lanes import Lanes, SendFailed

ROOM = 3


class Batch:
    """Takes three records."""

    def __init__(self) -> None:
        self.keys: list[bytes | None] = []
        self.closed = False

    def append(self, *, timestamp: int, key: bytes | None, value: bytes | None, headers: Any) -> object:
        if self.closed or len(self.keys) == ROOM:
            return None
        self.keys.append(key)
        return self

    def close(self) -> None:
        self.closed = True


class Producer:
    """Takes a batch of a partition when the one before is acknowledged, which a test does."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, list[bytes | None]]] = []
        self.answers: list[asyncio.Future[None]] = []
        self.last: dict[int, asyncio.Future[None]] = {}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[None]":
        if (before := self.last.get(partition)) is not None and not before.done():
            await asyncio.wait([before])
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.taken.append((partition, batch.keys))
        self.answers.append(answer)
        self.last[partition] = answer
        return answer


@pytest.fixture
def producer() -> Producer:
    return Producer()


@pytest.fixture
async def lanes(producer: Producer) -> AsyncIterator[Lanes]:
    made = Lanes(producer, "orders")
    yield made
    await made.close()


async def put(lanes: Lanes, number: int, partition: int = 0) -> None:
    await lanes.put(partition, number, f"orders-{partition}@{number}", 0, b"%d" % number, b"", [])


async def settle() -> None:
    """Let every task come to where it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_record_waits_for_nothing_where_there_is_time(lanes: Lanes, producer: Producer) -> None:
    """It is a batch of its own."""
    for number in range(2):
        await put(lanes, number)
        await settle()
        producer.answers[-1].set_result(None)
        await settle()
    assert producer.taken == [(0, [b"0"]), (0, [b"1"])]
    assert lanes.acknowledged(2) == 2


async def test_batches_fill_behind_one_that_is_under_way(lanes: Lanes, producer: Producer) -> None:
    """And `put` waits where no more fits: a bounded number is in memory."""
    await put(lanes, 0)
    await settle()
    for number in range(1, 5):
        await put(lanes, number)
        await settle()
    waits = asyncio.create_task(put(lanes, 5))
    await settle()
    assert not waits.done()
    producer.answers[0].set_result(None)
    await settle()
    assert waits.done()
    assert producer.taken == [(0, [b"0"]), (0, [b"1"])]
    for answer in range(1, 3):
        producer.answers[answer].set_result(None)
        await settle()
    assert [keys for _, keys in producer.taken] == [[b"0"], [b"1"], [b"2", b"3", b"4"], [b"5"]]


async def test_acknowledged_is_what_has_nothing_missing_before_it(lanes: Lanes, producer: Producer) -> None:
    """Over all partitions, by the order in which records were put."""
    await put(lanes, 0, partition=0)
    await put(lanes, 1, partition=1)
    await put(lanes, 2, partition=1)
    await settle()
    assert lanes.acknowledged(3) == 0
    producer.answers[1].set_result(None)
    await settle()
    assert lanes.acknowledged(3) == 0
    producer.answers[0].set_result(None)
    await settle()
    assert lanes.acknowledged(3) == 3
    await put(lanes, 3, partition=0)
    assert lanes.acknowledged(4) == 3


async def test_a_refused_batch_ends_it(lanes: Lanes, producer: Producer) -> None:
    """For those who wait, and for whoever comes later; the first record of it is named."""
    await put(lanes, 0)
    await settle()
    await put(lanes, 1)
    flushing = asyncio.create_task(lanes.flush())
    await settle()
    producer.answers[0].set_exception(MessageSizeTooLargeError())
    await settle()
    with pytest.raises(SendFailed, match="orders-0@0"):
        await flushing
    with pytest.raises(SendFailed):
        await put(lanes, 2)
    assert lanes.acknowledged(2) == 0


async def test_flush_waits_for_all(lanes: Lanes, producer: Producer) -> None:
    """What is open, what is under way."""
    await lanes.flush()
    await put(lanes, 0)
    flushing = asyncio.create_task(lanes.flush())
    await settle()
    assert not flushing.done()
    producer.answers[0].set_result(None)
    await flushing


async def test_whatever_goes_wrong_with_a_batch_ends_it(
    lanes: Lanes, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that is not Kafka's, too: else its lane is dead, and who waits for room waits for ever."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("of ours")

    monkeypatch.setattr(producer, "send_batch", broken)
    await put(lanes, 0)
    await settle()
    with pytest.raises(SendFailed, match="of ours"):
        await lanes.flush()
