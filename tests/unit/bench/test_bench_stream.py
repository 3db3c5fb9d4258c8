"""What the bench of the whole path compares, and what it makes of the figures."""

import pytest

from stream_pool.bench.stream import BARS, CANDIDATES, RATIOS, _order, _report

COST_US = {
    "stream_pool": 8.0,
    "bare_loop": 10.0,
    "stream_pool_batches": 9.0,
    "bare_batches": 27.0,
    "stream_pool_orjson": 10.0,
    "faust_agent": 100.0,
    "stream_pool_twin": 40.0,
}


def _figures(**cost_us: float) -> dict[str, list[dict[str, float]]]:
    return {
        name: [{"cpu_us_per_record": cost * noise} for noise in (1.0, 1.001)]
        for name, cost in {**COST_US, **cost_us}.items()
    }


def test_every_candidate_leads_in_one_round() -> None:
    """Whatever a place in the round is worth, each has it as often as the others."""
    rounds = [_order(number) for number in range(len(CANDIDATES))]
    for place in zip(*rounds, strict=True):
        assert set(place) == set(CANDIDATES)


def test_a_bar_is_a_ratio_of_two_candidates() -> None:
    """The figures are named for what they divide."""
    assert set(COST_US) == set(CANDIDATES) == {name for ratio in RATIOS for name in ratio}
    assert {name for name, _, _ in BARS} <= {f"{one} / {other}" for one, other in RATIOS}


def test_every_bar_of_good_figures_holds() -> None:
    """Those against ours as it ships say how much better it is, the older ones what share it costs."""
    report = _report({}, _figures(), [1.05, 1.1, 1.15])
    assert report.holds
    assert report.ratios["bare_batches / stream_pool_batches"].value == pytest.approx(3.0)
    assert report.ratios["stream_pool_orjson / faust_agent"].value == pytest.approx(0.1)
    assert [bar.must for bar in report.bars] == [">= 1.25", ">= 2.5", ">= 10", "<= 1.1", "<= 0.1", "<= 1.2"]


@pytest.mark.parametrize(
    ("name", "missed"),
    [
        ("stream_pool", {"bare_loop / stream_pool", "faust_agent / stream_pool"}),
        ("stream_pool_batches", {"bare_batches / stream_pool_batches"}),
        ("stream_pool_orjson", {"stream_pool_orjson / bare_loop", "stream_pool_orjson / faust_agent"}),
        ("stream_pool_twin", set()),
    ],
)
def test_a_slow_candidate_misses_its_own_bars(name: str, missed: set[str]) -> None:
    """The twin is reported and not judged."""
    report = _report({}, _figures(**{name: 50.0}), [1.1])
    assert {bar.name.removeprefix("CPU a record, ") for bar in report.bars if not bar.holds} == missed
