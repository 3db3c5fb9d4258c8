"""The worker's pen on the event log: bounded, and never in the way of the orders.

Observations wait in a buffer while the log cannot be written; the oldest are dropped, and how many of which
type is itself an observation, `observations.lost`. Every one carries the worker, its incarnation and a
rising sequence, so that a reader drops what was written twice.

The limits: an event whose acknowledgement was lost counts as not written, and is written again; so more may
be told to be lost than was, and never less. What is left in the buffer when the process ends is lost with
it; it is counted and said in the worker's own log, and shows in the event log as positions that nobody
accounted for.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple, Protocol

import structlog
from aiokafka.errors import InvalidTimestampError, MessageSizeTooLargeError, RecordListTooLargeError

from stream_pool.clock import Clock
from stream_pool.events import EncodedEvent, Observation, ObservationsLost, encode, event_id
from stream_pool.stream.errors import MISSING, raise_if_cancelled
from stream_pool.stream.trouble import Trouble

log = structlog.get_logger(__name__)

_WRITE_TIMEOUT_S = 30.0  # the client gives up before, and then it is known what was written
_FIRST_BACKOFF_S = 1.0
_LAST_BACKOFF_S = 5.0
_FLUSH_AGAIN_S = 0.1
_LAST_REPORT_PAUSE_S = 60.0
_AT_ONCE = 50  # out of order by no more than the fold's memory of repeats reaches back
_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError)
"""It is the event that the topic will not take, and not the topic that is in trouble."""


class _Waiting(NamedTuple):
    """An event on its way. `counts` is what has to be reported where it is lost, by type."""

    message: EncodedEvent
    counts: Mapping[str, int]

    @property
    def size_bytes(self) -> int:
        return len(self.message.value)


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

    `append` never waits; `run` writes until cancelled, `flush` until empty. `buffer` and `buffer_bytes` bound
    what waits; a few events more may be on their way to the broker. `on_missing` is called where the topic is
    not there.
    """

    def __init__(
        self,
        topic: str,
        identity: Identity,
        producer: EventProducer,
        *,
        clock: Clock,
        on_missing: Callable[[], Awaitable[None]],
        buffer: int = 1_000,
        buffer_bytes: int = 16 * 2**20,
    ) -> None:
        self.topic = topic
        self.identity = identity
        self.written = 0
        self.lost = 0
        self._producer = producer
        self._clock = clock
        self._on_missing = on_missing
        self._bound = buffer
        self._bound_bytes = buffer_bytes
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._unreported: Counter[str] = Counter()
        self._report_at_s = clock.monotonic()
        self._report_pause_s = _FIRST_BACKOFF_S
        self._sequence = 0
        self._singly = 0
        self._on_way = 0
        self._ended = False
        self._awake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._away = Trouble("event log not written, trying again", clock, topic=topic)
        self._refusals = Trouble("event refused by its topic, and lost", clock, topic=topic)

    @property
    def buffered(self) -> int:
        return len(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether less than half the buffer is in use: room for what can wait with whom it comes from."""
        is_half_empty = 2 * len(self._waiting) < self._bound and 2 * self._waiting_bytes < self._bound_bytes
        return is_half_empty or not self._waiting

    def stamp(self) -> Stamp:
        """The first three members of the next observation."""
        self._sequence += 1
        return Stamp(self.identity.worker, self.identity.incarnation, self._sequence)

    def append(self, event: Observation) -> None:
        """Queue an observation; drop the oldest event where the buffer is full."""
        source = f"/stream-pool/{self.identity.worker}"
        message = encode(event, id=event_id(event), source=source, time_ms=self._clock.now_ms())
        earlier = event.by_type if isinstance(event, ObservationsLost) else {}
        self._queue(_Waiting(message, Counter({event.TYPE: 1}) + Counter(earlier)))

    def append_encoded(self, event_type: str, encoded: EncodedEvent) -> None:
        """The same for an event whose message is made already."""
        self._queue(_Waiting(encoded, {event_type: 1}))

    async def run(self) -> None:
        """Write what is queued, as it comes, until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            backoff_s = _FIRST_BACKOFF_S
            while self._waiting:
                if await self._write_some():
                    backoff_s = _FIRST_BACKOFF_S
                else:
                    await asyncio.sleep(backoff_s)
                    backoff_s = min(2 * backoff_s, _LAST_BACKOFF_S)
            if self._unreported and self._clock.monotonic() >= self._report_at_s:
                self._report_lost()

    async def flush(self, timeout_s: float) -> None:
        """Write what is queued, for at most `timeout_s`; what is left then is lost with the process."""
        if self._unreported:
            self._report_lost()
            self._waiting.rotate(1)  # to the front: it tells most
        try:
            async with asyncio.timeout(timeout_s):
                while self._waiting or self._writing.locked():
                    if not await self._write_some():
                        await asyncio.sleep(_FLUSH_AGAIN_S)
        except TimeoutError:
            pass
        self._ended = True
        self._trim()
        if self._unreported or self._on_way:
            by_type = dict(sorted(self._unreported.items()))
            log.warning("events not written at the end", topic=self.topic, lost=by_type, unknown=self._on_way)

    async def _write_some(self) -> bool:
        """Write the oldest events, in order; False when it is better to wait before the next attempt."""
        async with self._writing:
            count = self._on_way = min(1 if self._singly else _AT_ONCE, len(self._waiting))
            batch = [self._take() for _ in range(count)]
            acks: list[asyncio.Future[Any]] = []
            error: BaseException | None = None
            try:
                async with asyncio.timeout(_WRITE_TIMEOUT_S):
                    error = await self._hand_over(batch, acks)
            except TimeoutError as late:
                error = late
            finally:
                unwritten = [event for event, ack in zip_longest(batch, acks) if not _is_written(ack)]
                for ack in acks:
                    ack.cancel()
                self._on_way = 0
                self._written(count - len(unwritten))
                if count == 1 and isinstance(error, _REFUSED):
                    self._lose(*unwritten)
                else:
                    self._put_back(unwritten)
            self._singly = max(0, self._singly - count)
            if error is None:
                return True
            if not isinstance(error, _REFUSED):
                self._away.met(error)
                if isinstance(error, MISSING):
                    await self._on_missing()
                return False
            if count == 1:
                self._refusals.met(error)
            else:
                self._singly = len(unwritten)  # something among them: find out what, one by one
            return True

    async def _hand_over(
        self, batch: Sequence[_Waiting], acks: list["asyncio.Future[Any]"]
    ) -> BaseException | None:
        """Send one after the other, wait for all that were sent; what went wrong, if anything.

        A refusal of one event comes before trouble with the topic: it can be acted upon.
        """
        errors: list[BaseException] = []
        try:
            for event in batch:
                acks.append(await self._send(event.message))  # noqa: PERF401  # kept where a later one fails
        except (Exception, asyncio.CancelledError) as error:  # whatever a client raises: orders go on
            raise_if_cancelled(error)
            errors.append(error)
        outcomes = await asyncio.gather(*acks, return_exceptions=True)
        errors += [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        errors.sort(key=lambda error: not isinstance(error, _REFUSED))
        return errors[0] if errors else None

    async def _send(self, event: EncodedEvent) -> "asyncio.Future[Any]":
        return await self._producer.send(self.topic, event.value, event.key, 0, headers=list(event.headers))

    def _queue(self, event: _Waiting) -> None:
        self._waiting.append(event)
        self._waiting_bytes += event.size_bytes
        self._trim()
        self._awake.set()

    def _take(self) -> _Waiting:
        event = self._waiting.popleft()
        self._waiting_bytes -= event.size_bytes
        return event

    def _put_back(self, events: Sequence[_Waiting]) -> None:
        self._waiting.extendleft(reversed(events))
        self._waiting_bytes += sum(event.size_bytes for event in events)
        self._trim()

    def _trim(self) -> None:
        bound, bound_bytes = (0, 0) if self._ended else (self._bound, self._bound_bytes)
        while len(self._waiting) > bound or self._waiting_bytes > bound_bytes:
            self._lose(self._take())

    def _written(self, count: int) -> None:
        if count:
            self.written += count
            self._report_pause_s = _FIRST_BACKOFF_S
            self._away.over()

    def _lose(self, *events: _Waiting) -> None:
        for event in events:
            self.lost += 1
            self._unreported.update(event.counts)
            if ObservationsLost.TYPE in event.counts:
                self._report_pause_s = min(2 * self._report_pause_s, _LAST_REPORT_PAUSE_S)

    def _report_lost(self) -> None:
        by_type, self._unreported = dict(sorted(self._unreported.items())), Counter()
        self._report_at_s = self._clock.monotonic() + self._report_pause_s
        self.append(ObservationsLost(*self.stamp(), lost=sum(by_type.values()), by_type=by_type))


def _is_written(ack: "asyncio.Future[Any] | None") -> bool:
    return ack is not None and ack.done() and not ack.cancelled() and ack.exception() is None
