"""What an agent gets: a run of records of one partition, and the bookkeeping of the work on it.

The idea: `Batch` is the only place that turns work into progress. It counts what was done since the last
`mark` (records, latency, dead letters), waits for the dead letters of those records, and only then moves
its claim: the order that keeps "committed" from ever overtaking "acknowledged".
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from stream_pool.stream.offsets import Claim, Record
from stream_pool.stream.order import Current, Order
from stream_pool.stream.runtime import Runtime, Tombstone, poison_reason
from stream_pool.stream.wire_format import WireFormat, refuse_wire_format

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a handler returns for an order that it will not take.

    It goes to the dead letters, without retries.
    """

    reason: str


class Batch:
    """Records of one partition, in order.

    Iterating decodes; a record that cannot be decoded goes to the dead letters.

    A batch is done when the agent asks for the next one. `records` are the raw records, undecoded.
    """

    __slots__ = (
        "_claim",
        "_counted",
        "_counters",
        "_given",
        "_last_s",
        "_letters",
        "_objects_only",
        "_rejected",
        "_retries",
        "_runtime",
        "_skipped",
        "_times",
    )

    def __init__(self, claim: Claim, runtime: Runtime, *, objects_only: bool = True) -> None:
        self._claim = claim
        self._runtime = runtime
        self._objects_only = objects_only
        partition = claim.delivery.partition
        self._counters = runtime.counters.of(partition.topic, partition.partition)
        self._counted = 0
        self._last_s = runtime.clock.monotonic()
        self._letters: list[asyncio.Task[None]] = []
        self._rejected = 0
        self._retries = 0
        self._skipped = 0
        self._times: list[tuple[int, float, float]] = []
        self._given = 0

    @property
    def topic(self) -> str:
        return str(self._claim.delivery.partition.topic)

    @property
    def partition(self) -> int:
        return int(self._claim.delivery.partition.partition)

    @property
    def records(self) -> Sequence[Record]:
        return self._claim.delivery.records

    @property
    def polled_at_s(self) -> float:
        """When the records left the consumer, in monotonic seconds."""
        return self._claim.delivery.polled_at_s

    @property
    def yield_interval_s(self) -> float:
        """How long to work on it before handing over to the event loop, in seconds."""
        return self._runtime.yield_interval_s

    @property
    def dropped(self) -> bool:
        """Whether the partition was taken away: what is left of the batch is another consumer's."""
        return self._claim.dropped

    def __len__(self) -> int:
        return len(self._claim.delivery.records)

    def __iter__(self) -> Iterator[Order]:
        """Orders with their documents; the loop ends early where the partition is taken away."""
        current = Current(Order(self.records[0], None))
        for count, record in enumerate(self._claim.delivery.records):
            self._given = max(self._given, count)
            if self._claim.dropped:
                return
            try:
                document = self._runtime.read(record, objects_only=self._objects_only)
            except Exception as error:
                self.bury_poison(record, error)
            else:
                order = Order(record, document)
                current.order = order
                yield order

    def reject(self, order: Order, reason: str) -> None:
        """Send this order to the dead letters, with `reason` as its slug."""
        self.bury(order.record, reason, None)

    def bury_poison(self, record: Record, error: Exception) -> None:
        """Bury a record whose value could not be read.

        Raises `WireFormat` where a whole topic seems to be what the app does not decode.
        """
        if record.value is None:
            error = Tombstone("the record has no value")
        reason = poison_reason(error, record.value)
        if reason == WireFormat.reason and self._runtime.stop_on_wire_format and self._is_first(record):
            refuse_wire_format(self.records)
        where = f"{record.topic}-{record.partition}@{record.offset}"
        log.warning("poison record", record=where, reason=reason, at=getattr(error, "offset", None))
        self.bury(record, reason, error)

    def _is_first(self, record: Record) -> bool:
        """Whether it is the first that this process does of its partition."""
        if self._counters.records:
            return False
        return record is next((each for each in self.records if each.value is not None), None)

    def count_handler_error(self) -> None:
        """A handler raised: counted once a call, whatever becomes of the record."""
        self._counters.handler_errors += 1

    def count_retry(self) -> None:
        self._counters.retries += 1
        self._retries += 1

    def count_skipped(self) -> None:
        self._counters.skipped += 1
        self._skipped += 1

    def skip_rest(self) -> None:
        """Count every record from the claim's position on as skipped: the batch failed as a whole."""
        skipped = len(self) - self._claim.count
        self._counters.skipped += skipped
        self._skipped += skipped

    def bury(self, record: Record, reason: str, error: BaseException | None) -> None:
        """Begin to write a dead letter; the batch does not move past the record before it is acknowledged."""
        self._counters.dead_letter(reason)
        self._rejected += 1
        self._letters.append(asyncio.ensure_future(self._runtime.letters.write(record, reason, error)))

    def bury_rest(self, reason: str, error: BaseException | None) -> None:
        """Send every record from the claim's position on to the dead letters: the batch failed as a whole."""
        for record in self.records[self._claim.count :]:
            self.bury(record, reason, error)

    def mark(self, count: int, now_s: float) -> None:
        """Count the first `count` records as done by now. They were done evenly since the last mark."""
        fresh = count - self._counted
        if fresh:
            polled_at_s = self._claim.delivery.polled_at_s
            middle_s = (max(self._last_s, polled_at_s) + now_s) / 2 - polled_at_s
            self._times.append((fresh, now_s - polled_at_s, middle_s * fresh))
            self._counted = count
        self._last_s = now_s

    async def settle(self, count: int) -> None:
        """Move on to `count` done records, once their dead letters are acknowledged, and charge the budget.

        Raises `DeadLetterUnwritable`, `DeadLetterBudgetExceeded`.
        """
        if self._letters:
            letters, self._letters = self._letters, []
            try:
                await asyncio.gather(*letters)
            except BaseException:
                for letter in letters:
                    letter.cancel()
                raise
        fresh = count - self._claim.count
        self._claim.advance(count)
        rejected = self._rejected
        self._count_settled()
        self._runtime.spend(fresh, rejected)

    def _count_settled(self) -> None:
        """Count what belongs to the records that the claim moved past, unless they are another's to do."""
        counters = self._counters
        if not self._claim.delivery.forgotten:
            counters.settle(dead_letters=self._rejected, skipped=self._skipped, retries=self._retries)
            for time in self._times:
                counters.processed(*time)
        self._rejected = self._skipped = self._retries = 0
        self._times.clear()

    async def finish(self) -> None:
        """The next batch was asked for.

        This one is done, or, where it was taken away, what was given out of it.
        """
        count = self._given if self._claim.dropped else len(self)
        count = max(count, self._claim.count)
        self.mark(max(count, self._counted), self._runtime.clock.monotonic())
        await self.settle(count)

    def release(self) -> None:
        """Let go of the claim; what is not settled stays uncommitted."""
        for letter in self._letters:
            letter.cancel()
        self._claim.release()

    def __repr__(self) -> str:
        first = self.records[0].offset
        return f"Batch({self.topic}-{self.partition}@{first}, {len(self)} records)"
