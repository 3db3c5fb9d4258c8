"""Plain integers that the hot path adds to, by partition. Metrics and events are made from copies of them.

Metrics show what happened as it happens. The log's ranges of positions are exact: what belongs to a record
enters the `tally` and the interval's latency when the position moves past it, and never where the record is
another consumer's to do.
"""

from dataclasses import dataclass

from stream_pool.signals import Histogram
from stream_pool.stream.offsets import Delivery

_REASONS_MAX = 64


@dataclass(frozen=True, slots=True)
class Tally:
    """Totals of records that are settled. `errors`: not handled in the end, dead letters and skipped ones."""

    errors: int = 0
    dead_letters: int = 0
    retries: int = 0


class PartitionCounters:
    """Totals since the process began, and the latency (from poll to done) of the interval that runs.

    `records` and `size_bytes` are of deliveries that every handler is done with, each counted once. `tally`
    has what was settled, the rest what was begun.
    """

    __slots__ = (
        "dead_letters",
        "handler_errors",
        "interval_latency",
        "past_latency",
        "records",
        "retries",
        "size_bytes",
        "skipped",
        "tally",
    )

    def __init__(self) -> None:
        self.records = 0
        self.size_bytes = 0
        self.handler_errors = 0
        self.retries = 0
        self.skipped = 0
        self.dead_letters: dict[str, int] = {}
        self.interval_latency = Histogram()
        self.past_latency = Histogram()
        self.tally = Tally()

    def settle(self, *, dead_letters: int = 0, skipped: int = 0, retries: int = 0) -> None:
        """Count what belongs to records that the position has moved past."""
        if dead_letters or skipped or retries:
            before = self.tally
            self.tally = Tally(
                before.errors + dead_letters + skipped,
                before.dead_letters + dead_letters,
                before.retries + retries,
            )

    def processed(self, records: int, latency_s: float, sum_s: float) -> None:
        """Add the latency of records done, all in the bucket of `latency_s`, which is their greatest.

        `sum_s` is their sum.
        """
        latency = self.interval_latency
        latency.add(latency_s, records)
        latency.sum_s += sum_s - latency_s * records

    def dead_letter(self, reason: str) -> None:
        """Count one. Handlers may make reasons up: beyond `_REASONS_MAX` the rest counts as `other`."""
        if reason not in self.dead_letters and len(self.dead_letters) >= _REASONS_MAX:
            reason = "other"
        self.dead_letters[reason] = self.dead_letters.get(reason, 0) + 1

    def next_interval(self) -> None:
        """Begin the latency of the next interval."""
        self.past_latency.merge(self.interval_latency.sparse())
        self.interval_latency = Histogram()

    def total_latency(self) -> Histogram:
        """Latency since the process began."""
        total = Histogram()
        total.merge(self.past_latency.sparse())
        total.merge(self.interval_latency.sparse())
        return total


class Counters:
    """The counters of every partition that this process has had; as many as the topics have partitions."""

    def __init__(self) -> None:
        self._partitions: dict[tuple[str, int], PartitionCounters] = {}

    def of(self, topic: str, partition: int) -> PartitionCounters:
        found = self._partitions.get((topic, partition))
        if found is None:
            found = self._partitions[(topic, partition)] = PartitionCounters()
        return found

    def finished(self, delivery: Delivery) -> None:
        """Count a delivery that every handler is done with."""
        counters = self.of(delivery.partition.topic, delivery.partition.partition)
        counters.records += len(delivery.records)
        counters.size_bytes += delivery.size_bytes

    def partitions(self) -> dict[tuple[str, int], PartitionCounters]:
        """The live counters by (topic, partition)."""
        return dict(self._partitions)

    def total_records(self) -> int:
        """Records done, of all partitions."""
        return sum(counters.records for counters in self._partitions.values())
