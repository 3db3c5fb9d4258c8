"""DESIGN 2.8: the same log gives the same anomalies, however often, in however many pieces and repeats."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from log_script import LogScript, fold_all

from stream_pool.detection import Conclusion, Rules, State, fold, missing
from stream_pool.events import LoggedEvent, UnknownEvent, encode

RULES = Rules(
    window_s=10.0,
    open_after=1,
    resolve_after=1,
    lag_limit_records=50,
    warn_min_lag_records=0,
    status_windows=3,
    min_records=5,
    memory_limit_bytes=50,
    memory_for_s=10.0,
    expire_after_s=40.0,
)
small = st.integers(0, 100)
step = st.one_of(
    st.tuples(st.just("tick"), st.sampled_from([0, 5, 10, 10, 10, 30]), st.just(0)),
    st.tuples(st.just("lag"), small, st.integers(0, 2)),
    st.tuples(st.just("commit"), small, st.integers(0, 2)),
    st.tuples(st.just("signals"), small, small),
    st.tuples(st.just("slow"), small, small),
    st.tuples(st.just("memory"), small, st.integers(0, 2)),
    st.tuples(st.just("repeat"), small, small),
    st.tuples(st.just("unknown"), small, small),
    st.tuples(st.just("configure"), st.integers(1, 3), st.integers(1, 60)),
    st.tuples(st.just("back"), st.integers(0, 20), small),
)
windows = st.tuples(st.just("windows"), small, small)
steps_strategy = st.lists(st.one_of(windows, step), max_size=30)


def write(steps: list[tuple[str, int, int]]) -> list[LoggedEvent]:
    """A log out of small random steps; it begins with an epoch and a tick."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    for kind, one, other in steps:
        if kind == "windows":
            for _ in range(1 + other % 4):
                log.lag(one)
                log.commit(1000 + one // 10)
                log.signals(20, errors=other // 20, bucket=80 * (one % 2), seconds=2.0 * (one % 2))
                log.memory(one)
                log.tick()
        elif kind == "tick":
            log.tick(float(one))
        elif kind == "lag":
            log.lag(one, partition=other)
        elif kind == "commit":
            log.commit(1000 + one, partition=other)
        elif kind == "signals":
            log.signals(one, errors=min(one, other), start=None if one % 2 else other)
        elif kind == "slow":
            log.signals(one, bucket=80, seconds=float(other))
        elif kind == "memory":
            log.memory(one, worker=f"w{other}")
        elif kind == "repeat":
            log.repeat(log.events[one % len(log.events)])
        elif kind == "unknown":
            log.add(UnknownEvent("stream-pool.tea.brewed.v1"))
        elif kind == "configure":
            log.configure(Rules(window_s=10.0, open_after=one, lag_limit_records=other, min_records=5))
        elif kind == "back":
            log.at_s -= one
    return log.events


def messages(conclusions: list[Conclusion]) -> list[tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]]:
    """What an owner would append, to the byte."""
    return [
        (message.key, message.value, message.headers)
        for each in conclusions
        for message in [
            encode(
                each.event,
                id=each.id,
                source="/g",
                time_ms=each.time_ms,
                subject=each.subject,
                traceparent=each.traceparent,
            )
        ]
    ]


@given(steps_strategy)
def test_folding_twice_gives_the_same(steps: list[tuple[str, int, int]]) -> None:
    """State and conclusions are functions of the log, to the byte."""
    one, other = fold_all(write(steps)), fold_all(write(steps))
    assert one == other
    assert messages(one[1]) == messages(other[1])


@given(steps_strategy, st.integers(0, 70))
def test_splitting_anywhere_gives_the_same(steps: list[tuple[str, int, int]], split: int) -> None:
    """A state stored at any point of the log and loaded again leads to the same end."""
    events = write(steps)
    state, before = fold_all(events[:split])
    state, after = fold_all(events[split:], pickle.loads(pickle.dumps(state)))
    assert (state, before + after) == fold_all(events)


@given(steps_strategy, st.lists(st.integers(0, 70), max_size=10))
def test_repeats_change_no_conclusion(steps: list[tuple[str, int, int]], places: list[int]) -> None:
    """Events that a producer wrote twice conclude nothing, wherever their repeats come in."""
    events = write(steps)
    doubled = list(events)
    for place in sorted(places, reverse=True):
        if place < len(doubled):
            doubled.insert(place + 1, doubled[place])
    assert fold_all(doubled)[1] == fold_all(events)[1]


@given(steps_strategy)
def test_logged_conclusions_change_nothing(steps: list[tuple[str, int, int]]) -> None:
    """With every conclusion appended after its cause the fold concludes the same, and misses nothing."""
    events, woven, state = write(steps), list[LoggedEvent](), State()
    for logged in events:
        state, conclusions = fold(state, logged)
        woven.append(logged)
        for each in conclusions:
            woven.append(LoggedEvent(len(woven), each.time_ms, each.id, each.traceparent, each.event))
            state, nothing = fold(state, woven[-1])
            assert nothing == ()
    assert missing(state) == ()
    again, conclusions_again = fold_all(woven)
    assert again == state
    assert conclusions_again == fold_all(events)[1]


@given(steps_strategy)
def test_every_resolution_has_its_opening(steps: list[tuple[str, int, int]]) -> None:
    """Of a rule and subject anomalies open and resolve in turn, each id once."""
    open_ids: dict[tuple[str, str], str] = {}
    seen = set()
    for conclusion in fold_all(write(steps))[1]:
        event = conclusion.event
        assert conclusion.id not in seen
        seen.add(conclusion.id)
        if conclusion.id.endswith("-opened"):
            assert (event.rule, event.subject) not in open_ids
            open_ids[event.rule, event.subject] = event.anomaly_id
        else:
            assert open_ids.pop((event.rule, event.subject)) == event.anomaly_id


def test_hash_seed_does_not_show() -> None:
    """Processes with different hash seeds conclude the same, to the byte."""
    script = (
        "import json, sys; sys.path[:0] = json.loads(sys.argv[1]);"
        "from test_fold_determinism import fixed_messages; print(fixed_messages())"
    )
    path = json.dumps([str(Path(__file__).parent), *sys.path])
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count("-opened") > 5


def fixed_messages() -> str:
    """The messages of one long log with many subjects."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    for round_ in range(12):
        for subject in range(8):
            log.lag(60 + 10 * round_, partition=subject, topic=f"topic-{subject}")
            log.memory(51 if round_ < 8 else 10, worker=f"w{subject}")
        log.tick()
    return repr(messages(fold_all(log.events)[1]))
