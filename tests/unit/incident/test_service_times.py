"""What a record takes offline: by the model, as recorded, and how it is slept."""

import asyncio
from dataclasses import dataclass

import pytest

from stream_pool.events import Latency, PartitionSignals, SignalsSampled
from stream_pool.incident.service_model import SLEEP_S
from stream_pool.incident.service_times import RecordedTimes, modelled, working
from stream_pool.testing import run


@dataclass(frozen=True)
class Told:
    """As much of a record as is asked for."""

    offset: int = 0
    value: bytes | None = b"{}"
    topic: str = "orders"
    partition: int = 0
    key: bytes | None = None
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = ()


def sampled(*entries: tuple[int, int, int, float], interval_s: float = 10.0) -> SignalsSampled:
    """One worker's interval: (partition, from, to, sum of latencies in seconds)."""
    parts = (
        PartitionSignals("orders", number, begin, end, end - begin, 1, 0, 0, 0, Latency((), sum_s, sum_s))
        for number, begin, end, sum_s in entries
    )
    return SignalsSampled("w", "1", 1, interval_s, tuple(parts))


def recorded(*events: SignalsSampled) -> RecordedTimes:
    times = RecordedTimes("orders")
    for event in events:
        times.add(event)
    times.seal()
    return times


@pytest.mark.parametrize(
    ("event", "seconds"),
    [
        pytest.param(sampled((0, 0, 10, 2.0)), 0.2, id="1 time to spare: the mean latency"),
        pytest.param(sampled((0, 0, 1_000, 4_000.0)), 0.01, id="2 busy: the interval, shared"),
        pytest.param(sampled((0, 0, 100, 400.0), (1, 0, 900, 3_600.0)), 0.01, id="3 over all its partitions"),
        pytest.param(sampled((0, 0, 0, 0.0)), 0.0, id="4 nothing was done"),
    ],
)
def test_what_one_interval_tells(event: SignalsSampled, seconds: float) -> None:
    """Of each record in it."""
    assert recorded(event).seconds(Told(offset=0)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("offset", "seconds"),
    [
        pytest.param(150, 0.1, id="1 in a range"),
        pytest.param(200, 0.3, id="2 in the next"),
        pytest.param(350, 0.3, id="3 in none: as the one before"),
        pytest.param(50, 0.1, id="4 before all: as the first"),
        pytest.param(450, 0.5, id="5 in the last"),
    ],
)
def test_a_record_takes_what_its_range_took(offset: int, seconds: float) -> None:
    """Whatever the order in which the events came."""
    times = recorded(sampled((0, 400, 410, 5.0)), sampled((0, 100, 110, 1.0)), sampled((0, 200, 210, 3.0)))
    assert times.seconds(Told(offset=offset)) == pytest.approx(seconds)
    assert times.seconds(Told(offset=offset, partition=9)) == 0.0


def test_other_topics_tell_nothing() -> None:
    """Of this one."""
    times = RecordedTimes("payments")
    times.add(sampled((0, 0, 10, 2.0)))
    times.seal()
    assert not times


def test_the_model_goes_by_the_value() -> None:
    """A tombstone takes the least."""
    seconds = modelled()
    assert (
        seconds(Told(value=None)) < seconds(Told(value=b'{"a": 1}')) < seconds(Told(value=b'{"a": {"b": 1}}'))
    )


@pytest.mark.parametrize(
    ("topic", "records", "passed_s"),
    [
        pytest.param("orders", 1, 0.0, id="1 saved up"),
        pytest.param("orders", 2, SLEEP_S, id="2 and slept together"),
        pytest.param("orders", 40, 20 * SLEEP_S, id="3 in all"),
        pytest.param("g.events", 40, 0.0, id="4 other topics take nothing"),
    ],
)
def test_what_records_take_passes(topic: str, records: int, passed_s: float) -> None:
    """Times the factor, here half a sleep for each."""

    async def story() -> float:
        work = working(lambda _: SLEEP_S / 4, ["orders"], 2.0)
        for _ in range(records):
            await work(Told(topic=topic))
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(passed_s)
