"""Every metric and label that a rule or the board names is one that the code declares."""

import re

import pytest
from deployed import (
    EVERYWHERE,
    asked_labels,
    asked_names,
    board_expressions,
    kept_labels,
    prometheus,
    rules,
    series,
)

from stream_pool.lag.status import Status

EXPRESSIONS = [
    *((rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()),
    *board_expressions(),
]
ALL = pytest.mark.parametrize(
    "expression",
    [pytest.param(asked, id=f"{number} {where}") for number, (where, asked) in enumerate(EXPRESSIONS, 1)],
)

PICKED_APART = [
    pytest.param("up", {"up"}, set(), set(), id="1 a name alone"),
    pytest.param('sum by (a, b) (x_total{c="d e", f!~"g"})', {"x_total"}, {"c", "f"}, {"a", "b"}, id="2 all"),
    pytest.param("rate(x[5m]) > 0.5 and y offset 10m", {"x", "y"}, set(), set(), id="3 durations, numbers"),
    pytest.param(
        "x / on (a) group_left (b) y:z:rate5m", {"x", "y:z:rate5m"}, set(), {"a", "b"}, id="4 joins"
    ),
    pytest.param(
        'time() - x{i=~"$i"} or 1e3 * rate(y[$__rate_interval])', {"x", "y"}, {"i"}, set(), id="5 variables"
    ),
]


@pytest.mark.parametrize(("expression", "names", "selected", "kept"), PICKED_APART)
def test_an_expression_is_picked_apart(
    expression: str, names: set[str], selected: set[str], kept: set[str]
) -> None:
    """Functions, words, strings, ranges and groupings are no metrics; labels are found where they stand."""
    assert asked_names(expression) == names
    assert {label for _, label in asked_labels(expression)} == selected
    assert kept_labels(expression) == kept


def test_a_metric_is_asked_for_by_the_suffixes_of_its_type() -> None:
    """A counter has `_total`, a histogram three and `le`, a summary two, an info `_info`, a gauge none."""
    known = series()
    assert {"string_pool_evictions_total", "stream_pool_gc_pause_seconds_sum"} <= known.keys()
    assert {"stream_pool_lag_records", "stream_pool_build_info"} <= known.keys()
    assert not {"string_pool_evictions", "stream_pool_gc_pause_seconds_bucket"} & known.keys()
    assert known["stream_pool_processing_seconds_bucket"] == {"topic", "le"} | EVERYWHERE
    assert known["job_topic:stream_pool_lag_records:sum"] == {"job", "topic"}


@ALL
def test_every_metric_is_declared(expression: str) -> None:
    """In `stream_pool/telemetry/metrics.py`, or by a recording rule, or by Prometheus itself."""
    names = asked_names(expression)
    assert names
    assert names <= series().keys()


@ALL
def test_every_label_is_declared(expression: str) -> None:
    """A series is selected by labels that it has, and grouped by labels that one of them has."""
    known = series()
    assert {(name, label) for name, label in asked_labels(expression) if label not in known[name]} == set()
    assert kept_labels(expression) <= set().union(*(known[name] for name in asked_names(expression)))


def test_every_recorded_series_is_used_twice() -> None:
    """By a rule and by the board, or by two rules: otherwise it would stand where it is used."""
    uses = [name for _, asked in EXPRESSIONS for name in asked_names(asked)]
    recorded = [rule["record"] for rule in rules() if "record" in rule]
    assert len(recorded) == len(set(recorded)) >= 1
    assert [name for name in recorded if uses.count(name) < 2] == []


def test_every_job_and_status_that_is_named_exists() -> None:
    """The jobs are Prometheus's own configuration's, the statuses the code's."""
    asked = " ".join(expression for _, expression in EXPRESSIONS)
    jobs = {job["job_name"] for job in prometheus()["scrape_configs"]}
    named = set(re.findall(r'job=~?"([^"]+)"', asked))
    assert {job for job in jobs if any(re.fullmatch(each, job) for each in named)} == jobs - {"prometheus"}
    assert all(any(re.fullmatch(each, job) for job in jobs) for each in named)
    statuses = {
        each for found in re.findall(r'status(?:=~|!=|=)"([^"]+)"', asked) for each in found.split("|")
    }
    assert statuses
    assert statuses <= {status.value for status in Status}
