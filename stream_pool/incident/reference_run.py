"""Plays the reference incident: the production app on an in-memory log, under a virtual clock.

Four workers and a feeder. Every byte that is decoded comes from the order generator, out of banks of
thousands of orders that are used again and again; what lies beyond the orders that the story's minutes
reach is one record a partition, counted many times.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident import reference as told
from stream_pool.incident.orders import OrderGenerator
from stream_pool.incident.quiet import quiet
from stream_pool.incident.reference import GROUP, PARTITIONS, TOPIC, WORKERS, Story
from stream_pool.incident.reference_machines import machines
from stream_pool.incident.service_model import GatewayRefused, OrderService
from stream_pool.stream.app import App
from stream_pool.stream.log_reader import raw_record
from stream_pool.stream.order import Order
from stream_pool.testing.records import Stored, fetched
from stream_pool.testing.simulation import Simulation, simulate

TICK_S = 1.0
BANK = 8_192
READ_AHEAD = 1.25
"""So much more of the backlog than the workers can reach comes from the bank."""

Take = Callable[[str, RawRecord], None]
"""Told of every record of the log and of the snapshots, in order, with its topic."""

Watch = Callable[[float, int], None]
"""Told where the story is, in seconds from T+00:00, and how many orders were handled."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a run: `handled` orders in all, `orders` of them since T+00:00, the most `lag_max`
    records behind, and virtual seconds."""

    handled: int
    orders: int
    lag_max: int
    virtual_s: float


def play(story: Story, *, take: Take, watch: Watch, seed: int = 0) -> Played:
    """Play the story from its beginning to its end. The same story and seed give the same log to the byte."""

    async def tell(sim: Simulation) -> Played:
        return await _Run(sim, story, take, watch, seed).play()

    with quiet():
        return simulate(tell, seed=seed)


class _Run:
    """One playing of the story."""

    def __init__(self, sim: Simulation, story: Story, take: Take, watch: Watch, seed: int) -> None:
        self._sim = sim
        self._story = story
        self._take = take
        self._watch = watch
        self._settings = story.settings
        self._generator = OrderGenerator(seed)
        self._handled = 0
        self._due = 0.0
        self._banks: dict[int, list[list[Stored]]] = {}
        self._turns = [0] * PARTITIONS

    @property
    def _at_s(self) -> float:
        return self._sim.loop.time() + told.BEGINS_S

    async def play(self) -> Played:
        sim, story = self._sim, self._story
        sim.create_topic(TOPIC, PARTITIONS)
        sim.log.on_append.append(self._appended)
        lag_max = before = 0
        with machines(sim, lambda: self._at_s):
            for name in WORKERS:
                sim.start_worker(self._make_app, name)
            while self._at_s < story.until_s:
                self._feed()
                await sim.advance(TICK_S)
                if self._at_s <= told.LAG_STORY_S:
                    before = self._handled
                lag_max = max(lag_max, sim.behind(GROUP, TOPIC))
                self._watch(self._at_s, self._handled)
        await asyncio.gather(*(sim.stop(name) for name in WORKERS))
        return Played(self._handled, self._handled - before, lag_max, sim.loop.time())

    def _make_app(self) -> App:
        app = App(GROUP, settings=self._settings)
        service = OrderService(lambda: self._at_s, told.gateway, pace=1 / self._story.scale)

        # An order that the gateway refuses is counted and left: at 12 % dead letters the budget of 5 % would
        # stop the workers, and those of the story went on.
        @app.each(TOPIC, on_error="skip", retries=0)
        async def handle(order: Order) -> None:
            assert order.value is not None, "what is sent has a value"
            sleep_s, refused = service.take(order.value)
            if sleep_s:
                await asyncio.sleep(sleep_s)
            self._handled += 1
            if refused:
                raise GatewayRefused("no connection left in the pool")

        return app

    # --- traffic

    def _feed(self) -> None:
        """Send what is due at this moment."""
        at_s, story = self._at_s, self._story
        self._due += story.due(at_s) * TICK_S
        count, self._due = int(self._due), self._due % 1.0
        if at_s < told.UPGRADE_S:
            self._send(told.SHALLOW, count)
        elif at_s < told.LAG_STORY_S:
            part = (at_s + TICK_S - told.UPGRADE_S) / -told.UPGRADE_S
            self._pile_up(round(story.backlog * part) - self._sim.behind(GROUP, TOPIC) + count)
        else:
            self._repeat(count)

    def _pile_up(self, count: int) -> None:
        """Send more than is read: from the bank as far as the workers will come, then one record each."""
        reached = READ_AHEAD * self._story.orders
        if sum(self._turns) < reached:
            self._send(told.DEEP, count)
        else:
            self._repeat(count)

    def _send(self, depth: int, count: int) -> None:
        """Send orders from the bank, to the partitions that their keys choose."""
        bank = self._bank(depth)
        for number in range(PARTITIONS):
            orders = bank[number]
            share = count // PARTITIONS + (number < count % PARTITIONS)
            turn = self._turns[number]
            batch = [orders[at % len(orders)] for at in range(turn, turn + share)]
            self._sim.log.append_batch(TopicPartition(TOPIC, number), batch)
            self._turns[number] += share

    def _repeat(self, count: int) -> None:
        """Send the same record again and again, to each partition its own."""
        bank = self._bank(told.DEEP)
        for number in range(PARTITIONS):
            share = count // PARTITIONS + (number < count % PARTITIONS)
            if share:
                self._sim.log.append_many(TOPIC, number, bank[number][0], share)

    def _bank(self, depth: int) -> list[list[Stored]]:
        """Orders of a depth by partition, made when they are first asked for."""
        bank = self._banks.get(depth)
        if bank is None:
            log = self._sim.log
            bank = self._banks[depth] = [[] for _ in range(PARTITIONS)]
            for _ in range(BANK):
                order = self._generator.order(depth, at_ms=log.clock.now_ms())
                bank[log.partition_for(TOPIC, order.key)].append(
                    log.stored(TOPIC, order.value, order.key, order.headers)
                )
        return bank

    def _appended(self, place: TopicPartition, offset: int, kept: Stored) -> None:
        topic = place.topic
        if topic != TOPIC:
            self._take(topic, raw_record(fetched(topic, place.partition, offset, kept)))
