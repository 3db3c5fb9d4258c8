"""Scenario files, and the records that they play."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_pool.errors import ExitCode, MisuseError
from stream_pool.incident import (
    ERROR_HEADER,
    LATENCY_HEADER,
    POISONS,
    START_MS,
    Phase,
    Scenario,
    ScenarioError,
    bundled_scenario,
    load_scenario,
    parse_scenario,
)

TWO_PHASES = Scenario(
    "two phases",
    orders=1_000,
    phases=(
        Phase("calm", share=1, duration_s=10, depth=6),
        Phase(
            "storm",
            share=3,
            duration_s=5,
            depth=17,
            poison_ratio=0.04,
            error_ratio=0.02,
            handler_latency_ms=3,
        ),
    ),
)

GOOD = """
name = "small"
orders = 100
[[phases]]
name = "only"
share = 1
duration_s = 2.5
depth = 6
"""


def test_records_are_a_function_of_number_and_seed() -> None:
    """Played twice the same, to the byte; another seed, another traffic."""
    assert list(TWO_PHASES.records(200, seed=1)) == list(TWO_PHASES.records(200, seed=1))
    assert list(TWO_PHASES.records(200, seed=1)) != list(TWO_PHASES.records(200, seed=2))


@settings(max_examples=30, deadline=None)
@given(orders=st.integers(3, 600))
def test_exactly_as_many_records_as_asked_for_at_times_that_never_go_back(orders: int) -> None:
    """The shares of the phases are kept to the nearest record."""
    records = list(TWO_PHASES.records(orders))
    due = [record.due_s for record in records]
    assert len(records) == orders
    assert due == sorted(due)
    assert due[0] == 0
    assert due[-1] < TWO_PHASES.duration_s == 15
    assert abs(sum(record.phase == "calm" for record in records) - orders / 4) <= 0.5
    assert all(record.timestamp_ms == START_MS + int(record.due_s * 1_000) for record in records)


def test_failures_are_spread_evenly_and_every_kind_gets_its_turn() -> None:
    """4 % poison and 2 % errors of 3,000: 120 and 60, as many of each kind."""
    nominal = replace(TWO_PHASES, orders=4_000)
    kinds = Counter(record.kind for record in nominal.records(4_000) if record.phase == "storm")
    assert sum(kinds[kind] for kind in POISONS) == 120
    assert {kinds[kind] for kind in POISONS} == {15}
    assert abs(kinds["error"] - 60) <= 1
    assert not any(record.kind != "order" for record in TWO_PHASES.records(4_000) if record.phase == "calm")


@pytest.mark.parametrize(
    ("orders", "slow", "latency"),
    [
        pytest.param(1_000, 750, b"3000", id="1 as written"),
        pytest.param(500, 375, b"6000", id="2 half as many, each twice as slow"),
        pytest.param(4_000, 750, b"3000", id="3 four times as many, as many slow ones"),
    ],
)
def test_handling_takes_as_long_in_all(orders: int, slow: int, latency: bytes) -> None:
    """So the worker falls behind by the same number of seconds, whatever the number of orders."""
    latencies = [
        (record.phase, dict(record.headers)[LATENCY_HEADER])
        for record in TWO_PHASES.records(orders)
        if LATENCY_HEADER in dict(record.headers)
    ]
    assert latencies == [("storm", latency)] * slow


@pytest.mark.parametrize(("orders", "failing"), [(1_000, 15), (500, 7), (4_000, 15)])
def test_no_more_orders_fail_than_nominal(orders: int, failing: int) -> None:
    """Each failure costs its retries, so more of them would make the story longer."""
    kinds = Counter(record.kind for record in TWO_PHASES.records(orders))
    assert abs(kinds["error"] - failing) <= 1


def test_only_failing_orders_say_so() -> None:
    """The header that makes a handler fail is on records of that kind alone."""
    for record in TWO_PHASES.records(2_000):
        assert (ERROR_HEADER in dict(record.headers)) == (record.kind == "error")


def test_fewer_orders_than_phases_are_refused() -> None:
    """A phase without records would be no phase; said at the call, not at the first record."""
    with pytest.raises(MisuseError, match="1 orders are too few for the 2 phases of 'two phases'"):
        TWO_PHASES.records(1)


def test_the_demo_stays_within_the_dead_letter_budget() -> None:
    """At most 5 % of any 100 records in a row and of the whole are poison or fail."""
    records = list(bundled_scenario("demo").records(12_000))
    bad = [record.kind != "order" for record in records]
    assert max(sum(bad[start : start + 100]) for start in range(len(bad) - 100)) <= 5
    assert 0 < sum(bad) < 0.05 * len(bad)
    assert set(POISONS) <= {record.kind for record in records}


def test_a_file_becomes_a_scenario(tmp_path: Path) -> None:
    """Fields left out have their defaults."""
    file = tmp_path / "small.toml"
    file.write_text(GOOD)
    assert load_scenario(file) == Scenario("small", 100, (Phase("only", 1, 2.5, 6),))


@pytest.mark.parametrize(
    ("change", "to", "message"),
    [
        pytest.param(
            "depth = 6", "depth = 18", r"depth = 18: must be a whole number from 6 to 17", id="1 range"
        ),
        pytest.param("depth = 6", "depth = 6.5", r"depth = 6.5: must be a whole number", id="2 whole"),
        pytest.param("depth = 6", "", r"depth = None: must be a whole number", id="3 missing"),
        pytest.param("share = 1", "share = true", r"share = True: must be a number", id="4 boolean"),
        pytest.param("share = 1", "share = nan", r"share = nan: must be a number", id="5 nan"),
        pytest.param("share = 1", 'share = "1"', r"share = '1': must be a number", id="6 text"),
        pytest.param(
            "depth = 6", "depth = 6\nspeed = 9", r"speed: unknown; allowed are depth, ", id="7 unknown"
        ),
        pytest.param("2.5", "0", r"duration_s = 0: must be a number from 0.1 to 86400", id="8 no time"),
        pytest.param('"only"', "3", r"phase 1: name = 3: must be", id="9 name of phase"),
        pytest.param("orders = 100", "orders = 0", r"orders = 0: must be a whole number", id="10 orders"),
        pytest.param('"small"', '""', r"name = '': must be", id="11 name"),
        pytest.param("[[phases]]", "[phases]", r"phases: at least one \[\[phases\]\]", id="12 one table"),
        pytest.param('name = "only"', 'name = "only', r"not TOML: ", id="13 syntax"),
        pytest.param(
            "[[phases]]", "loop = 1\n[[phases]]", r"loop: unknown; allowed are name", id="14 top level"
        ),
    ],
)
def test_a_wrong_file_is_told_apart(change: str, to: str, message: str) -> None:
    """The message names file, phase, field, value and what is allowed; the exit code is that of misuse."""
    with pytest.raises(ScenarioError, match=message) as caught:
        parse_scenario(GOOD.replace(change, to), "traffic.toml")
    assert str(caught.value).startswith("traffic.toml: ")
    assert caught.value.exit_code is ExitCode.MISUSE


def test_phases_that_are_not_tables_are_refused() -> None:
    """An array of anything else has no fields to read."""
    with pytest.raises(ScenarioError, match=r"phase 1: 3: must be a \[\[phases\]\] table"):
        parse_scenario('name = "x"\norders = 1\nphases = [3]', "x.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the system's own word for it."""
    with pytest.raises(ScenarioError, match=r"gone\.toml: cannot be read: .*No such file"):
        load_scenario(tmp_path / "gone.toml")


def test_an_unknown_bundled_scenario_lists_those_that_exist() -> None:
    """So a typing error is seen at once."""
    with pytest.raises(ScenarioError, match=r"no scenario is called 'demos'; there are: demo"):
        bundled_scenario("demos")


def test_phases_keep_their_orders_when_scaled() -> None:
    """Shares are relative: three quarters stay three quarters."""
    assert TWO_PHASES.orders_by_phase(1_000) == (250, 750)
    halves = replace(TWO_PHASES, phases=(replace(TWO_PHASES.phases[0], share=3), TWO_PHASES.phases[1]))
    assert halves.orders_by_phase(7) == (4, 3)
