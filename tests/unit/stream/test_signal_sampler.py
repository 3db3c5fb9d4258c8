"""The interval's signals (DESIGN 2.3): contiguous ranges, deltas, and no range unreported."""

import asyncio

import pytest
from fakes import ORDERS, Bench, FakeRecord, records

from stream_pool.events import PartitionSignals, SignalsSampled
from stream_pool.stream.batch import Batch
from stream_pool.stream.event_writer import Stamp
from stream_pool.stream.signal_sampler import SignalSampler


class Writer:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.events: list[SignalsSampled] = []
        self.error: Exception | None = None

    def stamp(self) -> Stamp:
        return Stamp("w", "i", len(self.events) + 1)

    def append(self, event: SignalsSampled) -> None:
        if self.error is not None:
            raise self.error
        self.events.append(event)

    def last(self) -> PartitionSignals:
        return self.events[-1].partitions[0]


class Rig:
    def __init__(self) -> None:
        self.bench = Bench()
        self.writer = Writer()
        self.sampler = SignalSampler(
            self.bench.tracker,
            self.bench.counters,
            self.writer,  # type: ignore[arg-type]  # the fake has what is asked of it
            self.bench.clock,
        )

    async def handle(self, *delivered: FakeRecord, took_s: float = 0.0) -> None:
        """A batch of these records, all done after `took_s`."""
        batch = Batch(self.bench.claim(delivered), self.bench.runtime)
        list(batch)
        self.bench.clock.at_s += took_s
        await batch.finish()
        batch.release()


async def test_1_one_range_from_sample_to_sample() -> None:
    """Each sample begins at the position where the last one ended."""
    rig = Rig()
    await rig.handle(*records(0, 1, 5), took_s=2.0)
    rig.sampler.sample()
    await rig.handle(*records(6, 7), took_s=1.0)
    rig.sampler.sample()
    rig.sampler.sample()
    ranges = [
        (e.partitions[0].from_offset, e.partitions[0].to_offset, e.partitions[0].records)
        for e in rig.writer.events
    ]
    assert ranges == [(0, 6, 3), (6, 8, 2), (8, 8, 0)]
    assert [e.interval_s for e in rig.writer.events] == [2.0, 1.0, 0.0]


async def test_2_errors_and_latency_are_the_intervals() -> None:
    """Dead letters count as errors, once, in the interval in which they were written."""
    rig = Rig()
    await rig.handle(FakeRecord(0), FakeRecord(1, value=b"{"), took_s=0.5)
    rig.sampler.sample()
    first = rig.writer.last()
    assert (first.errors, first.dead_letters, first.latency.max_s) == (1, 1, 0.5)
    assert sum(count for _, count in first.latency.counts) == 2
    await rig.handle(FakeRecord(2))
    rig.sampler.sample()
    second = rig.writer.last()
    assert (second.errors, second.dead_letters) == (0, 0)
    assert sum(count for _, count in second.latency.counts) == 1


async def test_3_the_last_look_before_a_partition_goes() -> None:
    """What was done since the last sample is reported when the partition is given up, and not again later."""
    rig = Rig()
    await rig.handle(*records(0, 1))
    rig.sampler.sample_last([ORDERS])
    assert (rig.writer.last().from_offset, rig.writer.last().to_offset) == (0, 2)
    rig.bench.tracker.forget([ORDERS])
    rig.sampler.sample()
    assert len(rig.writer.events) == 1, "nothing at hand, nothing to say"


async def test_4_assigned_anew_begins_anew() -> None:
    """A new assignment's range begins at its own start, also where that lies before the last one's end."""
    rig = Rig()
    await rig.handle(*records(0, 1, 2))
    rig.sampler.sample_last([ORDERS])
    rig.bench.tracker.forget([ORDERS])
    rig.bench.tracker.assign(ORDERS, 1, 1)
    await rig.handle(*records(1, 2, 3, 4))
    rig.sampler.sample()
    last = rig.writer.last()
    assert (last.from_offset, last.to_offset, last.records) == (1, 5, 4)


async def test_5_a_fault_on_the_way_leaves_no_gap() -> None:
    """An event that never got to the writer is not taken for one that did: the next covers its range, too."""
    rig = Rig()
    rig.writer.error = ValueError("not encodable")
    await rig.handle(FakeRecord(0), FakeRecord(1, value=b"{"), took_s=2.0)
    with pytest.raises(ValueError, match="not encodable"):
        rig.sampler.sample()
    rig.writer.error = None
    await rig.handle(*records(2))
    rig.sampler.sample()
    (event,) = rig.writer.events
    last = rig.writer.last()
    assert (last.from_offset, last.to_offset, last.records, last.errors) == (0, 3, 3, 1)
    assert (event.interval_s, last.latency.max_s) == (2.0, 2.0)


async def test_6_what_is_in_flight_belongs_to_the_range_in_which_it_is_settled() -> None:
    """A dead letter counts with its record: not while it waits for the acknowledgement, and not twice."""
    rig = Rig()
    rig.bench.letters.acknowledge = asyncio.Event()
    await rig.handle(*records(0))
    working = asyncio.create_task(rig.handle(FakeRecord(1, value=b"{"), took_s=3.0))
    await asyncio.sleep(0)
    rig.sampler.sample()
    first = rig.writer.last()
    assert (first.to_offset, first.records, first.errors, first.dead_letters) == (1, 1, 0, 0)
    assert first.latency.max_s == 0.0
    rig.bench.letters.acknowledge.set()
    await working
    rig.sampler.sample()
    second = rig.writer.last()
    assert (second.from_offset, second.to_offset, second.errors, second.dead_letters) == (1, 2, 1, 1)
    assert second.latency.max_s == 3.0


async def test_7_what_is_another_consumers_to_do_is_not_counted_here() -> None:
    """A batch that hangs longer than the drain waits is repeated elsewhere, and counted there."""
    rig = Rig()
    rig.bench.letters.acknowledge = asyncio.Event()
    working = asyncio.create_task(rig.handle(FakeRecord(0, value=b"{"), took_s=3.0))
    await asyncio.sleep(0)
    rig.sampler.sample_last([ORDERS])
    assert (rig.writer.last().to_offset, rig.writer.last().errors) == (0, 0)
    rig.bench.tracker.forget([ORDERS])
    rig.bench.letters.acknowledge.set()
    await working
    rig.bench.tracker.assign(ORDERS, 0, 0)
    rig.sampler.sample()
    last = rig.writer.last()
    assert (last.from_offset, last.to_offset, last.errors, last.latency.counts) == (0, 0, 0, ())


async def test_8_bytes_are_those_of_the_records() -> None:
    """In the middle of a delivery, too: records, bytes and positions move together."""
    rig = Rig()
    delivered = [FakeRecord(0, value=b'{"a": 1}'), FakeRecord(1, value=b"{}"), FakeRecord(2, value=None)]
    claim = rig.bench.claim(delivered)
    for done, expected in ((1, (1, 1, 8)), (2, (2, 1, 2)), (3, (3, 1, 0))):
        claim.advance(done)
        rig.sampler.sample()
        last = rig.writer.last()
        assert (last.to_offset, last.records, last.bytes) == expected
