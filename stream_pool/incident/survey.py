"""A first reading of a capture: what one has to know before the first record is replayed.

Only figures are kept, so memory does not depend on the file's size; of the event log in it, where what its
group took is asked for, 16 bytes for each range that a worker reported.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from stream_pool.events import SignalsSampled, read_raw
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CapturedRecord
from stream_pool.incident.gaps import Gaps, Missing
from stream_pool.incident.only import Only
from stream_pool.incident.service_times import RecordedTimes

_TELL_EVERY = 500

Watch = Callable[[int, int, int], None]
"""Told how many bytes of the file are read, of how many, and how many records that were."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a capture holds, as far as it can be read.

    `records` of its own topic are to be replayed; `left_out` were not chosen, `others` are of other topics.
    `begins` has the first offset of each of its topic's partitions, by number. Times are Unix ms; None where
    no record has one.
    """

    records: int
    left_out: int
    others: int
    bytes: int
    begins: dict[int, int]
    first_ms: int | None
    last_ms: int | None
    recorded: RecordedTimes
    damage: CaptureDamaged | None
    partition_count: int | None = None
    missing: Missing = field(default_factory=Missing)

    @property
    def partitions(self) -> int:
        """The number of partitions that the topic had, or where nobody said must have had at least."""
        return max(self.partition_count or 0, max(self.begins, default=0) + 1)

    @property
    def span_s(self) -> float:
        """From the earliest record to the latest, in seconds."""
        if self.first_ms is None or self.last_ms is None:
            return 0.0
        return (self.last_ms - self.first_ms) / 1_000


def survey(capture: Capture, only: Only, watch: Watch) -> Survey:
    """Read a capture through, to its end or to where it is damaged."""
    topic = capture.header.topic
    begins = {partition: begin for partition, (begin, _) in capture.header.partitions.items()}
    recorded = RecordedTimes(topic)
    records = left_out = others = size_bytes = 0
    first_ms = last_ms = None
    gaps = Gaps(capture)
    damage = None
    try:
        for number, captured in enumerate(capture, 1):
            if number % _TELL_EVERY == 0:
                watch(capture.read_bytes, capture.size_bytes, number)
            record = captured.record
            if captured.topic != topic:
                others += 1
                _listen(captured, recorded)
                continue
            gaps.take(captured.partition, record.offset)
            begins.setdefault(captured.partition, record.offset)
            if not only.takes(captured.partition, record):
                left_out += 1
                continue
            records += 1
            size_bytes += len(record.key or b"") + len(record.value or b"")
            at_ms = record.timestamp_ms
            if at_ms >= 0:
                first_ms = at_ms if first_ms is None else min(first_ms, at_ms)
                last_ms = at_ms if last_ms is None else max(last_ms, at_ms)
    except CaptureDamaged as error:
        damage = error
    recorded.seal()
    return Survey(
        records,
        left_out,
        others,
        size_bytes,
        begins,
        first_ms,
        last_ms,
        recorded,
        damage,
        capture.header.partition_count,
        gaps.missing(),
    )


def _listen(captured: CapturedRecord, recorded: RecordedTimes) -> None:
    event = read_raw(captured.record).event
    if isinstance(event, SignalsSampled):
        recorded.add(event)
