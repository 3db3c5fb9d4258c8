"""When a bar holds, and what a report looks like to a program."""

import json

import pytest

from stream_pool.bench.interval import Interval, exactly
from stream_pool.bench.report import Bar, Report

BARS = [
    pytest.param(Interval(1.05, 1.0, 1.1), "<=", 1.1, True, id="1 below, surely"),
    pytest.param(Interval(1.1, 1.1, 1.1), "<=", 1.1, True, id="2 exactly the limit"),
    pytest.param(Interval(1.09, 1.0, 1.143), "<=", 1.1, True, id="3 worse end within 4 %"),
    pytest.param(Interval(1.09, 1.0, 1.145), "<=", 1.1, False, id="4 worse end beyond 4 %"),
    pytest.param(Interval(1.11, 1.0, 1.12), "<=", 1.1, False, id="5 the value itself is over"),
    pytest.param(Interval(2.6, 2.41, 9.0), ">=", 2.5, True, id="6 above, the lower end within 4 %"),
    pytest.param(Interval(2.6, 2.39, 9.0), ">=", 2.5, False, id="7 the lower end below 4 %"),
    pytest.param(Interval(2.49, 2.48, 9.0), ">=", 2.5, False, id="8 the value itself is under"),
    pytest.param(exactly(20), ">=", 20, True, id="9 every try"),
    pytest.param(exactly(19), ">=", 20, False, id="10 all tries but one"),
    pytest.param(exactly(0), "<=", 0, True, id="11 nothing lost"),
    pytest.param(exactly(1), "<=", 0, False, id="12 one lost"),
    pytest.param(exactly(float("nan")), "<=", 1, False, id="13 unknown"),
    pytest.param(Interval(0.4, -0.1, 0.9), "contains", 0, True, id="14 not different from 0"),
    pytest.param(Interval(0.4, 0.01, 0.79), "contains", 0, False, id="15 above 0, surely"),
    pytest.param(Interval(-0.4, -0.7, -0.1), "contains", 0, False, id="16 below 0, surely"),
    pytest.param(exactly(float("nan")), "contains", 0, False, id="17 unknown whether it contains it"),
]


@pytest.mark.parametrize(("measured", "sense", "limit", "holds"), BARS)
def test_a_bar(measured: Interval, sense: str, limit: float, holds: bool) -> None:
    """The value must meet the limit, and the worse end of its interval nearly so."""
    assert Bar("x", measured, sense, limit).holds is holds  # type: ignore[arg-type]  # the table has every sense


def test_the_json_form() -> None:
    """The members that other programs read."""
    bar = Bar("cost", Interval(1.0, 0.9, 1.1), "<=", 1.2)
    report = Report("stream", {"cpus": 2}, {"ours": {"cpu": 1.0}}, {"ours / bare": bar.measured}, (bar,))
    assert json.loads(json.dumps(report.to_json())) == {
        "bench": "stream",
        "environment": {"cpus": 2},
        "candidates": {"ours": {"cpu": 1.0}},
        "ratios": {"ours / bare": {"value": 1.0, "low": 0.9, "high": 1.1}},
        "bars": [{"name": "cost", "value": 1.0, "low": 0.9, "high": 1.1, "must": "<= 1.2", "holds": True}],
    }
    assert report.holds


def test_one_bar_that_does_not_hold_fails_the_report() -> None:
    """A bench has found something as soon as one bar is missed."""
    good, bad = Bar("a", exactly(1), "<=", 1), Bar("b", exactly(2), "<=", 1)
    assert not Report("stop", {}, {}, {}, (good, bad)).holds
