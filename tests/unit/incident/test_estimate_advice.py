"""What follows from the figures, rule by rule: verdict, limits, capacity."""

import json
from dataclasses import asdict, replace

import pytest

from stream_pool.bench.interval import Interval
from stream_pool.documents import Limits
from stream_pool.incident.estimate.advice import (
    MARGINS,
    Kind,
    capacity,
    held_ratio,
    limits,
    limits_over,
    verdict,
)
from stream_pool.incident.estimate.extent import Extent
from stream_pool.incident.estimate.measure import OURS, Cost, Measured
from stream_pool.incident.estimate.profile import AtCapacity, Profile
from stream_pool.incident.estimate.profiler import Profiler


def profile(*values: object, documents: int = 200, separator: str = ":") -> Profile:
    profiler = Profiler()
    for number in range(documents):
        spelled = json.dumps(values[number % len(values)], separators=(",", separator))
        profiler.take(f"line {number}", spelled.encode())
    return profiler.profile()


ORDERS = profile({"id": 1, "sku": "a"})


def measured(
    time: float, low: float | None = None, high: float | None = None, held: float | None = None
) -> Measured:
    """orjson takes `time` times ours, jiter more; `held` is our memory as a share of orjson's."""
    speed = Interval(time, time if low is None else low, time if high is None else high)
    return Measured(
        documents=80,
        raw_bytes=100.0,
        costs={
            "orjson": Cost(time, None, None if held is None else 400.0),
            "jiter": Cost(time + 1, None, None if held is None else 500.0),
            OURS: Cost(1.0, None, None if held is None else 400.0 * held),
        },
        speed={"orjson": speed, "jiter": Interval(time + 1, time + 1, time + 1)},
        left_out={},
    )


@pytest.mark.parametrize(
    ("rule", "figures", "native", "documents", "kind"),
    [
        ("1 nothing was measured", None, True, 100, Kind.TOO_FEW),
        ("1 99 documents", measured(5), True, 99, Kind.TOO_FEW),
        ("2 the twin serves", measured(5), False, 100, Kind.NO_CORE),
        ("3 the interval has both ends", measured(2, 0.99, 4), True, 100, Kind.UNSURE),
        ("3 and a loss is as unsure", measured(0.9, 0.5, 1.25), True, 100, Kind.UNSURE),
        ("4 1.25 times as fast", measured(1.25, 1.01, 1.5), True, 100, Kind.WORTH_IT),
        ("4 whatever memory says", measured(1.25, held=9), True, 100, Kind.WORTH_IT),
        ("5 half the memory", measured(0.9, held=0.5), True, 100, Kind.WHERE_HELD),
        ("6 a little more than half", measured(1.2, held=0.51), True, 100, Kind.NOT_WORTH_IT),
        ("6 half the memory, but slower", measured(0.89, held=0.5), True, 100, Kind.NOT_WORTH_IT),
        ("6 memory unknown", measured(1.24), True, 100, Kind.NOT_WORTH_IT),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_verdicts(rule: str, figures: Measured | None, native: bool, documents: int, kind: Kind) -> None:
    """The first rule that applies."""
    judged = verdict(profile({"id": 1}, documents=documents), figures, native=native)
    assert judged.kind is kind, rule


def test_the_gain_is_against_the_quickest() -> None:
    """As a share of its time; below 0 where ours takes longer."""
    assert verdict(ORDERS, measured(1.04), native=True).against == "orjson"
    assert verdict(ORDERS, measured(1.04), native=True).gain == pytest.approx(0.04, abs=0.002)
    assert verdict(ORDERS, measured(0.8), native=True).gain == pytest.approx(-0.25)


def test_memory_is_against_the_thriftiest() -> None:
    """None where it was not weighed."""
    assert held_ratio(measured(1, held=0.25)) == 0.25
    assert held_ratio(measured(1)) is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([{"id": 1, "name": "short"}], []),
        ([[10, 200], 3], ["the documents have no keys", "of the bytes are numbers in arrays"]),
        ([{"samples": [0.123456789] * 50}], ["of the bytes are numbers in arrays"]),
        ([{"text": "long " * 40}], ["of the bytes are strings too long for the pool"]),
        ([{f"k{n}": 1} for n in range(100)], ["keys that do not come again"]),
        ([{f"k{n}": 1} for n in range(200)], ["most of them at *: keys that do not come again"]),
    ],
)
def test_what_stands_against_a_pool_is_told(values: list[object], why: list[str]) -> None:
    """The heaviest first, nothing where nothing does."""
    told = verdict(profile(*values), measured(1.0), native=True).why
    assert len(told) == len(why)
    assert all(part in line for part, line in zip(why, told, strict=True))


def test_white_space_is_told() -> None:
    """Where there is much."""
    spaced = profile({"id": 1, "name": "short"}, separator=":   ")
    assert "white space" in verdict(spaced, measured(1.0), native=True).why[0]


@pytest.mark.parametrize(
    ("name", "met", "advised"),
    [
        ("document_bytes", 0, 64 << 10),
        ("document_bytes", 8 << 10, 64 << 10),
        ("document_bytes", (8 << 10) + 1, 128 << 10),
        ("document_bytes", 4 << 20, 16 << 20),
        ("depth", 2, 16),
        ("depth", 17, 34),
        ("depth", 40, 64),
        ("keys", 163, 2_048),
        ("items", 200_000, 1_000_000),
        ("key_bytes", 33, 256),
        ("string_bytes", 5_000, 65_536),
        ("number_digits", 17, 128),
    ],
)
def test_limits_leave_a_margin(name: str, met: int, advised: int) -> None:
    """At least the floor, at most the default, rounded up to a power of two but for depth."""
    told = limits(replace(ORDERS, largest=Extent(**{name: met})))
    assert getattr(told, name) == advised
    assert set(MARGINS) == set(asdict(told))


def test_what_is_over_a_default_limit_is_told_and_not_advised() -> None:
    """It takes a person to raise a limit."""
    made = replace(ORDERS, over=Extent(depth=80, keys=5))
    assert limits_over(made) == {"depth": 80}
    assert limits(made).depth <= Limits().depth
    assert limits_over(ORDERS) == {}


@pytest.mark.parametrize(
    ("ratios", "advised"),
    [
        ([0.2, 0.5, 0.90, 0.905, 0.91], 4_096),
        ([0.2, 0.5, 0.89, 0.905, 0.91], 16_384),
        ([0.2, 0.5, 0.6, 0.8, 0.91], 65_536),
        ([0.9, 0.9, 0.9, 0.9, 0.9], 4_096),
    ],
)
def test_capacity_is_the_smallest_within_a_point_of_the_best(ratios: list[float], advised: int) -> None:
    """And never below the default, which short values need as well."""
    tried = [
        AtCapacity(figures.capacity, round(1_000 * ratio), 1_000 - round(1_000 * ratio), 0, 0, 0)
        for figures, ratio in zip(ORDERS.capacities, ratios, strict=True)
    ]
    assert capacity(replace(ORDERS, capacities=tuple(tried))) == advised
