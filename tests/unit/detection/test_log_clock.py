"""DESIGN 2.2 and 2.5: whose time moves the clock, and what is seen when only the detector writes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_script import START_MS, LogScript, fold_all

from stream_pool.detection import Conclusion, Rules
from stream_pool.detection.log_clock import LEAP_MS
from stream_pool.events import AnomalyOpened

CREATE_TIME, LOG_APPEND_TIME = 0, 1
RULES = Rules(lag_limit_records=1000, warn_min_lag_records=100, min_records=10, expire_after_s=600.0)
LEAP_S = LEAP_MS / 1000
YEAR_S = 365 * 86_400.0


def started(timestamp_type: int = CREATE_TIME, rules: Rules = RULES) -> LogScript:
    """A log whose first window has begun."""
    log = LogScript(timestamp_type=timestamp_type)
    log.configure(rules)
    log.tick()
    return log


def shifted(log: LogScript, seconds: float, write: Callable[[], object]) -> None:
    """Something written by the clock of a machine that is off by so much."""
    log.at_s += seconds
    write()
    log.at_s -= seconds


def told(conclusions: list[Conclusion]) -> list[tuple[str, str, int]]:
    """Conclusions as (id without the cause, rule, time since the start in s)."""
    return [
        (
            "opened" if isinstance(each.event, AnomalyOpened) else "resolved",
            each.event.rule,
            (each.time_ms - START_MS) // 1000,
        )
        for each in conclusions
    ]


def busy(log: LogScript, off_s: float) -> None:
    """A group that falls behind and recovers, its workers' clocks off by `off_s`, the detector's right."""
    for step in range(30):
        lag = 5000 if 5 <= step < 15 else 0
        shifted(log, off_s, lambda step=step: log.commit(1000 + 10 * step))
        shifted(log, off_s, lambda step=step: log.signals(100, errors=30 if step > 20 else 0))
        shifted(log, off_s, lambda: log.memory(10**9))
        log.lag(lag, committed=1000 + 10 * step)
        log.tick()


OFF = [
    ("01 a minute ahead", 60.0),
    ("02 a minute behind", -60.0),
    ("03 a year ahead", YEAR_S),
    ("04 in 1970", -START_MS / 1000),
]


@pytest.mark.parametrize("off_s", [row[1] for row in OFF], ids=[row[0] for row in OFF])
def test_2_2_observations_from_the_future_or_the_distant_past_move_nothing(off_s: float) -> None:
    """Where writers stamp their records, a worker's clock decides nothing: same state, same conclusions."""
    right, wrong = started(), started()
    busy(right, 0.0)
    busy(wrong, off_s)
    (state, conclusions), (other, others) = fold_all(right.events), fold_all(wrong.events)
    assert told(conclusions) == told(others) != []
    assert conclusions == others
    assert state == other


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_2_2_clock_is_the_ticks_alone_under_create_time(offs: list[float]) -> None:
    """Whatever times observations carry, the clock shows the last tick."""
    log = started()
    for off_s in offs:
        shifted(log, off_s, lambda: log.memory(1000))
        log.tick()
        assert fold_all(log.events)[0].clock_ms == log.now_ms


def test_2_2_every_record_moves_the_clock_under_log_append_time() -> None:
    """The log's own times have one order: an observation between two ticks is between them."""
    log = started(LOG_APPEND_TIME)
    log.at_s += 4
    log.memory(1000)
    assert fold_all(log.events)[0].clock_ms == log.now_ms


def test_2_2_clock_never_goes_back() -> None:
    """A tick from the past, a second owner's with a slow clock, closes no window and moves nothing."""
    log = started()
    log.tick(100.0)
    before = log.now_ms
    log.lag(5000)
    shifted(log, -70, lambda: log.tick(10.0))
    state, conclusions = fold_all(log.events)
    assert (state.clock_ms, conclusions) == (before, [])


LEAPS = [
    ("01 as far as is believed at once", [LEAP_S, 10.0], [LEAP_S, LEAP_S + 10]),
    ("02 further, and the next goes on from there", [LEAP_S + 1, 10.0], [0.0, LEAP_S + 11]),
    ("03 further, and the next does not", [YEAR_S, 10.0 - YEAR_S], [0.0, 10.0]),
    ("04 further twice, to other places", [2 * YEAR_S, -YEAR_S, 10.0], [0.0, 0.0, YEAR_S + 10]),
    ("05 two slips apart", [YEAR_S, 10.0 - YEAR_S, YEAR_S, 10.0 - YEAR_S], [0.0, 10.0, 10.0, 20.0]),
]


@pytest.mark.parametrize(("steps", "expected"), [row[1:] for row in LEAPS], ids=[row[0] for row in LEAPS])
def test_2_2_tick_from_the_future_needs_a_second(steps: list[float], expected: list[float]) -> None:
    """Under CreateTime one tick far ahead, a slip of the detector's clock, moves nothing; two do."""
    log = started()
    begin, clocks = log.now_ms, []
    for seconds in steps:
        log.tick(seconds)
        clocks.append((fold_all(log.events)[0].clock_ms - begin) / 1000)
    assert clocks == expected


def test_2_2_repeated_tick_does_not_confirm_itself() -> None:
    """The same tick written twice is one witness."""
    log = started()
    before = log.now_ms
    log.tick(YEAR_S)
    log.repeat(log.events[-1])
    assert fold_all(log.events)[0].clock_ms == before


def test_2_2_slip_of_the_clock_holds_nothing_up() -> None:
    """After a tick from the future the next windows are judged in their time."""
    log = started()
    shifted(log, YEAR_S, lambda: log.tick(0.0))
    for _ in range(3):
        log.lag(5000)
        log.tick()
    assert told(fold_all(log.events)[1]) == [("opened", "lag", 30)]


def test_2_2_what_comes_before_the_first_tick_is_forgotten_under_create_time() -> None:
    """It has no time of the log's; its records stay counted."""
    log = LogScript(timestamp_type=CREATE_TIME)
    log.configure(RULES)
    log.commit(1000)
    log.lag(5000)
    log.signals(100)
    log.tick()
    log.tick()
    state, conclusions = fold_all(log.events)
    assert (len(state.partitions), state.accounts.topics["orders"].counted, conclusions) == (0, 100, [])


TYPES = [("01 the log's times", LOG_APPEND_TIME), ("02 the writers' times", CREATE_TIME)]


@pytest.mark.parametrize("timestamp_type", [row[1] for row in TYPES], ids=[row[0] for row in TYPES])
def test_2_5_silence_is_seen_when_every_worker_is_dead(timestamp_type: int) -> None:
    """From some moment on the detector's ticks and polls are all that is written: each partition has
    stopped."""
    log = started(timestamp_type)
    for step in range(12):
        for partition in range(3):
            log.commit(1000 + 100 * step, partition=partition, worker=f"w{partition}")
            log.lag(50, partition=partition, committed=1000 + 100 * step)
        log.tick()
    died_s = log.at_s
    assert fold_all(log.events)[1] == []
    for step in range(20):
        for partition in range(3):
            log.lag(50 + 100 * step, partition=partition, committed=2100)
        log.tick()
    found = [each for each in fold_all(log.events)[1] if each.event.rule == "partition_stop"]
    assert sorted(each.subject for each in found) == ["orders/0", "orders/1", "orders/2"]
    assert all(0 < (each.time_ms - START_MS) / 1000 - died_s <= 120 for each in found)


def test_2_5_silence_of_a_quiet_topic_is_no_stop() -> None:
    """Dead workers of a topic that nobody writes to have missed nothing."""
    log = started()
    for step in range(12):
        log.commit(1000 + 100 * step)
        log.lag(0, committed=1000 + 100 * step)
        log.tick()
    for _ in range(40):
        log.lag(0, committed=2100)
        log.tick()
    assert fold_all(log.events)[1] == []


def test_2_5_without_ticks_time_stands_still() -> None:
    """Nothing is concluded between ticks, whatever is observed: the detector's clock is what judges."""
    log = started(LOG_APPEND_TIME)
    for _ in range(50):
        log.at_s += 10
        log.lag(5000)
    assert fold_all(log.events)[1] == []
