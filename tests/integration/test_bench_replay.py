"""The bench of capture and replay, in small: that it measures what it says, not how fast anything is."""

import asyncio
from importlib.util import find_spec

import pytest

from stream_pool.bench import Report, bench_replay
from stream_pool.bench.replay import turns
from stream_pool.broker import Broker
from stream_pool.errors import MisuseError

ROUNDS = 2


async def run(kafka: Broker, *only: str) -> Report:
    """The bench with these figures."""
    said: list[str] = []
    report = await asyncio.to_thread(
        bench_replay,
        kafka,
        rounds=ROUNDS,
        records=5_000,
        gigabytes=0.01,
        hostile=2_500,
        only=only,
        say=said.append,
    )
    assert len(said) >= len(only)
    return report


async def test_what_is_counted_holds(kafka: Broker) -> None:
    """Hostile records come back as they were; a worker on a broker and one in memory do the same."""
    report = await run(kafka, "round-trip", "live")
    assert report.holds, report.bars
    assert [bar.must for bar in report.bars] == ["<= 0", "<= 0", "<= 0", ">= 6600"]
    live, replayed = report.candidates["live"], report.candidates["replayed offline"]
    assert live["outcome done"] > 1_000
    assert {name for name in live if name.startswith("outcome")} == {
        name for name in replayed if name.startswith("outcome")
    }
    assert {"outcome handler_error", "outcome refused_channel", "outcome depth_limit"} <= set(live)
    assert min(live["ranges"], replayed["ranges"]) > 10, "of each partition some"


async def test_what_costs_is_told(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every candidate has its figures, and every bar is judged."""
    monkeypatch.setattr(turns, "TURNS", 1)
    report = await run(kafka, "capture", "replay", "memory", "pace")
    assert [bar.must for bar in report.bars] == ["<= 2", "<= 3.5", "<= 2", "<= 1.1", "<= 1.1", "<= 2"]
    assert set(report.candidates) == {
        *("bare getmany", "capture, plain", "capture, zstd", "bare send", "replay --speed max"),
        *("capture, large", "replay, large", "bare sleep", "replay --speed 1"),
    }
    costs = [figures.get("cpu_us_per_record", 1.0) for figures in report.candidates.values()]
    assert min(costs) > 0
    assert report.candidates["capture, large"]["records"] > 3_000


@pytest.mark.skipif(find_spec("plotly") is None, reason="the page needs the extra ui")
async def test_the_page_is_weighed(kafka: Broker) -> None:
    """As a user would write it."""
    report = await run(kafka, "page")
    assert report.holds, report.bars


def test_an_unknown_figure_is_misuse(kafka: Broker) -> None:
    """And the message says which there are."""
    with pytest.raises(MisuseError, match="round-trip"):
        bench_replay(kafka, rounds=2, records=5_000, gigabytes=1, hostile=100, only=["all"], say=print)
