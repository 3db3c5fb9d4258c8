"""The worker's pen on the event log: bounded, and never in the way of the orders.

Observations wait in a buffer while the log cannot be written; the oldest are dropped, and how many of which
type is itself an observation, `observations.lost`. Every one carries the worker, its incarnation and a
rising sequence, so that a reader drops what was written twice.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from stream_pool.clock import Clock
from stream_pool.events import EncodedEvent, Observation, ObservationsLost, encode, event_id

log = structlog.get_logger(__name__)

_WRITE_TIMEOUT_S = 5.0
_BACKOFF_S = 1.0
_AT_ONCE = 100
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class _Waiting(NamedTuple):
    """An event on its way. `counts` is what has to be reported where it is lost, by type."""

    message: EncodedEvent
    counts: Mapping[str, int]


class EventProducer(Protocol):
    """What is asked of the producer (aiokafka's has it)."""

    async def send(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: Any
    ) -> "asyncio.Future[Any]": ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes: a worker's name outlives its restarts, an incarnation is one life of its process."""

    worker: str
    incarnation: str


class Stamp(NamedTuple):
    """What every observation begins with."""

    worker: str
    incarnation: str
    sequence: int


class EventWriter:
    """Writes to partition 0 of one topic.

    `append` never waits; `run` writes until cancelled, `flush` until empty.
    """

    def __init__(
        self,
        topic: str,
        identity: Identity,
        producer: EventProducer,
        *,
        clock: Clock,
        buffer: int = 1_000,
    ) -> None:
        self.topic = topic
        self.identity = identity
        self.written = 0
        self.lost = 0
        self._producer = producer
        self._clock = clock
        self._bound = buffer
        self._waiting: deque[_Waiting] = deque()
        self._unreported: Counter[str] = Counter()
        self._sequence = 0
        self._singly = 0
        self._awake = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def buffered(self) -> int:
        return len(self._waiting)

    def stamp(self) -> Stamp:
        """The first three members of the next observation."""
        self._sequence += 1
        return Stamp(self.identity.worker, self.identity.incarnation, self._sequence)

    def append(self, event: Observation) -> None:
        """Queue an observation; drop the oldest event where the buffer is full."""
        source = f"/stream-pool/{self.identity.worker}"
        encoded = encode(event, id=event_id(event), source=source, time_ms=self._clock.now_ms())
        earlier = event.by_type if isinstance(event, ObservationsLost) else {}
        self._queue(_Waiting(encoded, Counter({event.TYPE: 1}) + Counter(earlier)))

    def append_encoded(self, event_type: str, encoded: EncodedEvent) -> None:
        """The same for an event whose message is made already."""
        self._queue(_Waiting(encoded, {event_type: 1}))

    def _queue(self, event: _Waiting) -> None:
        self._waiting.append(event)
        self._trim()
        self._awake.set()

    async def run(self) -> None:
        """Write what is queued, as it comes, until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting:
                if not await self._write_some():
                    await asyncio.sleep(_BACKOFF_S)
            if self._unreported:
                await asyncio.sleep(_BACKOFF_S)
                self._report_lost()

    async def flush(self, timeout_s: float) -> None:
        """Write what is queued, for at most `timeout_s`; what is left then is lost with the process."""
        if self._unreported:
            self._report_lost()
        try:
            async with asyncio.timeout(timeout_s):
                while self._waiting and await self._write_some():
                    pass
        except TimeoutError:
            pass
        if self._waiting:
            log.warning("events not written at the end", topic=self.topic, events=len(self._waiting))

    async def _write_some(self) -> bool:
        """Write the oldest events, in order; False when it is better to wait before the next attempt."""
        async with self._writing:
            count = min(1 if self._singly else _AT_ONCE, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            try:
                async with asyncio.timeout(_WRITE_TIMEOUT_S):
                    acks = [await self._send(event.message) for event in batch]
                    await asyncio.gather(*acks)
            except _TOO_LARGE as error:
                self._refused(batch, error)
                return True
            except BaseException as error:
                self._put_back(batch)
                if not isinstance(error, TimeoutError | KafkaError):
                    raise
                log.warning("event log not written, trying again", topic=self.topic, error=repr(error))
                return False
            self._singly = max(0, self._singly - count)
            self.written += count
            return True

    def _refused(self, batch: list[_Waiting], error: KafkaError) -> None:
        """Something in it is too large: find out what, one by one, and drop that alone."""
        if len(batch) > 1:
            self._singly = len(batch)
            self._put_back(batch)
            return
        self._singly = max(0, self._singly - 1)
        log.error("event too large for its topic", topic=self.topic, error=repr(error))
        self._lose(batch[0])

    def _put_back(self, batch: list[_Waiting]) -> None:
        self._waiting.extendleft(reversed(batch))
        self._trim()

    def _trim(self) -> None:
        while len(self._waiting) > self._bound:
            self._lose(self._waiting.popleft())

    def _lose(self, event: _Waiting) -> None:
        self.lost += 1
        self._unreported.update(event.counts)

    async def _send(self, event: EncodedEvent) -> "asyncio.Future[Any]":
        return await self._producer.send(self.topic, event.value, event.key, 0, headers=list(event.headers))

    def _report_lost(self) -> None:
        by_type, self._unreported = dict(sorted(self._unreported.items())), Counter()
        self.append(ObservationsLost(*self.stamp(), lost=sum(by_type.values()), by_type=by_type))
