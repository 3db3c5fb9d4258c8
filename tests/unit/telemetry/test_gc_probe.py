"""The garbage collector's pauses, as the probe counts them."""

import gc
import weakref

from stream_pool.telemetry.gc import GcProbe
from stream_pool.telemetry.snapshot import GcPauses

NOTHING = GcPauses(0, 0.0, 0.0, (0, 0, 0))


class Ticks:
    """A timer that shows the next of some times."""

    def __init__(self, *times_s: float) -> None:
        self.times_s = list(times_s)

    def __call__(self) -> float:
        return self.times_s.pop(0)


def collect(probe: GcProbe, *generations: int) -> None:
    """Collections of these generations, one by one, with no other collection between them."""
    gc.disable()
    probe.start()
    try:
        for generation in generations:
            gc.collect(generation)
    finally:
        probe.stop()
        gc.enable()


def test_a_pause_lasts_from_start_to_stop_of_a_collection() -> None:
    """Count, sum, longest and generation are those of the collections."""
    probe = GcProbe(Ticks(10.0, 10.5, 20.0, 20.25, 30.0, 30.125))
    collect(probe, 0, 2, 0)
    assert probe.total() == GcPauses(3, 0.875, 0.5, (2, 0, 1))


def test_an_interval_begins_where_the_last_was_taken() -> None:
    """The longest pause is that of the interval, and the total goes on."""
    probe = GcProbe(Ticks(0.0, 4.0, 0.0, 1.0))
    collect(probe, 1)
    assert probe.take_interval() == GcPauses(1, 4.0, 4.0, (0, 1, 0))
    collect(probe, 2)
    assert probe.take_interval() == GcPauses(1, 1.0, 1.0, (0, 0, 1))
    assert probe.take_interval() == NOTHING
    assert probe.total() == GcPauses(2, 5.0, 4.0, (0, 1, 1))


def test_a_stopped_probe_hears_nothing() -> None:
    """What was counted stays; what comes later is not seen, and the clock is not read."""
    probe = GcProbe(Ticks(0.0, 1.0))
    collect(probe, 0)
    gc.collect()
    assert probe.total() == GcPauses(1, 1.0, 1.0, (1, 0, 0))


def test_starting_twice_counts_once() -> None:
    """A second start adds no second listener, and one stop is enough."""
    before = list(gc.callbacks)
    probe = GcProbe(Ticks(0.0, 1.0))
    probe.start()
    collect(probe, 0)
    assert probe.total().pauses == 1
    assert gc.callbacks == before


def test_a_collection_that_began_before_the_probe_is_not_counted() -> None:
    """A stop without its start has no duration."""
    probe = GcProbe(Ticks())
    probe._on_collection("stop", {"generation": 2})
    assert probe.total() == NOTHING


def test_a_stopped_probe_is_freed() -> None:
    """The interpreter keeps no reference to it."""
    probe = GcProbe()
    probe.start()
    probe.stop()
    gone = weakref.ref(probe)
    del probe
    assert gone() is None
