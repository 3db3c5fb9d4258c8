"""A topic full of orders before anybody consumes: the load that every candidate of a bench drains.

Orders come from the seeded generator, 17 levels deep, and go to the partitions in turn, in record batches
made by hand (`create_batch`, `send_batch`), since sending them one by one would take longer than the bench.
"""

from collections.abc import Callable, Iterator, Mapping

from aiokafka import AIOKafkaProducer

from stream_pool.bench.admin import create_topic
from stream_pool.incident import POISONS, OrderGenerator

SEED = 3
BATCH_BYTES = 512 * 1024
Message = tuple[bytes, bytes | None]


def messages(orders: int, poison_every: int) -> Iterator[Message]:
    """Keys and values of `orders` orders; one in `poison_every` is poison, each kind in turn (0: none is)."""
    generator = OrderGenerator(SEED)
    kinds = list(POISONS.values())
    for number in range(1, orders + 1):
        order = generator.order()
        if poison_every and number % poison_every == 0:
            yield order.key, kinds[number // poison_every % len(kinds)](order.value)
        else:
            yield order.key, order.value


async def preload(
    broker: str,
    topic: str,
    *,
    orders: int,
    partitions: int,
    poison_every: int = 0,
    config: Mapping[str, str] | None = None,
    say: Callable[[str], None],
) -> None:
    """Make the topic, with a `config` of its own, and fill it.

    Raises `aiokafka.errors.KafkaError` where the broker refuses.
    """
    await create_topic(broker, topic, partitions, config)
    producer = AIOKafkaProducer(
        bootstrap_servers=broker, max_batch_size=BATCH_BYTES, max_request_size=4 * BATCH_BYTES
    )
    await producer.start()
    try:
        builders = [producer.create_batch() for _ in range(partitions)]
        for number, (key, value) in enumerate(messages(orders, poison_every)):
            at = number % partitions
            if builders[at].append(key=key, value=value, timestamp=None) is None:
                await producer.send_batch(builders[at], topic, partition=at)
                builders[at] = producer.create_batch()
                builders[at].append(key=key, value=value, timestamp=None)
            if number % 100_000 == 99_999:
                say(f"{number + 1:,} of {orders:,} orders written")
        for at, builder in enumerate(builders):
            if builder.record_count():
                await producer.send_batch(builder, topic, partition=at)
        await producer.flush()
    finally:
        await producer.stop()
