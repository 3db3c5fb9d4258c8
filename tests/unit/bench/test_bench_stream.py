"""What the bench of the whole path compares, and what it makes of the figures."""

from importlib.util import find_spec

import pytest

from stream_pool.bench import stream
from stream_pool.bench.interval import Interval
from stream_pool.bench.report import Bar, Report
from stream_pool.bench.stream import (
    BARS,
    CANDIDATES,
    RATIOS,
    TURNS_OF_OURS,
    _report,
    missing_packages,
    of_the_round,
    order_of,
    present,
)

COST_US = {
    "stream_pool": 8.0,
    "bare_loop": 10.0,
    "stream_pool_batches": 9.0,
    "bare_batches": 27.0,
    "stream_pool_orjson": 10.0,
    "faust_agent": 100.0,
    "stream_pool_twin": 40.0,
    "confluent_loop": 9.0,
    "quix_app": 12.0,
    "bytewax_flow": 11.0,
}
PEERS = ("quix_app", "bytewax_flow")
PEAK_BYTES = 80e6
RATES: stream.Rates = {
    "workers": {1: [7_000.0, 7_100.0], 2: [13_300.0, 13_500.0]},
    "plain processes": {1: [7_500.0, 7_500.0], 2: [14_900.0, 14_900.0]},
}


def _figures(**cost_us: float) -> dict[str, list[dict[str, float]]]:
    return {
        name: [{"cpu_us_per_record": cost * noise, "peak_rss_bytes": PEAK_BYTES} for noise in (1.0, 1.001)]
        for name, cost in {**COST_US, **cost_us}.items()
    }


def _missed(report: Report) -> set[str]:
    return {bar.name.removeprefix("CPU a record, ") for bar in report.bars if not bar.holds}


def test_each_round_has_every_candidate_and_ours_between_them() -> None:
    """Who comes first after ours comes first in one round only."""
    ours, *others = CANDIDATES
    rounds = [order_of(list(CANDIDATES), number) for number in range(len(others))]
    assert sorted(order[1] for order in rounds) == sorted(others)
    for order in rounds:
        assert [name for name in order if name == ours] == [ours] * TURNS_OF_OURS
        assert sorted(name for name in order if name != ours) == sorted(others)
        assert [at for at, name in enumerate(order) if name == ours] == [0, 4, 8]


def test_a_round_has_the_mean_of_its_turns_and_the_highest_of_their_peaks() -> None:
    """A mean of peaks is no peak."""
    told = ((8, 90), (9, 110), (10, 100))
    turns = [{"cpu_us_per_record": cost, "peak_rss_bytes": peak} for cost, peak in told]
    assert of_the_round(turns) == {"cpu_us_per_record": 9, "peak_rss_bytes": 110}


def test_fewer_candidates_take_turns_too() -> None:
    """Where packages are not installed."""
    assert order_of(["stream_pool", "a", "b"], 1) == ["stream_pool", "b", "stream_pool", "a"]


def test_a_bar_is_a_ratio_of_two_candidates() -> None:
    """The figures are named for what they divide."""
    assert set(COST_US) == set(CANDIDATES) == {name for ratio in RATIOS for name in ratio}
    assert {name for name, _, _ in BARS} <= {f"{one} / {other}" for one, other in RATIOS}


def test_every_bar_of_good_figures_holds() -> None:
    """Those against ours as it ships say how much better it is, the older ones what share it costs."""
    report = _report({}, _figures(), [1.05, 1.1, 1.15], RATES)
    assert report.holds
    assert report.ratios["bare_batches / stream_pool_batches"].value == pytest.approx(3.0)
    assert report.ratios["stream_pool_orjson / faust_agent"].value == pytest.approx(0.1)
    assert [(bar.sense, bar.limit) for bar in report.bars] == [
        *((sense, limit) for _, sense, limit in BARS),
        ("<=", 120),
        ("<=", 1.2),
        (">=", 1.8),
    ]
    assert [bar.must for bar in report.bars[:5]] == [">= 1.25", ">= 2.5", ">= 12", ">= 1.25", ">= 1.25"]


@pytest.mark.parametrize(
    ("name", "missed"),
    [
        ("stream_pool", {f"{name} / stream_pool" for name in ("bare_loop", "faust_agent", *PEERS)}),
        ("stream_pool_batches", {"bare_batches / stream_pool_batches"}),
        ("stream_pool_orjson", {"stream_pool_orjson / bare_loop", "stream_pool_orjson / faust_agent"}),
        ("stream_pool_twin", set()),
    ],
)
def test_a_slow_candidate_misses_its_own_bars(name: str, missed: set[str]) -> None:
    """The twin is reported and not judged."""
    assert _missed(_report({}, _figures(**{name: 50.0}), [1.1], RATES)) == missed


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_that_is_nearly_as_good_misses_the_bar(peer: str) -> None:
    """Each is judged by itself."""
    assert _missed(_report({}, _figures(**{peer: 9.5}), [1.1], RATES)) == {f"{peer} / stream_pool"}


def test_memory_is_judged_by_its_worst_round() -> None:
    """Megabytes of ours; what the others hold is reported."""
    figures = _figures()
    figures["quix_app"][0]["peak_rss_bytes"] = 900e6
    assert _report({}, figures, [1.1], RATES).holds
    figures["stream_pool"][1]["peak_rss_bytes"] = 130e6
    report = _report({}, figures, [1.1], RATES)
    name = "peak memory while draining, MB"
    assert _missed(report) == {name}
    assert report.bars[-3] == Bar(name, Interval(105.0, 80.0, 130.0), "<=", 120)


def test_a_second_worker_must_be_worth_most_of_one() -> None:
    """The rate of both, of that of one alone."""
    rates = RATES | {"workers": {1: [7_000.0, 7_100.0], 2: [11_200.0, 11_360.0]}}
    report = _report({}, _figures(), [1.1], rates)
    assert _missed(report) == {"records a second, two workers / one"}
    assert report.ratios["two workers / one"].value == pytest.approx(1.6)
    assert report.ratios["two plain processes / one"].value == pytest.approx(1.987, abs=0.001)


def test_workers_that_never_met_are_unknown_and_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog that one drains before the other has joined judges nothing, and says what would help."""
    said: list[str] = []
    monkeypatch.setattr(stream, "drain_together", lambda *_, **__: [[(1.0, 5_000), (2.0, 60_000)], []])
    unknown = stream._rate("h:1", "workers", 2, 60_000, said.append)
    assert "--backlog" in said[0]
    report = _report(
        {}, _figures(), [1.1], RATES | {"workers": {1: [7_000.0, 7_100.0], 2: [unknown, 14_000.0]}}
    )
    assert _missed(report) == {"records a second, two workers / one"}


def test_what_is_not_installed_is_left_out_with_its_ratios_and_bars() -> None:
    """Nothing is judged that was not measured."""
    names = present(["bytewax", "confluent_kafka"])
    assert set(CANDIDATES) - set(names) == {"bytewax_flow", "confluent_loop"}
    figures = {name: runs for name, runs in _figures().items() if name in names}
    report = _report({}, figures, [1.1], RATES)
    assert set(report.candidates) == set(names)
    assert not any("bytewax" in name or "confluent" in name for name in report.ratios)
    assert [bar.name for bar in report.bars if "quix" in bar.name] == ["CPU a record, quix_app / stream_pool"]
    assert not any("bytewax" in bar.name for bar in report.bars)


def test_only_packages_that_cannot_be_found_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra brings them; without it every other candidate still runs."""
    monkeypatch.setattr(stream, "find_spec", {"quixstreams": object()}.get)
    assert missing_packages() == ["confluent_kafka", "bytewax"]
    assert "quix_app" in present(missing_packages())
    assert set(present([])) == set(CANDIDATES)


def test_a_candidate_is_a_module_that_python_runs() -> None:
    """Ours are a worker as a user starts it, the others a program each."""
    for name, candidate in CANDIDATES.items():
        program = candidate.program
        modules = [part for part in program.arguments if part.startswith("stream_pool.")]
        assert all(find_spec(module) is not None for module in modules), name
        assert name.startswith("stream_pool") == (program.arguments[1:3] == ("worker", "-A")), name


def test_what_runs_twice_is_a_module_too() -> None:
    """Workers as a user starts them; the control has nothing of ours."""
    for name, program in stream.TOGETHER.items():
        modules = [part for part in program.arguments if part.startswith("stream_pool.")]
        assert all(find_spec(module) is not None for module in modules), name
        assert name.startswith("workers") == (program.arguments[1:3] == ("worker", "-A")), name
