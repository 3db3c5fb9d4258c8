"""The interval's signals: contiguous ranges, deltas, and no range unreported."""

from fakes import ORDERS, Bench, FakeRecord, records

from stream_pool.events import PartitionSignals, SignalsSampled
from stream_pool.stream.batch import Batch
from stream_pool.stream.event_writer import Stamp
from stream_pool.stream.signal_sampler import SignalSampler


class Writer:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.events: list[SignalsSampled] = []

    def stamp(self) -> Stamp:
        return Stamp("w", "i", len(self.events) + 1)

    def append(self, event: SignalsSampled) -> None:
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
    rig.bench.tracker.assign({ORDERS: 1})
    await rig.handle(*records(1, 2, 3, 4))
    rig.sampler.sample()
    last = rig.writer.last()
    assert (last.from_offset, last.to_offset, last.records) == (1, 5, 4)
