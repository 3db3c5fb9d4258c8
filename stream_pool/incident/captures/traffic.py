"""The reference incident's traffic as records of the topic `orders`, at a hundredth of its numbers.

Times, ratios and the shape of every order are the story's (`stream_pool.incident.reference`); where it is
silent this was chosen, so that a capture has what real ones have:

- From the upgrade on two kinds of orders come: the usual ones, 6 to 16 levels deep, at the usual rate, and
  the flood that makes the backlog, each 17 levels deep. Nobody gets to what is sent after T+00:00.
- What the payment gateway does stands in the headers that `topologies.orders` obeys, on the orders that the
  story's workers come to by then: how long it is waited for, and whether it refuses.
- One poison record of each kind, early in the flood, where the story's workers come to them.

Payloads repeat, out of a bank, which is what makes the file small. Everything is a function of the seed, the
same on every machine and Python: no time, no hash order, no transcendental function.
"""

from collections.abc import Iterator
from heapq import merge
from itertools import cycle
from typing import Final

from aiokafka.partitioner import murmur2

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident import reference as told
from stream_pool.incident.capture_file import CapturedRecord
from stream_pool.incident.orders import START_MS, Order, OrderGenerator
from stream_pool.incident.poison import POISONS
from stream_pool.incident.reference import PARTITIONS, TOPIC, WORKERS, Story
from stream_pool.incident.scenario import ERROR_HEADER, LATENCY_HEADER
from stream_pool.incident.service_model import ServiceTimes

STORY: Final = Story(0.01)

_FLOOD: Final = 1.02
"""The flood as a multiple of the backlog: some of it is handled before T+00:00."""

_USUAL_BANK: Final = 8
_DEEP_BANK: Final = 48
"""Orders of one depth for each partition, used in turn."""

_POISON_EVERY: Final = 40

_ATTEMPTS: Final = 3
"""How often `topologies.orders` tries an order that is refused; the story's handler tries once."""

_WAIT_SHARE: Final = 0.25
"""So much less is the gateway waited for, to make up for the attempts: four workers still do 220 a second."""

_PACE: Final = STORY.scale * len(WORKERS)
"""Seconds of work that the workers do in a second, at the scale of the story in full."""

_Due = tuple[float, int]
"""When an order is sent, in seconds from T+00:00, and its levels."""


def reference_traffic(seed: int = 0) -> Iterator[CapturedRecord]:
    """Every record in the order in which it is sent."""
    bank = _Bank(seed)
    gateway = _Gateway()
    ends = [0] * PARTITIONS
    poisons = iter(POISONS.values())
    since_upgrade = 0
    for number, (at_s, depth) in enumerate(_due()):
        partition = number % PARTITIONS
        order = bank.take(depth, partition, _ms(at_s))
        value: bytes | None = order.value
        headers = order.headers
        since_upgrade += at_s >= told.UPGRADE_S
        poison = next(poisons, None) if since_upgrade and since_upgrade % _POISON_EVERY == 0 else None
        if poison is not None:
            value = poison(order.value)
        else:
            headers += gateway.take(order.value, at_s)
        record = RawRecord(ends[partition], _ms(at_s), 0, order.key, headers, value)
        yield CapturedRecord(TOPIC, partition, record)
        ends[partition] += 1


def _due() -> Iterator[_Due]:
    """The usual orders before the upgrade, after it, and after T+00:00; and the flood."""
    usual = range(told.SHALLOW, told.DEEP)
    calm, incident = STORY.due(told.UPGRADE_S), STORY.due(told.LAG_STORY_S)
    flood = _FLOOD * STORY.backlog / (told.LAG_STORY_S - told.UPGRADE_S)
    return merge(
        _evenly(told.TRAFFIC_S, told.UPGRADE_S, calm, [told.SHALLOW]),
        _evenly(told.UPGRADE_S, told.LAG_STORY_S, calm, usual),
        _evenly(told.LAG_STORY_S, told.ENDS_S, incident, usual),
        _evenly(told.UPGRADE_S, told.LAG_STORY_S, flood, [told.DEEP]),
    )


def _evenly(from_s: float, to_s: float, rate: float, depths: range | list[int]) -> Iterator[_Due]:
    for number, depth in zip(range(round((to_s - from_s) * rate)), cycle(depths), strict=False):
        yield from_s + (number + 0.5) / rate, depth


def _ms(at_s: float) -> int:
    return START_MS + int((at_s - told.BEGINS_S) * 1_000)


class _Bank:
    """Orders of each depth and partition, made when they are first asked for, and then used in turn."""

    def __init__(self, seed: int) -> None:
        self._generator = OrderGenerator(seed)
        self._orders: dict[int, list[Iterator[Order]]] = {}

    def take(self, depth: int, partition: int, at_ms: int) -> Order:
        orders = self._orders.get(depth)
        if orders is None:
            orders = self._orders[depth] = self._made(depth, at_ms)
        return next(orders[partition])

    def _made(self, depth: int, at_ms: int) -> list[Iterator[Order]]:
        wanted = _DEEP_BANK if depth == told.DEEP else _USUAL_BANK
        made: list[list[Order]] = [[] for _ in range(PARTITIONS)]
        while min(map(len, made)) < wanted:
            order = self._generator.order(depth, at_ms=at_ms)
            found = made[(murmur2(order.key) & 0x7FFFFFFF) % PARTITIONS]
            if len(found) < wanted:
                found.append(order)
        return [cycle(orders) for orders in made]


class _Gateway:
    """What the payment gateway does with each order when the story's workers come to it.

    They are taken for one that is so many times as fast. What they do not come to before the end was never
    sent to the gateway: of those as many fail as on a calm day.
    """

    def __init__(self) -> None:
        self._times = ServiceTimes()
        self._reached_s = told.BEGINS_S
        self._refusals = 0.5

    def take(self, value: bytes, at_s: float) -> tuple[tuple[str, bytes], ...]:
        """The headers that say it."""
        self._reached_s = max(self._reached_s, at_s)
        wait_s, refused_ratio = 0.0, told.CALM_ERRORS
        if self._reached_s < told.ENDS_S:
            wait_s, refused_ratio = told.gateway(self._reached_s)
        wait_s *= _WAIT_SHARE
        taken_s = self._times.of(value)
        self._refusals += refused_ratio
        if self._refusals >= 1.0:
            self._refusals -= 1.0
            self._reached_s += _ATTEMPTS * taken_s / _PACE
            return ((ERROR_HEADER, b"payment_gateway_timeout"),)
        self._reached_s += (taken_s + wait_s) / _PACE
        wait_us = round(wait_s / STORY.scale * 1_000_000)
        return ((LATENCY_HEADER, b"%d" % wait_us),) if wait_us else ()
