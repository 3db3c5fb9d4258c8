"""Everything that the fold remembers has a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_script import LogScript, fold_all

from stream_pool.detection import Rules
from stream_pool.detection.lately import Lately
from stream_pool.detection.repeats import EXPIRE_AFTER_MS, SPAN, Repeats
from stream_pool.detection.state import MAX_ALARMS
from stream_pool.events import AnomalyOpened, ClockTicked


def tick(sequence: int, worker: str = "d", incarnation: str = "i") -> ClockTicked:
    return ClockTicked(worker, incarnation, sequence, 10.0)


def test_full_table_drops_the_longest_untouched() -> None:
    """Touching counts as use."""
    table: Lately[str, list[int]] = Lately(2)
    table.touch("a", 1, list)
    table.touch("b", 2, list)
    table.touch("a", 3, list)
    table.touch("c", 4, list)
    assert [key for key, _ in table.items()] == ["a", "c"]


def test_table_forgets_what_was_not_touched_since() -> None:
    """Expiry is by the last touch, exclusive."""
    table: Lately[str, list[int]] = Lately(9)
    for at_ms, key in enumerate("abc"):
        table.touch(key, at_ms, list)
    table.expire(1)
    assert [key for key, _ in table.items()] == ["b", "c"]


def test_touching_gives_the_same_value() -> None:
    """A value is made once."""
    table: Lately[str, list[int]] = Lately(9)
    table.touch("a", 1, list).append(7)
    assert table.touch("a", 2, list) == [7]


@given(st.lists(st.integers(0, 200), max_size=80))
def test_repeats_are_exact_within_the_span(sequences: list[int]) -> None:
    """Against a set: a sequence is new once, in any order; SPAN or more below the highest it never is."""
    repeats, seen, highest = Repeats(), set[int](), -1
    for sequence in sequences:
        expected = sequence in seen or sequence <= highest - SPAN
        assert repeats.is_repeat(tick(sequence), 0) is expected
        seen.add(sequence)
        highest = max(highest, sequence)


@pytest.mark.parametrize(("below", "expected"), [(SPAN - 1, False), (SPAN, True)])
def test_span_of_the_memory(below: int, expected: bool) -> None:
    """Below the span nobody knows any more, and what may have been there counts as a repeat."""
    repeats = Repeats()
    repeats.is_repeat(tick(100), 0)
    assert repeats.is_repeat(tick(100 - below), 0) is expected


def test_incarnations_and_workers_have_their_own_sequences() -> None:
    """A restarted worker begins anew."""
    repeats = Repeats()
    assert not repeats.is_repeat(tick(5), 0)
    assert not repeats.is_repeat(tick(5, incarnation="j"), 0)
    assert not repeats.is_repeat(tick(5, worker="e"), 0)
    assert repeats.is_repeat(tick(5), 0)


def test_writers_are_forgotten_after_an_hour() -> None:
    """The memory of sequences follows the writers that are alive."""
    repeats = Repeats()
    repeats.is_repeat(tick(5), 0)
    repeats.is_repeat(tick(5, worker="e"), EXPIRE_AFTER_MS + 1)
    assert len(repeats.writers) == 1


def test_state_of_the_vanished_expires() -> None:
    """Partitions, topics, workers and alarms leave the state when nobody reports on them."""
    log = LogScript()
    log.configure(Rules(lag_limit_records=10, min_records=1, open_after=2))
    log.tick()
    log.lag(50)
    log.signals(10, errors=10)
    log.memory(10**12)
    log.tick()
    state, _ = fold_all(log.events)
    assert (len(state.partitions), len(state.topics), len(state.workers), len(state.alarms)) == (1, 1, 1, 2)
    for _ in range(31):
        log.tick()
    state, _ = fold_all(log.events)
    assert (len(state.partitions), len(state.topics), len(state.workers), len(state.alarms)) == (0, 0, 0, 0)


def test_alarms_taken_over_are_bounded() -> None:
    """However many anomalies an epoch that is not ours has opened."""
    log = LogScript()
    for number in range(MAX_ALARMS + 5):
        log.add(
            AnomalyOpened(f"{number:032}", "lag", f"t{number}", "P2", 1.0, None, None, {}, "unknown", 0, "x")
        )
    assert len(fold_all(log.events)[0].alarms) == MAX_ALARMS


def test_quiet_subjects_leave_no_alarms() -> None:
    """An alarm is kept for what breaches or is open, not for every subject that was ever judged."""
    log = LogScript()
    log.configure(Rules())
    for _ in range(5):
        log.tick()
        log.lag(0)
        log.commit(1000)
        log.signals(500)
        log.memory(1000)
    state, conclusions = fold_all(log.events)
    assert (state.alarms, conclusions) == ({}, [])
