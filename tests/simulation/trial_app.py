"""The app of the trials: its handlers do what each message says, so that it is known what must come of it."""

import asyncio
from collections import Counter
from typing import Any

from simulation.schedule import Message, Schedule
from stream_pool.settings import Settings
from stream_pool.stream.app import App
from stream_pool.stream.batch import Rejected
from stream_pool.stream.order import Order
from stream_pool.testing.ledger import Ledger

GROUP = "orders-group"
TOPIC = "orders"

_RETRIES = 1
_COLLECT_S = 0.05


class SimulatedError(Exception):
    """What a handler raises because its message says so."""


class TrialApp:
    """Makes the workers' apps of one schedule, and knows what was produced for them.

    `trimmed`: the first offset that is kept, by partition, where retention was at work. `letters` counts dead
    letters by (topic, partition, offset); whoever watches the log fills it.
    """

    def __init__(self, schedule: Schedule, ledger: Ledger) -> None:
        self.settings = Settings(**schedule.settings)
        self.produced: dict[int, list[Message]] = {n: [] for n in range(schedule.partitions)}
        self.trimmed: dict[int, int] = {}
        self.letters: Counter[tuple[str, int, int]] = Counter()
        self._schedule = schedule
        self._ledger = ledger
        self._collected: set[tuple[int, int]] = set()

    def deploy(self) -> None:
        """Let the lives that begin from now on have the later settings."""
        self.settings = Settings(**self._schedule.later_settings)

    def make(self) -> App:
        """The app of a worker."""
        app = App(GROUP, settings=self.settings)
        met: set[tuple[int, int]] = set()

        async def handle(order: Order) -> Rejected | None:
            kind = order.document["kind"]
            if kind == "slow":
                await asyncio.sleep(order.document["seconds"])
            elif kind == "failing":
                raise SimulatedError("the message says so")
            elif kind == "flaky" and (place := (order.partition, order.offset)) not in met:
                met.add(place)
                raise SimulatedError("the message says so, once")
            elif kind == "rejected":
                return Rejected("unknown_sku")
            return None

        on_error: Any = self._schedule.on_error
        app.each(TOPIC, on_error=on_error, retries=_RETRIES)(self._ledger.recorded(handle))
        if self._schedule.batch_agent:
            self._add_batch_agent(app)
        return app

    def make_detector(self) -> App:
        """The app of a detector alone."""
        return App(GROUP, settings=self.settings)

    def is_done(self, partition: int, offset: int) -> bool:
        """Whether every agent is done with a record, and its dead letter is there where it needs one."""
        if offset < self.trimmed.get(partition, 0):
            return True
        kind, place = self.produced[partition][offset].kind, (TOPIC, partition, offset)
        readable = kind not in ("poison", "tombstone")
        if self._schedule.batch_agent and readable and (partition, offset) not in self._collected:
            return False
        if kind in ("fine", "slow", "flaky"):
            return self._ledger.times_done(*place) > 0
        if kind == "failing" and self._schedule.on_error == "skip":
            return self._ledger.times_failed(*place) > _RETRIES
        return self.letters[place] > 0

    def _add_batch_agent(self, app: App) -> None:
        """A second agent on the same records, at times slower than the first, and done with whole batches."""

        async def collect(batches: Any) -> None:
            async for batch in batches:
                orders = [(order.partition, order.offset) for order in batch]
                await asyncio.sleep(_COLLECT_S * len(orders))
                self._collected.update(orders)

        app.agent(app.batches(TOPIC, on_error="skip"))(collect)
