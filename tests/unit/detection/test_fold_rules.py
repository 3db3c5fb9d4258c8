"""The static rules as scenarios: windows in, anomalies out.

Each row gives one figure a window of 10 s (None: nothing reported), and the windows (numbered from 1) at
whose end the anomaly opens and resolves. Unless a row says otherwise a rule opens after 2 windows and
resolves after 3.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from log_script import START_MS, LogScript, fold_all

from stream_pool.detection import Conclusion, Rules
from stream_pool.events import AnomalyOpened, AnomalyResolved

RULES = Rules(
    lag_limit_records=1000,
    warn_min_lag_records=100,
    min_records=10,
    memory_limit_bytes=1000,
    memory_for_s=30.0,
    expire_after_s=60.0,
)
Changes = list[tuple[str, int]]


def run(
    rules: Rules, figures: list[int | None], write: Callable[[LogScript, int], object]
) -> list[Conclusion]:
    """One window a figure, the first tick being the beginning of the first."""
    log = LogScript()
    log.configure(rules)
    log.tick()
    for figure in figures:
        if figure is not None:
            write(log, figure)
        log.tick()
    return fold_all(log.events)[1]


def changes(conclusions: list[Conclusion], rule: str) -> Changes:
    """What became of a rule, as (opened or resolved, number of the window)."""
    return [
        (
            "opened" if isinstance(conclusion.event, AnomalyOpened) else "resolved",
            (conclusion.time_ms - START_MS) // 10_000 - 1,
        )
        for conclusion in conclusions
        if conclusion.event.rule == rule
    ]


HYSTERESIS = [
    ("01 never over the limit", [1000, 1000, 1000], RULES, []),
    ("02 over it once", [1001, 0, 0], RULES, []),
    ("03 over it twice, not in a row", [1001, 0, 1001, 0], RULES, []),
    ("04 over it twice in a row", [1001, 1001], RULES, [("opened", 2)]),
    ("05 a window between the limits does not count as over", [1001, 900, 1001], RULES, []),
    ("06 stays open while over", [1001] * 9, RULES, [("opened", 2)]),
    (
        "07 resolves after three at the lower limit",
        [1001, 1001, 800, 800, 800],
        RULES,
        [("opened", 2), ("resolved", 5)],
    ),
    ("08 between the limits it stays open", [1001, 1001] + [801] * 9, RULES, [("opened", 2)]),
    ("09 one window over starts the count anew", [1001, 1001, 0, 0, 1001, 0, 0], RULES, [("opened", 2)]),
    ("10 one window between starts it anew too", [1001, 1001, 0, 0, 900, 0, 0], RULES, [("opened", 2)]),
    (
        "11 opens again",
        [1001, 1001, 0, 0, 0, 1001, 1001],
        RULES,
        [("opened", 2), ("resolved", 5), ("opened", 7)],
    ),
    ("12 opens at once where one window is enough", [0, 1001], replace(RULES, open_after=1), [("opened", 2)]),
    (
        "13 resolves at once where one window is enough",
        [1001, 1001, 0],
        replace(RULES, resolve_after=1),
        [("opened", 2), ("resolved", 3)],
    ),
    (
        "14 no lower limit but the limit",
        [1001, 1001, 1000, 1000, 1000],
        replace(RULES, clear_ratio=1.0),
        [("opened", 2), ("resolved", 5)],
    ),
    (
        "15 nobody reports: forgotten after a minute, and resolved",
        [1001, 1001] + [None] * 6,
        RULES,
        [("opened", 2), ("resolved", 8)],
    ),
    (
        "16 nobody reports for less than that: the last word holds",
        [1001, 1001] + [None] * 5,
        RULES,
        [("opened", 2)],
    ),
]


@pytest.mark.parametrize(
    ("figures", "rules", "expected"), [row[1:] for row in HYSTERESIS], ids=[row[0] for row in HYSTERESIS]
)
def test_lag_opens_and_resolves(figures: list[int | None], rules: Rules, expected: Changes) -> None:
    """Lag against its limit of 1,000 records; the hysteresis is the same for every rule."""
    assert changes(run(rules, figures, LogScript.lag), "lag") == expected


def errors_of_hundred(log: LogScript, errors: int) -> None:
    log.signals(100, errors)


def errors_of_few(log: LogScript, errors: int) -> None:
    log.signals(9, errors)


def errors_of_ten(log: LogScript, errors: int) -> None:
    log.signals(10, errors)


ERRORS = [
    ("01 five in a hundred is the limit", [5, 5, 5], RULES, errors_of_hundred, []),
    ("02 six are over it", [6, 6], RULES, errors_of_hundred, [("opened", 2)]),
    (
        "03 four are at the lower limit",
        [6, 6, 4, 4, 4],
        RULES,
        errors_of_hundred,
        [("opened", 2), ("resolved", 5)],
    ),
    ("04 too few records to judge by", [9, 9, 9], RULES, errors_of_few, []),
    ("05 just enough records to judge by", [9, 9, 9], RULES, errors_of_ten, [("opened", 2)]),
    (
        "06 no traffic at all resolves",
        [6, 6, None, None, None],
        RULES,
        errors_of_hundred,
        [("opened", 2), ("resolved", 5)],
    ),
    (
        "07 over a window of three the burst lasts longer",
        [30, 0, 0, 0],
        replace(RULES, signal_windows=3),
        errors_of_hundred,
        [("opened", 2)],
    ),
    (
        "08 few records add up over a window of three",
        [3, 3, 3, 3],
        replace(RULES, signal_windows=3),
        errors_of_few,
        [("opened", 3)],
    ),
]


@pytest.mark.parametrize(
    ("figures", "rules", "write", "expected"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_error_ratio_opens_and_resolves(
    figures: list[int | None], rules: Rules, write: Callable[[LogScript, int], object], expected: Changes
) -> None:
    """Errors a record against a limit of 5 %, where there are 10 records or more."""
    assert changes(run(rules, figures, write), "error_ratio") == expected


def slow_of_hundred(log: LogScript, slow: int) -> None:
    """A hundred records, so many of them of two seconds."""
    log.signals(100 - slow)
    log.signals(slow, bucket=80, seconds=2.0)


LATENCIES = [
    ("01 one slow in a hundred is no P99", [1, 1, 1], []),
    ("02 two are", [2, 2], [("opened", 2)]),
    ("03 and it resolves", [2, 2, 1, 1, 1], [("opened", 2), ("resolved", 5)]),
]


@pytest.mark.parametrize(
    ("figures", "expected"), [row[1:] for row in LATENCIES], ids=[row[0] for row in LATENCIES]
)
def test_latency_opens_and_resolves(figures: list[int | None], expected: Changes) -> None:
    """P99 from poll to done against a limit of one second."""
    assert changes(run(RULES, figures, slow_of_hundred), "latency_p99") == expected


def restarted(log: LogScript, rss_bytes: int) -> None:
    """Every sample is of another life of the worker."""
    log.memory(rss_bytes, incarnation=f"i{log.sequence}")


ONE = replace(RULES, open_after=1)
MEMORY = [
    ("01 at the limit", [1000] * 9, ONE, LogScript.memory, []),
    ("02 over it for 30 s", [1001] * 4, ONE, LogScript.memory, [("opened", 4)]),
    ("03 over it for 20 s", [1001] * 3 + [900], ONE, LogScript.memory, []),
    (
        "04 a sample under it starts the time anew",
        [1001, 1001, 1000, 1001, 1001, 1001],
        ONE,
        LogScript.memory,
        [],
    ),
    ("05 silence is no proof", [1001, None, None, None, None], ONE, LogScript.memory, []),
    ("06 over at both ends of a silence", [1001, None, None, 1001], ONE, LogScript.memory, [("opened", 4)]),
    ("07 a restart starts the time anew", [1001] * 9, ONE, restarted, []),
    ("08 resolves", [1001] * 4 + [800] * 3, ONE, LogScript.memory, [("opened", 4), ("resolved", 7)]),
    (
        "09 a worker that vanished is forgotten after a minute",
        [1001] * 4 + [None] * 6,
        ONE,
        LogScript.memory,
        [("opened", 4), ("resolved", 10)],
    ),
]


@pytest.mark.parametrize(
    ("figures", "rules", "write", "expected"), [row[1:] for row in MEMORY], ids=[row[0] for row in MEMORY]
)
def test_memory_opens_and_resolves(
    figures: list[int | None], rules: Rules, write: Callable[[LogScript, int], object], expected: Changes
) -> None:
    """A worker's resident memory over its limit for 30 s."""
    assert changes(run(rules, figures, write), "memory") == expected


def test_memory_evidence_says_for_how_long() -> None:
    """At the opening the evidence has the time over the limit, at the resolution none."""
    opening, resolution = run(ONE, [1001] * 5 + [800] * 3, LogScript.memory)
    assert [each.event.evidence["over_for_s"] for each in (opening, resolution)] == [30.0, 0.0]


def keeps_up(log: LogScript, step: int) -> None:
    log.commit(1000 + 10 * step)
    log.lag(0, committed=1000 + 10 * step)


def falls_behind(log: LogScript, step: int) -> None:
    log.commit(1000 + 10 * step)
    log.lag(100 + 50 * step, committed=1000 + 10 * step)


def falls_behind_a_little(log: LogScript, step: int) -> None:
    log.commit(1000 + 10 * step)
    log.lag(99, committed=1000 + 10 * step)


def stalls(log: LogScript, step: int) -> None:
    log.commit(1000)
    log.lag(100 + 50 * step)


def stops_at_five(log: LogScript, step: int) -> None:
    if step <= 5:
        log.commit(1000 + 10 * step)
    log.lag(100 + 50 * step, committed=1000 + 10 * min(step, 5))


def rewinds_at_five(log: LogScript, step: int) -> None:
    offset = 1000 + 10 * step if step < 5 else 500 + 10 * step
    log.commit(offset)
    log.lag(100, committed=offset)


STATUSES = [
    ("01 keeps up", 20, keeps_up, []),
    (
        "02 falls behind: a warning once the window is full",
        12,
        falls_behind,
        [("partition_warn", "opened", 11)],
    ),
    ("03 stays a little behind, the lag never falling", 20, falls_behind_a_little, []),
    ("04 commits the same again", 5, stalls, [("partition_stall", "opened", 4)]),
    ("05 commits no more", 11, stops_at_five, [("partition_stop", "opened", 10)]),
    ("06 goes back", 6, rewinds_at_five, [("partition_rewind", "opened", 6)]),
]


@pytest.mark.parametrize(
    ("windows", "write", "expected"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES]
)
def test_status_opens(
    windows: int, write: Callable[[LogScript, int], object], expected: list[tuple[str, str, int]]
) -> None:
    """A partition's status is judged by the commits in the log, those that did not move included."""
    conclusions = run(RULES, list(range(1, windows + 1)), write)
    found = [(c.event.rule, *changes([c], c.event.rule)[0]) for c in conclusions]
    assert found == expected
    assert {c.subject for c in conclusions} <= {"orders/0"}


def test_status_changes_into_another() -> None:
    """A stall that becomes a stop resolves as the one and opens as the other."""

    def write(log: LogScript, step: int) -> None:
        if step <= 5:
            log.commit(1000)
        log.lag(100 + 50 * step)

    conclusions = run(RULES, list(range(1, 13)), write)
    assert changes(conclusions, "partition_stall") == [("opened", 4), ("resolved", 11)]
    assert changes(conclusions, "partition_stop") == [("opened", 10)]


def test_severities() -> None:
    """Memory and a stopped partition come first, a slow consumer last."""
    log = LogScript()
    log.configure(replace(RULES, open_after=1, memory_for_s=0.0))
    log.tick()
    for step in range(12):
        falls_behind(log, 100 * step)
        log.memory(5000)
        log.signals(100, errors=50, bucket=100, seconds=9.0)
        log.tick()
    conclusions = fold_all(log.events)[1]
    assert {c.event.rule: c.event.severity for c in conclusions} == {
        "error_ratio": "P2",
        "lag": "P2",
        "latency_p99": "P2",
        "memory": "P1",
        "partition_warn": "P3",
    }


def test_lag_is_summed_over_partitions() -> None:
    """A topic's partitions count together; the worst of them is named in the evidence."""
    log = LogScript()
    log.configure(replace(RULES, open_after=1))
    log.tick()
    log.lag(400, partition=0)
    log.lag(601, partition=1)
    log.tick()
    (conclusion,) = fold_all(log.events)[1]
    event = conclusion.event
    assert isinstance(event, AnomalyOpened)
    assert (event.subject, event.value, event.expected_high) == ("orders", 1001.0, 1000.0)
    assert (event.evidence["partitions"], event.evidence["worst_partition"]) == (2, 1)
    assert event.evidence["worst_lag_records"] == 601


def test_anomaly_in_full() -> None:
    """Both share an id that follows from the tick; times and trace context are the log's."""
    log = LogScript()
    log.configure(replace(RULES, open_after=1, resolve_after=1))
    log.tick()
    log.signals(100, errors=10)
    cause = log.tick(traceparent="00-trace")
    log.signals(100, errors=0)
    end = log.tick()
    opening, resolution = fold_all(log.events)[1]
    opened, resolved = opening.event, resolution.event
    assert isinstance(opened, AnomalyOpened)
    assert isinstance(resolved, AnomalyResolved)
    assert (opened.cause_event_id, resolved.cause_event_id) == (cause.id, end.id)
    assert (opening.id, resolution.id) == (f"{opened.anomaly_id}-opened", f"{opened.anomaly_id}-resolved")
    assert (opening.time_ms, opening.subject, opening.traceparent) == (
        cause.timestamp_ms,
        "orders",
        "00-trace",
    )
    assert (opened.value, opened.expected_low, opened.expected_high) == (0.1, None, 0.05)
    assert opened.diagnosis == "unknown"
    assert opened.evidence == {
        "records": 100,
        "errors": 10,
        "dead_letters": 0,
        "retries": 0,
        "approximate": False,
    }
    assert resolved.anomaly_id == opened.anomaly_id
    assert (resolved.opened_at_ms, resolved.resolved_at_ms) == (cause.timestamp_ms, end.timestamp_ms)
    assert resolved.value == 0.0
