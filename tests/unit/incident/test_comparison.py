"""Whether the second side is worse, measure by measure, and by which margin."""

from dataclasses import replace

import pytest

from stream_pool.errors import MisuseError
from stream_pool.incident.comparison import (
    MARGINS,
    Margin,
    Side,
    check_same_traffic,
    compare,
    parse_margins,
    side_of,
)
from stream_pool.incident.offline_figures import AnomalyFigure, Figures

LAG = AnomalyFigure("lag", "orders", "P2", "consumers slower", 30.0, 90.0)
CALM = Figures(
    records=1_000,
    errors=10,
    dead_letters={"depth_limit": 8},
    anomalies=[LAG],
    lag_peak_records=2_000,
    drain_s=100.0,
    latency_p50_s=0.1,
    latency_p99_s=1.0,
    pool_hit_ratio=0.95,
    pool_capacity_peak=4_096,
    pool_bytes_peak=50_000_000,
)


def side(name: str = "a", stopped: int = 0, records: int = 1_000, **changed: object) -> Side:
    return Side(name, replace(CALM, **changed), records, stopped, workers=1)


@pytest.mark.parametrize(
    ("measure", "b", "standing"),
    [
        pytest.param("stopped", side(stopped=1), "worse", id="1 a worker stopped"),
        pytest.param("unread", side(records=1_001), "worse", id="2 a record was not finished"),
        pytest.param("errors", side(errors=10), "same", id="3 as many errors"),
        pytest.param("errors", side(errors=11), "worse", id="4 one more"),
        pytest.param("errors", side(errors=9), "better", id="5 one fewer"),
        pytest.param("anomalies", side(anomalies=[LAG, LAG]), "worse", id="6 an anomaly more"),
        pytest.param("lag", side(lag_peak_records=2_200), "same", id="7 within a tenth"),
        pytest.param("lag", side(lag_peak_records=2_201), "worse", id="8 beyond it"),
        pytest.param("lag", side(lag_peak_records=1_799), "better", id="9 beyond it the other way"),
        pytest.param("drain", side(drain_s=111.0), "worse", id="10 later drained"),
        pytest.param("drain", side(drain_s=None), "worse", id="11 never drained"),
        pytest.param("latency", side(latency_p99_s=1.25), "same", id="12 two buckets"),
        pytest.param("latency", side(latency_p99_s=1.3), "worse", id="13 three"),
        pytest.param("latency", side(latency_p99_s=None), "unknown", id="14 not known"),
        pytest.param("pool", side(pool_hit_ratio=0.93), "worse", id="15 fewer hits"),
        pytest.param("pool", side(pool_hit_ratio=0.97), "better", id="16 more"),
        pytest.param("pool", side(pool_hit_ratio=0.945), "same", id="17 half a point"),
        pytest.param("memory", side(pool_bytes_peak=55_000_001), "worse", id="18 more memory"),
        pytest.param(
            "p1", side(anomalies=[replace(LAG, severity="P1")]), "worse", id="19 as many, but graver"
        ),
    ],
)
def test_how_the_second_side_stands(measure: str, b: Side, standing: str) -> None:
    """Beside a first one that is as it is."""
    rows = {row.measure: row for row in compare(side(), b).rows}
    assert rows[measure].standing == standing
    others = {row.standing for name, row in rows.items() if name != measure}
    assert others <= {"same"} | ({"unknown"} if standing == "unknown" else set())
    assert compare(side(), b).worse == ([measure] if standing == "worse" else [])


def test_a_small_number_may_move_by_the_floor() -> None:
    """Three records behind and four are the same, whatever the percentage."""
    small = side(lag_peak_records=3, drain_s=1.0)
    assert compare(small, side(lag_peak_records=103, drain_s=6.0)).worse == []
    assert compare(small, side(lag_peak_records=104, drain_s=6.1)).worse == ["lag", "drain"]


def test_what_never_drained_cannot_drain_later() -> None:
    """And is better off where it does."""
    never = side(drain_s=None)
    rows = {row.measure: row.standing for row in compare(never, side()).rows}
    assert rows["drain"] == "better"
    assert compare(never, never).worse == []


def test_anomalies_and_outcomes_stand_side_by_side() -> None:
    """Each rule and subject once, with its first opening; each outcome of either side."""
    late = replace(LAG, opened_s=40.0)
    other = AnomalyFigure("error_ratio", "orders", "P2", "payload changed", 20.0)
    compared = compare(
        side(anomalies=[late, LAG]), side(anomalies=[other], dead_letters={"tombstone": 3}, errors=3)
    )
    assert [
        (row.rule, row.a_count, row.b_count, row.a_opened_s, row.b_opened_s) for row in compared.anomalies
    ] == [
        ("lag", 2, 0, 30.0, None),
        ("error_ratio", 0, 1, None, 20.0),
    ]
    assert compared.outcomes == (
        ("done", 990, 997),
        ("depth_limit", 8, 0),
        ("skipped", 2, 0),
        ("tombstone", 0, 3),
    )


@pytest.mark.parametrize(
    ("text", "name", "margin"),
    [
        pytest.param("", "lag", MARGINS["lag"], id="1 as they are"),
        pytest.param("lag=20%", "lag", Margin(share=0.2), id="2 a percentage"),
        pytest.param("lag=20%,errors=5", "errors", Margin(number=5), id="3 a number"),
        pytest.param("lag=0", "lag", Margin(), id="4 none at all"),
        pytest.param("lag=20%", "drain", MARGINS["drain"], id="5 the others stay"),
    ],
)
def test_margins_are_read(text: str, name: str, margin: Margin) -> None:
    """One replaces both of the default's."""
    assert parse_margins(text)[name] == margin


@pytest.mark.parametrize("text", ["speed=1", "lag", "lag=", "lag=-1", "lag=many", "lag=nan", "lag=inf%"])
def test_other_margins_are_misuse(text: str) -> None:
    """Named."""
    with pytest.raises(MisuseError, match="--margin"):
        parse_margins(text)


TOLD = {
    "stream_pool_replay": 1,
    "figures": CALM.to_json(),
    "records_wanted": 1_000,
    "workers": 1,
    "faults": [{"worker": "worker-1", "reason": "handler_failed", "message": "no"}],
    "capture": "digest",
    "options": {"speed": 1.0, "loop": 1},
}


def test_a_side_is_what_a_replay_printed() -> None:
    """And nothing else: nothing of another format, either."""
    assert side_of("a", TOLD) == side(stopped=1)
    for wrong in ({}, TOLD | {"figures": {}}, TOLD | {"figures": []}, TOLD | {"stream_pool_replay": 2}):
        with pytest.raises(MisuseError, match="no result"):
            side_of("a", wrong)


def test_a_side_of_a_later_build_is_one() -> None:
    """A figure more is not looked at: main may be ahead of a branch."""
    anomaly = CALM.to_json()["anomalies"][0] | {"more": 1}
    assert side_of("a", TOLD | {"figures": CALM.to_json() | {"more": 1, "anomalies": [anomaly]}}) == side(
        stopped=1
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"records_wanted": 999}, "b.json of 999", id="1 other records"),
        pytest.param({"capture": "other"}, "capture", id="2 another capture"),
        pytest.param({"options": {"speed": 2.0, "loop": 1}}, "speed", id="3 another speed"),
        pytest.param({"options": {"speed": 1.0, "loop": 2}}, "loop", id="4 other passes"),
    ],
)
def test_sides_of_other_traffic_are_not_compared(changed: dict[str, object], said: str) -> None:
    """The difference is named; what a build did not tell yet is none."""
    a = side_of("a.json", TOLD)
    with pytest.raises(MisuseError, match=said):
        check_same_traffic(a, side_of("b.json", TOLD | changed))
    check_same_traffic(a, side_of("b.json", TOLD))
    untold = {name: value for name, value in TOLD.items() if name not in ("capture", "options")}
    check_same_traffic(a, side_of("b.json", untold))


def test_no_record_is_nothing_to_compare_by() -> None:
    """`--only` chose none, or the capture is empty."""
    empty = side_of("a.json", TOLD | {"records_wanted": 0})
    with pytest.raises(MisuseError, match="no record"):
        check_same_traffic(empty, empty)


@pytest.mark.parametrize(
    ("a", "b", "proves"),
    [
        pytest.param(side(), side(), True, id="1 both came to their end"),
        pytest.param(side(stopped=1), side(), True, id="2 the second one did"),
        pytest.param(side(), side(stopped=1), True, id="3 the first one did"),
        pytest.param(side(stopped=1), side(stopped=1), False, id="4 all workers stopped, both times"),
        pytest.param(side(records=0), side(stopped=1), False, id="5 or nothing was finished"),
    ],
)
def test_two_sides_that_did_nothing_prove_nothing(a: Side, b: Side, proves: bool) -> None:
    """Not that the second is as good."""
    if a.records == 0:
        a = replace(a, records=1_000, figures=replace(a.figures, records=0))
    assert compare(a, b).proves is proves
