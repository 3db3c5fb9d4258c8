"""Orders at an even rate, and how long each goes unread: a deploy or a crash as it is seen from outside.

A record is unread from the moment at which its producer has it acknowledged until a handler has it in its
ledger. What was never acknowledged does not count: nobody was told that it is safe. Acknowledgements and
ledgers are seen some milliseconds late, so times are good to about 0.05 s.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_pool.bench.background import background
from stream_pool.bench.ledger import LedgerReader, Place

LOOK_S = 0.02
END_TIMEOUT_S = 60.0
BATCH_BYTES = 1 << 20
"""A partition without a leader fills its batch, and a full one would hold up the orders to the others."""


@dataclass(slots=True)
class Unread:
    """The account: which records wait for a handler, and how long the longest had to. Times are monotonic."""

    longest_s: float = 0.0
    acknowledged: int = 0
    refused: int = 0
    waiting: dict[Place, float] = field(default_factory=dict)
    handled: Counter[Place] = field(default_factory=Counter)
    _marked_s: float | None = None
    _written: dict[int, float] = field(default_factory=dict)
    _read: dict[int, float] = field(default_factory=dict)
    _asked: set[Place] = field(default_factory=set)

    def mark(self, at_s: float) -> None:
        """From here on `written_s` and `read_s` are told: something is about to happen."""
        self._marked_s = at_s
        self._written, self._read, self._asked = {}, {}, set()

    def acknowledge(self, place: Place, sent_s: float, at_s: float) -> None:
        """The broker has taken a record."""
        self.acknowledged += 1
        if self._marked_s is not None and sent_s >= self._marked_s:
            self._asked.add(place)
            self._written.setdefault(place[0], at_s - self._marked_s)
        if place in self.handled:  # its ledger was looked at first
            self._has_read(place, at_s)
        else:
            self.waiting[place] = at_s

    def handle(self, place: Place, at_s: float) -> None:
        """A handler has written a record into its ledger."""
        self.handled[place] += 1
        if (since_s := self.waiting.pop(place, None)) is not None:
            self.longest_s = max(self.longest_s, at_s - since_s)
            self._has_read(place, at_s)

    def written_s(self, partitions: int) -> float | None:
        """Seconds from the mark until each partition had taken a record sent after it; None: not yet."""
        return _latest(self._written, partitions)

    def read_s(self, partitions: int) -> float | None:
        """Seconds from the mark until one of those of each partition was handled; None: not yet."""
        return _latest(self._read, partitions)

    @property
    def lost(self) -> int:
        """Records that were acknowledged, and handled by nobody so far."""
        return len(self.waiting)

    @property
    def repeated(self) -> int:
        """Records that were handled more than once."""
        return sum(times > 1 for times in self.handled.values())

    def _has_read(self, place: Place, at_s: float) -> None:
        if self._marked_s is not None and place in self._asked:
            self._read.setdefault(place[0], at_s - self._marked_s)


def _latest(times: dict[int, float], partitions: int) -> float | None:
    return max(times.values()) if len(times) == partitions else None


class Traffic:
    """Writes to every partition in turn, and follows the ledgers that it is told of."""

    def __init__(self, servers: str, topic: str, *, partitions: int, rate: float) -> None:
        self.unread = Unread()
        self._servers = servers
        self._topic = topic
        self._partitions = partitions
        self._rate = rate
        self._ledgers: list[LedgerReader] = []
        self._on_way = 0

    def follow(self, ledger: Path) -> None:
        """One more worker writes to this file, now or later. It has to stay until the end of the block."""
        self._ledgers.append(LedgerReader(ledger))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Unread]:
        """Traffic while the block lasts; at its end it waits for a minute at most until all that was
        acknowledged was handled.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
        )
        async with producer, background(self._look()):
            async with background(self._write(producer)):
                yield self.unread
            await self._end()

    async def _write(self, producer: AIOKafkaProducer) -> None:
        number = 0
        while True:
            sent_s = time.monotonic()
            value = b'{"order": {"number": %d}}' % number
            try:
                told = await producer.send(self._topic, value, partition=number % self._partitions)
            except KafkaError:
                self.unread.refused += 1
            else:
                self._on_way += 1
                told.add_done_callback(partial(self._answered, sent_s))
            number += 1
            await asyncio.sleep(1 / self._rate)

    def _answered(self, sent_s: float, told: "asyncio.Future[Any]") -> None:
        self._on_way -= 1
        if told.cancelled() or told.exception() is not None:
            self.unread.refused += 1
        else:
            place = (told.result().partition, told.result().offset)
            self.unread.acknowledge(place, sent_s, time.monotonic())

    async def _look(self) -> None:
        while True:
            for ledger in self._ledgers:
                for place in ledger.read_more():
                    self.unread.handle(place, time.monotonic())
            await asyncio.sleep(LOOK_S)

    async def _end(self) -> None:
        give_up_s = time.monotonic() + END_TIMEOUT_S
        while (self._on_way or self.unread.lost) and time.monotonic() < give_up_s:  # noqa: ASYNC110  # files
            await asyncio.sleep(LOOK_S)
