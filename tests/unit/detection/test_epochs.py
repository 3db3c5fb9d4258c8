"""DESIGN 2.6: a log of several epochs. What goes on when the rules change, and what begins anew."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_script import START_MS, LogScript, fold_all

from stream_pool.detection import FOLD_VERSION, Conclusion, Rules, dump_state, load_state, open_anomalies
from stream_pool.detection.account import account
from stream_pool.events import AnomalyOpened, AnomalyResolved

RULES = Rules(
    lag_limit_records=1000, min_records=10, memory_limit_bytes=1000, memory_for_s=30.0, status_windows=3
)
LATER = FOLD_VERSION + 1


def started(rules: Rules = RULES) -> LogScript:
    """A log whose first window has begun."""
    log = LogScript()
    log.configure(rules)
    log.tick()
    return log


def windows(log: LogScript, count: int, write: Callable[[], object]) -> None:
    """So many windows, in each of them the same."""
    for _ in range(count):
        write()
        log.tick()


def told(conclusions: list[Conclusion]) -> list[tuple[str, str, int]]:
    """Conclusions as (opened or resolved, rule, number of the window at whose end)."""
    return [
        (
            "opened" if isinstance(each.event, AnomalyOpened) else "resolved",
            each.event.rule,
            (each.time_ms - START_MS) // 10_000 - 1,
        )
        for each in conclusions
    ]


def test_2_6_rules_told_again_change_nothing() -> None:
    """The detector tells its rules every hour, and each new owner does: that opens no epoch."""
    plain, often = started(), started()
    for log in (plain, often):
        for step in range(40):
            log.commit(1000)
            log.lag(5000 if step % 8 < 5 else 0)
            log.signals(100, errors=step)
            log.memory(1001)
            log.tick()
            if log is often:
                log.configure(RULES)
    assert told(fold_all(often.events)[1]) == told(fold_all(plain.events)[1]) != []


def test_2_6_alarm_that_is_open_stays_open_under_other_rules() -> None:
    """By the new rules it would have opened, too: it is one anomaly."""
    log = started()
    windows(log, 2, lambda: log.lag(5000))
    log.configure(replace(RULES, lag_limit_records=2000))
    windows(log, 5, lambda: log.lag(5000))
    assert told(fold_all(log.events)[1]) == [("opened", "lag", 2)]


def test_2_6_open_alarm_resolves_by_the_new_rules() -> None:
    """What is no breach any more resolves after as many windows as the new rules ask for, by their limits."""
    log = started()
    windows(log, 2, lambda: log.lag(5000))
    log.configure(replace(RULES, lag_limit_records=10_000, resolve_after=2))
    windows(log, 3, lambda: log.lag(5000))
    opened, resolved = fold_all(log.events)[1]
    assert told([opened, resolved]) == [("opened", "lag", 2), ("resolved", "lag", 4)]
    assert (resolved.event.expected_high, resolved.event.value) == (10_000.0, 5000.0)
    assert resolved.event.anomaly_id == opened.event.anomaly_id


COUNTED = [
    ("01 towards opening", [5000], RULES, replace(RULES, lag_limit_records=2000), [5000, 5000], 3),
    ("02 with other rules that do not matter", [5000], RULES, replace(RULES, min_records=9), [5000] * 2, 3),
    ("03 with the same rules", [5000], RULES, RULES, [5000, 5000], 2),
]


@pytest.mark.parametrize(
    ("before", "old", "new", "after", "window"), [row[1:] for row in COUNTED], ids=[row[0] for row in COUNTED]
)
def test_2_6_windows_are_counted_anew(
    before: list[int], old: Rules, new: Rules, after: list[int], window: int
) -> None:
    """An anomaly opens on windows that were all judged by the same rules."""
    log = started(old)
    for lag in before:
        windows(log, 1, lambda lag=lag: log.lag(lag))
    log.configure(new)
    for lag in after:
        windows(log, 1, lambda lag=lag: log.lag(lag))
    assert told(fold_all(log.events)[1]) == [("opened", "lag", window)]


def test_2_6_windows_towards_resolving_are_counted_anew() -> None:
    """Two calm windows of the old rules are none of the new."""
    log = started()
    windows(log, 2, lambda: log.lag(5000))
    windows(log, 2, lambda: log.lag(0))
    log.configure(replace(RULES, lag_limit_records=999))
    windows(log, 3, lambda: log.lag(0))
    assert told(fold_all(log.events)[1]) == [("opened", "lag", 2), ("resolved", "lag", 7)]


def test_2_6_memory_over_another_limit_is_timed_anew() -> None:
    """How long a worker has been over the new limit is not known from before."""
    log = started(replace(RULES, open_after=1))
    windows(log, 3, lambda: log.memory(3000))
    log.configure(replace(RULES, open_after=1, memory_limit_bytes=2000))
    windows(log, 4, lambda: log.memory(3000))
    assert told(fold_all(log.events)[1]) == [("opened", "memory", 7)]


def test_2_6_account_of_records_goes_on_through_epochs() -> None:
    """Whatever the rules are, a record counts once."""
    log = started()
    log.signals(100, start=0)
    log.tick()
    log.configure(replace(RULES, window_s=20.0, status_windows=5, signal_windows=2))
    log.signals(100, start=0)
    log.configure(RULES, fold_version=LATER)
    log.signals(100, start=50)
    log.configure(RULES)
    log.signals(20, start=155)
    found = account(fold_all(log.events)[0])
    assert (found.counted, found.repeated, found.unobserved) == (170, 150, 5)


def test_2_6_window_of_signals_begins_anew_where_its_length_changes() -> None:
    """Closed windows of another length are not added up; the one that is filling is judged with the new."""
    log = started(replace(RULES, open_after=1, signal_windows=3))
    log.signals(100, errors=4)
    log.tick()
    log.configure(replace(RULES, open_after=1, signal_windows=2))
    log.signals(10, errors=2)
    log.tick()
    (opened,) = fold_all(log.events)[1]
    assert (opened.event.evidence["records"], opened.event.evidence["errors"]) == (10, 2)


def test_2_6_unknown_fold_concludes_nothing_until_the_next_known_epoch() -> None:
    """What another fold concludes nobody here knows. After it the first tick only begins a window."""
    log = started()
    log.configure(RULES, fold_version=LATER)
    windows(log, 5, lambda: (log.lag(5000), log.signals(100, errors=90)))
    log.configure(RULES)
    windows(log, 1, lambda: log.lag(5000))
    assert fold_all(log.events)[1] == []
    windows(log, 2, lambda: log.lag(5000))
    assert told(fold_all(log.events)[1]) == [("opened", "lag", 8)]


def test_2_6_unknown_fold_leaves_open_anomalies_to_the_next_known_epoch() -> None:
    """An anomaly that was open before stays open meanwhile, and resolves under its id when it may."""
    log = started()
    windows(log, 2, lambda: log.lag(5000))
    log.configure(RULES, fold_version=LATER)
    windows(log, 5, lambda: log.lag(0))
    state, (opened,) = fold_all(log.events)
    assert open_anomalies(state) == (opened.event,)
    log.configure(RULES)
    windows(log, 4, lambda: log.lag(0))
    (_, resolved) = fold_all(log.events)[1]
    assert told([resolved]) == [("resolved", "lag", 11)]
    assert resolved.event.anomaly_id == opened.event.anomaly_id


def foreign(rule: str = "lag", subject: str = "orders") -> AnomalyOpened:
    """What a later fold opened."""
    return AnomalyOpened("f" * 32, rule, subject, "P2", 9.0, None, 1.0, {}, "unknown", START_MS, "d/i/1-x")


def resolution(opened: AnomalyOpened) -> AnomalyResolved:
    """And resolved."""
    return AnomalyResolved(
        opened.anomaly_id, opened.rule, opened.subject, "P2", 0.0, None, 1.0, {}, "unknown", START_MS,
        START_MS, "d/i/2-x",
    )  # fmt: skip  # one line an event


TAKEN_OVER = [
    ("01 still a breach: it stays open", [foreign()], 5000, []),
    ("02 calm: it resolves", [foreign()], 0, [("resolved", "lag", 9)]),
    ("03 resolved there", [foreign(), resolution(foreign())], 0, []),
    ("04 a rule that is not ours: nobody reports on it", [foreign("drift")], 0, [("resolved", "drift", 7)]),
]


@pytest.mark.parametrize(
    ("events", "lag", "expected"), [row[1:] for row in TAKEN_OVER], ids=[row[0] for row in TAKEN_OVER]
)
def test_2_6_anomalies_of_an_unknown_epoch_are_taken_over(
    events: list[AnomalyOpened | AnomalyResolved], lag: int, expected: list[tuple[str, str, int]]
) -> None:
    """What another fold opened and did not resolve is not open for ever."""
    log = started()
    log.configure(RULES, fold_version=LATER)
    for event in events:
        log.add(event)
    windows(log, 5, lambda: log.lag(lag))
    log.configure(RULES)
    windows(log, 4, lambda: log.lag(lag))
    assert told(fold_all(log.events)[1]) == expected


def test_2_6_another_fold_resolves_what_ours_opened() -> None:
    """It is not resolved a second time."""
    log = started()
    windows(log, 2, lambda: log.lag(5000))
    (opened,) = (each.event for each in fold_all(log.events)[1])
    log.add(opened)
    log.configure(RULES, fold_version=LATER)
    assert isinstance(opened, AnomalyOpened)
    log.add(resolution(opened))
    log.configure(RULES)
    windows(log, 5, lambda: log.lag(0))
    assert told(fold_all(log.events)[1]) == [("opened", "lag", 2)]


def test_2_6_late_repeat_of_what_is_over_opens_nothing() -> None:
    """Ours was resolved, and its two events come into the log late, one of them not at all."""
    log = started(replace(RULES, resolve_after=1))
    windows(log, 2, lambda: log.lag(5000))
    windows(log, 1, lambda: log.lag(0))
    opened, _ = fold_all(log.events)[1]
    log.configure(RULES, fold_version=LATER)
    log.add(opened.event)
    assert open_anomalies(fold_all(log.events)[0]) == ()


def test_2_6_signals_of_an_unknown_epoch_are_not_judged_later() -> None:
    """Errors of a stretch that was not ours do not show in the first window that is."""
    log = started(replace(RULES, open_after=1, signal_windows=3))
    log.configure(RULES, fold_version=LATER)
    windows(log, 5, lambda: log.signals(100, errors=90))
    log.configure(replace(RULES, open_after=1, signal_windows=3))
    windows(log, 5, lambda: log.signals(100))
    assert fold_all(log.events)[1] == []


def test_2_6_log_of_three_epochs() -> None:
    """Each stretch is judged by its own rules, to the end."""
    log = started()
    windows(log, 3, lambda: log.lag(900))
    log.configure(replace(RULES, lag_limit_records=500))
    windows(log, 3, lambda: log.lag(900))
    log.configure(replace(RULES, lag_limit_records=2000, resolve_after=1))
    windows(log, 3, lambda: log.lag(1500))
    log.configure(RULES)
    windows(log, 3, lambda: log.lag(1500))
    found = [each for each in fold_all(log.events)[1] if each.event.rule == "lag"]
    assert told(found) == [
        ("opened", "lag", 5),
        ("resolved", "lag", 7),
        ("opened", "lag", 11),
    ]


EPOCHS = st.one_of(
    st.just((RULES, FOLD_VERSION)),
    st.just((RULES, LATER)),
    st.builds(
        lambda limit, windows, intervals, length: (
            replace(
                RULES,
                lag_limit_records=limit,
                signal_windows=windows,
                status_windows=intervals,
                window_s=length,
                memory_limit_bytes=limit,
            ),
            FOLD_VERSION,
        ),
        st.sampled_from([100, 1000]),
        st.integers(1, 3),
        st.integers(3, 5),
        st.sampled_from([10.0, 20.0]),
    ),
)
STRETCHES = st.lists(
    st.tuples(EPOCHS, st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 50)), max_size=8)), max_size=6
)


@given(STRETCHES, st.integers(0, 200))
def test_2_6_epochs_fold_alike_from_zero_and_from_a_snapshot(
    stretches: list[tuple[tuple[Rules, int], list[tuple[int, int]]]], cut: int
) -> None:
    """Wherever a new owner takes over, inside any epoch: the same state, the same conclusions; each anomaly
    opens once and resolves at most once."""
    log = started()
    for (rules, version), figures in stretches:
        log.configure(rules, fold_version=version)
        for lag, errors in figures:
            log.lag(lag)
            log.commit(1000 + lag)
            log.signals(60, errors=errors)
            log.memory(lag)
            log.tick()
    whole, conclusions = fold_all(log.events)
    state, before = fold_all(log.events[:cut])
    state, after = fold_all(log.events[cut:], load_state(dump_state(state)))
    assert dump_state(state) == dump_state(whole)
    assert before + after == conclusions
    assert len({each.id for each in conclusions}) == len(conclusions)
    opened = {each.event.anomaly_id for each in conclusions if isinstance(each.event, AnomalyOpened)}
    assert {each.event.anomaly_id for each in conclusions} == opened
