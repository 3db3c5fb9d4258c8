"""The pool keeper: samples, asks, resizes, and writes both down."""

from typing import Any

from fakes import FakeClock

from stream_pool.documents import Decoder
from stream_pool.events import PoolResized, PoolSampled
from stream_pool.pool import GrowthRule, Pool
from stream_pool.stream.event_writer import Stamp
from stream_pool.stream.pool_keeper import PoolKeeper


class Writer:
    def __init__(self) -> None:
        self.events: list[Any] = []

    def stamp(self) -> Stamp:
        return Stamp("w", "i", len(self.events) + 1)

    def append(self, event: Any) -> None:
        self.events.append(event)


class Rig:
    def __init__(self, rule: GrowthRule | None) -> None:
        self.clock = FakeClock()
        self.pool = Pool(capacity=2_000)
        self.decoder = Decoder(self.pool)
        self.writer = Writer()
        self.decoded = 0
        self.keeper = PoolKeeper(
            self.pool,
            self.writer,  # type: ignore[arg-type]  # the fake has what is asked of it
            rule=rule,
            base_s=3.0,
            documents=lambda: self.decoded,
            clock=self.clock,
        )

    def second(self, documents: int) -> None:
        """One interval with so many documents of one layout, four keys each."""
        for _ in range(documents):
            self.decoder.decode(b'{"a": 1, "b": 2, "c": 3, "d": 4}')
        self.decoded += documents
        self.clock.at_s += 1.0
        self.keeper.keep()


def test_1_a_rise_of_regular_traffic_grows_the_pool_once() -> None:
    """After a steady base a jump by more than 80 % grows it by 75 %, and both events tell the figures."""
    rig = Rig(GrowthRule(floor=2_000))
    for _ in range(6):
        rig.second(300)
    assert rig.pool.stats().capacity == 2_000
    rig.second(1_000)
    assert rig.pool.stats().capacity == 3_500
    resized = [event for event in rig.writer.events if isinstance(event, PoolResized)]
    assert [(r.from_capacity, r.to_capacity, r.kind, r.reason) for r in resized] == [
        (2_000, 3_500, "grow", "rate_rose_sharply")
    ]
    assert resized[0].inputs["lookups_per_s"] == 4_000.0
    assert resized[0].inputs["base_lookups_per_s"] == 1_200.0
    assert rig.keeper.resizes == {"grow": 1}


def test_2_samples_are_deltas() -> None:
    """Hits, misses and documents of the interval, not totals."""
    rig = Rig(None)
    rig.second(10)
    rig.second(20)
    rig.second(5)
    samples = [event for event in rig.writer.events if isinstance(event, PoolSampled)]
    assert [sample.documents for sample in samples] == [20, 5]
    assert [(sample.hits, sample.misses) for sample in samples] == [(80, 0), (20, 0)]
    assert samples[0].lookups_per_s == 80.0


def test_3_a_fixed_pool_is_left_alone() -> None:
    """Without a rule nothing is ever resized."""
    rig = Rig(None)
    for documents in (300, 300, 300, 300, 300, 5_000):
        rig.second(documents)
    assert rig.pool.stats().capacity == 2_000
    assert not [event for event in rig.writer.events if isinstance(event, PoolResized)]


def test_4_unknown_is_none() -> None:
    """A quiet interval has no reuse ratio and no entropy, and NaN is not JSON."""
    rig = Rig(None)
    rig.clock.at_s += 1
    rig.keeper.keep()
    rig.clock.at_s += 1
    rig.keeper.keep()
    sample = rig.writer.events[-1]
    assert (sample.reuse_ratio, sample.entropy_bits, sample.hits) == (None, None, 0)
