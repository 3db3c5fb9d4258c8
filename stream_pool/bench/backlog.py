"""A topic full of orders before anybody consumes: the load that every candidate of a bench drains.

Orders come from the seeded generator, 17 levels deep, and go to the partitions in turn.
"""

from collections.abc import Callable, Iterator, Mapping

from stream_pool.bench.admin import create_topic
from stream_pool.bench.fill import Message, fill
from stream_pool.incident import POISONS, OrderGenerator

SEED = 3


def messages(orders: int, poison_every: int) -> Iterator[tuple[bytes, bytes | None]]:
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
    await fill_with_orders(
        broker, topic, orders=orders, partitions=partitions, poison_every=poison_every, say=say
    )


async def fill_with_orders(
    broker: str,
    topic: str,
    *,
    orders: int,
    partitions: int,
    poison_every: int = 0,
    say: Callable[[str], None],
) -> None:
    """Fill a topic that is there. Raises `aiokafka.errors.KafkaError` where the broker refuses."""

    def placed() -> Iterator[Message]:
        for number, (key, value) in enumerate(messages(orders, poison_every)):
            yield Message(number % partitions, key, value)
            if number % 100_000 == 99_999:
                say(f"{number + 1:,} of {orders:,} orders written")

    await fill(broker, topic, placed())
