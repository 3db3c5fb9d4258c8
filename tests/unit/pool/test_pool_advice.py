"""The adviser's rule as a table, and the window that it looks at."""

from dataclasses import replace
from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.errors import MisuseError
from stream_pool.pool import Advice, GrowthRule, PoolHistory, PoolStats, PoolWindow, advise

STEADY = PoolWindow(
    interval_s=10.0,
    lookups_per_s=10_000.0,
    base_lookups_per_s=10_000.0,
    entropy_bits=1.0,
    size=4_000,
    evictions=100,
)


def window(**changes: float) -> PoolWindow:
    return replace(STEADY, **changes)  # type: ignore[arg-type]  # each is of its field's type


RULE: list[tuple[str, PoolWindow, int, Advice]] = [
    ("1 steady", window(), 4096, Advice(4096, "keep", "rate_steady")),
    ("2 a rise of 30 % is not above it", window(lookups_per_s=13_000.0), 4096,
     Advice(4096, "keep", "rate_steady")),
    ("3 a rise just over 30 %", window(lookups_per_s=13_001.0), 4096, Advice(5734, "grow", "rate_rose")),
    ("4 a rise of 80 %", window(lookups_per_s=18_000.0), 4096, Advice(5734, "grow", "rate_rose")),
    ("5 a rise over 80 %", window(lookups_per_s=18_001.0), 4096, Advice(7168, "grow", "rate_rose_sharply")),
    ("6 a huge rise", window(lookups_per_s=1e9), 4096, Advice(7168, "grow", "rate_rose_sharply")),
    ("7 a fall", window(lookups_per_s=1.0), 4096, Advice(4096, "keep", "rate_steady")),
    ("8 entropy just under the threshold", window(lookups_per_s=15_000.0, entropy_bits=2.09), 4096,
     Advice(5734, "grow", "rate_rose")),
    ("9 entropy at the threshold", window(lookups_per_s=15_000.0, entropy_bits=2.1), 4096,
     Advice(4096, "keep", "layouts_diverse")),
    ("10 entropy unknown", window(lookups_per_s=15_000.0, entropy_bits=nan), 4096,
     Advice(4096, "keep", "layouts_diverse")),
    ("11 17 keys used once each", window(lookups_per_s=15_000.0, entropy_bits=4.09), 4096,
     Advice(4096, "keep", "layouts_diverse")),
    ("12 a rise from next to nothing, under the least base",
     window(lookups_per_s=1_300.0, base_lookups_per_s=10.0), 4096, Advice(4096, "keep", "rate_steady")),
    ("13 over the least base", window(lookups_per_s=1_301.0, base_lookups_per_s=10.0), 4096,
     Advice(5734, "grow", "rate_rose")),
    ("14 from nothing", window(lookups_per_s=2_000.0, base_lookups_per_s=0.0), 4096,
     Advice(7168, "grow", "rate_rose_sharply")),
    ("15 no base yet", window(lookups_per_s=1e9, base_lookups_per_s=nan), 4096,
     Advice(4096, "keep", "base_unknown")),
    ("16 up to the ceiling", window(lookups_per_s=15_000.0), 60_000, Advice(65_536, "grow", "rate_rose")),
    ("17 at the ceiling", window(lookups_per_s=15_000.0), 65_536, Advice(65_536, "keep", "at_ceiling")),
    ("18 over the ceiling by hand", window(lookups_per_s=15_000.0), 70_000,
     Advice(70_000, "keep", "at_ceiling")),
    ("19 half empty and nothing evicted", window(size=2_000, evictions=0), 8192,
     Advice(7373, "shrink", "unused")),
    ("20 not below twice what it holds", window(size=4_000, evictions=0), 8192,
     Advice(8000, "shrink", "unused")),
    ("21 half full exactly", window(size=4_096, evictions=0), 8192, Advice(8192, "keep", "at_floor")),
    ("22 more than half full", window(size=4_097, evictions=0), 8192, Advice(8192, "keep", "rate_steady")),
    ("23 half empty but evicting", window(size=10, evictions=1), 8192, Advice(8192, "keep", "rate_steady")),
    ("24 down to the floor", window(size=0, evictions=0), 1_100, Advice(1_024, "shrink", "unused")),
    ("25 at the floor", window(size=0, evictions=0), 1_024, Advice(1_024, "keep", "at_floor")),
    ("26 under the floor by hand", window(size=0, evictions=0), 64, Advice(64, "keep", "at_floor")),
    ("27 no shrinking before there is a base", window(size=0, evictions=0, base_lookups_per_s=nan), 8192,
     Advice(8192, "keep", "base_unknown")),
    ("28 growth comes before shrinking", window(size=0, evictions=0, lookups_per_s=15_000.0), 4096,
     Advice(5734, "grow", "rate_rose")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "capacity", "advice"), [case[1:] for case in RULE], ids=[case[0] for case in RULE]
)
def test_rule(seen: PoolWindow, capacity: int, advice: Advice) -> None:
    """Grow on a rise of few layouts, shrink slowly when unused, else keep."""
    assert advise(seen, capacity) == advice


def test_the_figures_of_the_rule_can_be_others() -> None:
    """A scaled demonstration brings its own."""
    rule = GrowthRule(alpha=0.1, entropy_threshold_bits=3.0, floor=16, ceiling=128)
    assert advise(window(lookups_per_s=12_000.0, entropy_bits=2.9), 100, rule=rule) == Advice(
        128, "grow", "rate_rose"
    )


def test_a_floor_over_the_ceiling_is_refused() -> None:
    """So is one that is no capacity."""
    with pytest.raises(MisuseError, match="floor"):
        GrowthRule(floor=10, ceiling=9)
    with pytest.raises(MisuseError, match="floor"):
        GrowthRule(floor=0)


@given(
    st.builds(
        PoolWindow,
        interval_s=st.floats(0.001, 1e6),
        lookups_per_s=st.floats(0, 1e12),
        base_lookups_per_s=st.floats(0, 1e12) | st.just(nan),
        entropy_bits=st.floats(0, 10) | st.just(nan),
        size=st.integers(0, 10**6),
        evictions=st.integers(0, 10**9),
    ),
    st.integers(1, 10**6),
)
def test_advice_keeps_to_its_word(seen: PoolWindow, capacity: int) -> None:
    """Growth stays within the ceiling, shrinking within the floor, and keeping changes nothing."""
    advice = advise(seen, capacity)
    rule = GrowthRule()
    low, high = {
        "keep": (capacity, capacity),
        "grow": (capacity + 1, rule.ceiling),
        "shrink": (max(rule.floor, 2 * seen.size), capacity - 1),
    }[advice.kind]
    assert low <= advice.capacity <= high


def stats(lookups: int, *, evictions: int = 0, size: int = 5, entropy_bits: float = 1.0) -> PoolStats:
    return PoolStats(
        hits=lookups - lookups // 10,
        misses=lookups // 10,
        evictions=evictions,
        size=size,
        capacity=4096,
        bytes=0,
        shapes=0,
        reuse_ratio=0.9,
        entropy_bits=entropy_bits,
    )


def test_the_first_reading_makes_no_window() -> None:
    """A rate needs two."""
    assert PoolHistory().observe(0.0, stats(0)) is None


def test_time_that_stands_still_makes_no_window() -> None:
    """Nor does time that goes back; both are as if they had not been."""
    history = PoolHistory()
    history.observe(5.0, stats(0))
    assert history.observe(5.0, stats(100)) is None
    assert history.observe(4.0, stats(100)) is None
    seen = history.observe(15.0, stats(100))
    assert seen is not None
    assert (seen.interval_s, seen.lookups_per_s) == (10.0, 10.0)


def test_the_base_is_the_minute_before_the_interval() -> None:
    """It is unknown until a whole minute came before; then its mean rate, the interval's own left out."""
    history = PoolHistory()
    windows = [history.observe(10.0 * n, stats(n * 1_000, evictions=n)) for n in range(7)]
    assert all(seen is None or isnan(seen.base_lookups_per_s) for seen in windows)
    seen = history.observe(70.0, stats(26_000, evictions=9, size=7, entropy_bits=0.5))
    assert seen == PoolWindow(
        interval_s=10.0,
        lookups_per_s=2_000.0,
        base_lookups_per_s=100.0,
        entropy_bits=0.5,
        size=7,
        evictions=9,
    )
    seen = history.observe(80.0, stats(27_000, evictions=9))
    assert seen is not None
    assert (seen.lookups_per_s, seen.base_lookups_per_s) == (100.0, (26_000 - 1_000) / 60)
    assert seen.evictions == 8


def test_the_base_scales() -> None:
    """A demonstration has shorter intervals and a shorter base; readings may come unevenly."""
    history = PoolHistory(base_s=6.0)
    for at_s in (0.0, 1.5, 2.0, 5.0, 6.5):
        seen = history.observe(at_s, stats(int(at_s * 100)))
    seen = history.observe(7.5, stats(1_650))
    assert seen is not None
    assert (seen.lookups_per_s, seen.base_lookups_per_s) == (1_000.0, 100.0)


def test_a_base_of_no_length_is_refused() -> None:
    """There must be a time before."""
    with pytest.raises(MisuseError, match="base_s"):
        PoolHistory(base_s=0)


@given(st.lists(st.tuples(st.floats(0.1, 30), st.integers(0, 10**6)), min_size=1, max_size=60))
def test_history_is_bounded_and_rates_are_finite(steps: list[tuple[float, int]]) -> None:
    """Whatever the intervals, it keeps one base period, the reading that begins it, and the interval."""
    history = PoolHistory()
    at_s, lookups = 0.0, 0
    history.observe(at_s, stats(0))
    for step_s, more in steps:
        at_s, lookups = at_s + step_s, lookups + more
        seen = history.observe(at_s, stats(lookups))
        assert seen is not None
        assert 0 <= seen.lookups_per_s < inf
        kept = [reading.at_s for reading in history._readings]
        assert kept[1] > at_s - step_s - 60.0 or len(kept) == 2
