"""How the fold reads its log: what counts once, what counts not, and what closes a window."""

import pickle
from dataclasses import replace

import pytest
from log_script import LogScript, fold_all

from stream_pool.detection import FOLD_VERSION, Conclusion, Rules, State, fold, missing, open_anomalies
from stream_pool.events import (
    AnomalyOpened,
    DetectorConfigured,
    MalformedEvent,
    ObservationsLost,
    UnknownEvent,
)

RULES = Rules(lag_limit_records=1000, min_records=10, open_after=1, resolve_after=1)


def started(rules: Rules = RULES) -> LogScript:
    """A log whose first window has begun."""
    log = LogScript()
    log.configure(rules)
    log.tick()
    return log


def rules_of(conclusions: list[Conclusion]) -> list[str]:
    return [conclusion.event.rule for conclusion in conclusions]


def test_first_tick_only_begins() -> None:
    """Before the first tick nobody knows how long the window was: it is not judged."""
    log = LogScript()
    log.configure(RULES)
    log.lag(5000)
    log.tick()
    assert fold_all(log.events)[1] == []


def test_without_rules_nothing_is_concluded() -> None:
    """A log that begins in the middle of an epoch is taken in, and judged from the next epoch on."""
    log = LogScript()
    log.tick()
    log.lag(5000)
    log.tick()
    assert fold_all(log.events)[1] == []
    log.configure(RULES)
    log.tick()
    log.tick()
    assert rules_of(fold_all(log.events)[1]) == ["lag"]


UNREADABLE = [
    ("01 another version of the fold", FOLD_VERSION + 1, RULES.to_mapping()),
    ("02 a rule out of bounds", FOLD_VERSION, {**RULES.to_mapping(), "open_after": 0}),
    ("03 a rule of another type", FOLD_VERSION, {**RULES.to_mapping(), "window_s": "ten"}),
    ("04 a window of ages", FOLD_VERSION, {**RULES.to_mapping(), "window_s": 1e308}),
    ("05 a memory of ages", FOLD_VERSION, {**RULES.to_mapping(), "expire_after_s": 1e308}),
]


@pytest.mark.parametrize(
    ("version", "mapping"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_epoch_that_cannot_be_read_is_not_judged(version: int, mapping: dict[str, str | int | float]) -> None:
    """Rules that are not ours are not guessed at."""
    log = started()
    log.add(DetectorConfigured("d", "i", log.next(), version, dict(mapping)))
    log.lag(5000)
    log.tick()
    state, conclusions = fold_all(log.events)
    assert (state.rules, conclusions) == (None, [])


def test_rules_change_with_their_epoch() -> None:
    """From a new configuration on the new thresholds hold."""
    log = started()
    log.lag(500)
    log.tick()
    log.configure(replace(RULES, lag_limit_records=100))
    log.tick()
    assert rules_of(fold_all(log.events)[1]) == ["lag"]


def test_repeats_count_once() -> None:
    """The same observation again, at once or later, changes nothing."""
    log = started()
    first = log.signals(9, errors=9)
    log.repeat(first)
    second = log.signals(9)
    log.repeat(second)
    log.repeat(first)
    log.tick()
    state, conclusions = fold_all(log.events)
    assert state.counts["repeated"] == 3
    (opened,) = (conclusion.event for conclusion in conclusions)
    assert (opened.rule, opened.evidence["records"], opened.evidence["errors"]) == ("error_ratio", 18, 9)


def test_repeated_tick_closes_no_window() -> None:
    """A tick that comes twice is one tick."""
    log = started(replace(RULES, open_after=2))
    log.lag(5000)
    tick = log.tick()
    log.at_s += 10
    log.repeat(tick)
    assert fold_all(log.events)[1] == []


EARLY = [
    ("01 a second owner's, 1 ms too early", 8.999, []),
    ("02 late enough, for all the jitter", 9.0, ["lag"]),
]


@pytest.mark.parametrize(("seconds", "expected"), [row[1:] for row in EARLY], ids=[row[0] for row in EARLY])
def test_early_tick_closes_no_window(seconds: float, expected: list[str]) -> None:
    """Two owners that tick at the same time do not make windows shorter; jitter of a tenth is allowed."""
    log = started(replace(RULES, open_after=2))
    log.lag(5000)
    log.tick(10.0)
    log.tick(seconds, worker="other")
    assert rules_of(fold_all(log.events)[1]) == expected


def test_early_tick_does_not_delay_the_next() -> None:
    """What closes no window leaves no trace."""
    log = started(replace(RULES, open_after=2))
    log.lag(5000)
    log.tick(10.0)
    log.tick(5.0, worker="other")
    log.tick(5.0)
    assert rules_of(fold_all(log.events)[1]) == ["lag"]


def test_clock_never_goes_back() -> None:
    """Time is the running maximum of the log's timestamps."""
    log = started()
    log.tick(100.0)
    log.lag(5000)
    log.at_s -= 50
    log.tick(10.0)
    state, conclusions = fold_all(log.events)
    assert conclusions == []
    assert state.clock_ms == max(logged.timestamp_ms for logged in log.events)


def test_records_that_were_covered_count_once() -> None:
    """2.3: a range that repeats whole is dropped with its errors; one that overlaps counts what was new."""
    log = started()
    log.signals(100, start=0)
    log.signals(100, errors=100, start=0)
    log.signals(50, errors=50, start=40)
    log.tick()
    assert fold_all(log.events)[1] == []
    log.signals(100, errors=10, start=50)
    log.tick()
    (opened,) = (conclusion.event for conclusion in fold_all(log.events)[1])
    assert (opened.evidence["records"], opened.evidence["errors"]) == (50, 10)
    assert opened.evidence["approximate"] is True


def test_poll_that_is_older_than_the_commit_is_no_rewind() -> None:
    """The detector may read a commit before the worker's next one, and log it after."""
    log = started()
    for step in range(6):
        log.commit(1100 + 100 * step)
        log.lag(500, committed=1000 + 100 * step)
        log.tick()
    assert "partition_rewind" not in rules_of(fold_all(log.events)[1])


def test_poll_that_stays_behind_is_a_rewind() -> None:
    """Offsets that an administrator set back while no worker runs are seen by the polls alone."""
    log = started()
    for step in range(6):
        log.lag(500, committed=1000 + 100 * step)
        log.tick()
    for _ in range(2):
        log.lag(1500, committed=200)
        log.tick()
    assert "partition_rewind" in rules_of(fold_all(log.events)[1])


def test_group_without_workers_is_seen_to_be_silent() -> None:
    """With polls alone, a commit that does not move while the end does is a STOP."""
    log = started()
    for step in range(8):
        log.lag(100 + 50 * step, committed=1000)
        log.tick()
    assert rules_of(fold_all(log.events)[1]) == ["partition_stop"]


def test_what_is_no_event_of_ours_is_counted() -> None:
    """Unknown and malformed events, and what writers lost, are told in the state and conclude nothing."""
    log = started()
    log.add(UnknownEvent("stream-pool.tea.brewed.v1"))
    log.add(MalformedEvent(None, "not_json", "?"))
    log.add(ObservationsLost("w", "i", log.next(), 7, {"stream-pool.gc.paused.v1": 7}))
    state, conclusions = fold_all(log.events)
    assert conclusions == []
    assert (state.counts["unknown"], state.counts["malformed"], state.counts["lost"]) == (1, 1, 7)


def test_what_follows_but_is_not_logged_is_missing() -> None:
    """After a crash the new owner appends exactly what the log lacks, as often as it is asked."""
    log = started()
    log.lag(5000)
    log.tick()
    log.lag(0, committed=6000)
    log.tick()
    state, (opened, resolved) = fold_all(log.events)
    assert missing(state) == (opened, resolved)
    log.add(opened.event)
    state, again = fold_all(log.events)
    assert again == [opened, resolved]
    assert missing(state) == (resolved,)
    log.add(resolved.event)
    log.add(opened.event)
    state, again = fold_all(log.events)
    assert again == [opened, resolved]
    assert missing(state) == ()


def test_open_anomalies_are_those_not_resolved() -> None:
    """What is open now can be read from the state."""
    log = started()
    log.lag(5000)
    log.signals(100, errors=50)
    log.tick()
    log.lag(5000)
    log.tick()
    assert [anomaly.rule for anomaly in open_anomalies(fold_all(log.events)[0])] == ["lag"]


def test_state_survives_pickling_in_the_middle() -> None:
    """A state is a value: stored and loaded it goes on as if nothing had happened."""
    log = started()
    for step in range(12):
        log.commit(1000 + step)
        log.lag(400 * step, committed=1000 + step)
        log.signals(100, errors=step)
        log.memory(300_000_000)
        log.tick()
    whole = fold_all(log.events)
    for split in range(len(log.events)):
        state, before = fold_all(log.events[:split])
        state, after = fold_all(log.events[split:], pickle.loads(pickle.dumps(state)))
        assert (state, before + after) == whole


def test_conclusion_needs_no_logged_anomaly() -> None:
    """The fold's own output, read back, changes nothing but what is missing."""
    log = started()
    log.lag(5000)
    log.tick()
    (opened,) = fold_all(log.events)[1]
    stranger = AnomalyOpened(
        "f" * 32, "lag", "other", "P1", 1.0, None, None, {}, "unknown", 0, "nobody/knows/1-clock.ticked"
    )
    log.add(opened.event)
    log.add(stranger)
    log.lag(0, committed=6000)
    log.tick()
    assert rules_of(fold_all(log.events)[1]) == ["lag", "lag"]


def test_fold_gives_back_the_state() -> None:
    """State in, state out: from the empty state, by one event."""
    log = LogScript()
    logged = log.tick()
    state, conclusions = fold(State(), logged)
    assert (state.clock_ms, state.counts["taken"], conclusions) == (logged.timestamp_ms, 1, ())
