"""Stand-ins for the stream room's neighbours.

Records, a clock that is set, a dead-letter desk that remembers.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from aiokafka import TopicPartition

from stream_pool.errors import StreamPoolError
from stream_pool.stream.budget import DeadLetterBudget
from stream_pool.stream.counters import Counters
from stream_pool.stream.offsets import Claim, OffsetTracker, Record
from stream_pool.stream.runtime import Runtime

ORDERS = TopicPartition("orders", 0)


@dataclass(frozen=True)
class FakeRecord:
    """A consumed record."""

    offset: int
    value: bytes | None = b'{"sku": "a"}'
    key: bytes | None = None
    topic: str = "orders"
    partition: int = 0
    timestamp: int = 1_700_000_000_000
    timestamp_type: int = 1
    headers: Sequence[tuple[str, bytes]] = ()


def records(*offsets: int) -> list[FakeRecord]:
    return [FakeRecord(offset) for offset in offsets]


@dataclass
class FakeClock:
    """Time stands still until a test moves it."""

    at_s: float = 1_000.0

    def monotonic(self) -> float:
        return self.at_s

    def now_ms(self) -> int:
        return int(self.at_s * 1_000)


@dataclass
class FakeLetters:
    """Acknowledges at once, or when `acknowledge` is set."""

    written: list[tuple[Record, str, BaseException | None]] = field(default_factory=list)
    acknowledge: asyncio.Event | None = None
    refusal: StreamPoolError | None = None

    async def write(self, record: Record, reason: str, error: BaseException | None) -> None:
        if self.acknowledge is not None:
            await self.acknowledge.wait()
        if self.refusal is not None:
            raise self.refusal
        self.written.append((record, reason, error))

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(record.offset, reason) for record, reason, _ in self.written]


class Bench:
    """A tracker with one partition, and a runtime on fakes."""

    def __init__(self, *, budget: DeadLetterBudget | None = None) -> None:
        self.clock = FakeClock()
        self.letters = FakeLetters()
        self.counters = Counters()
        self.faults: list[StreamPoolError] = []
        self.tracker = OffsetTracker(self.counters.finished, lambda: None)
        self.tracker.assign(ORDERS, 0, 0)
        self.runtime = Runtime(
            decode=orjson.loads,
            clock=self.clock,
            counters=self.counters,
            letters=self.letters,  # type: ignore[arg-type]  # the fake has what is asked of it
            budget=budget or DeadLetterBudget(),
            fail=self.faults.append,
            yield_interval_s=0.05,
            random=random.Random(0),
        )

    def claim(self, delivered: Sequence[Record]) -> Claim:
        """The claim of one handler on a delivery of these records, begun."""
        claims = self.tracker.deliver(ORDERS, delivered, self.clock.monotonic(), 1)
        assert claims is not None
        assert claims[0].begin()
        return claims[0]

    @property
    def position(self) -> int:
        return self.tracker.positions()[ORDERS]
