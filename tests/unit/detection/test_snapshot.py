"""DESIGN 2.7: a state as bytes is the state, and folding goes on from them as if nothing had happened."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_script import LogScript, fold_all
from test_fold_determinism import RULES, messages, steps_strategy, write

from stream_pool.detection import FOLD_VERSION, State, missing
from stream_pool.detection.plain import plain_of
from stream_pool.detection.snapshot import SNAPSHOT_VERSION, SnapshotUnreadable, dump_state, load_state


def full_state() -> State:
    """A state in which every table has entries, and conclusions wait for their place in the log."""
    log = LogScript()
    log.configure(RULES)
    log.tick()
    for round_ in range(6):
        for partition in range(3):
            log.commit(1000 + round_ * partition, partition=partition)
            log.lag(60 * round_, partition=partition, committed=1000 + round_ * partition)
        log.signals(50, errors=round_)
        log.signals(20, start=500 * round_)
        log.memory(60)
        log.tick(traceparent="00-trace")
    log.lag(10)
    log.signals(10, bucket=7, seconds=0.5)
    return fold_all(log.events)[0]


def everything(value: Any) -> Any:
    """All that an object holds, by Python's own account of it: types, order and hidden members too."""
    if isinstance(value, dict):
        return type(value), [(everything(key), everything(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [everything(item) for item in value]
    if value is None or isinstance(value, str | int | float | bytes):
        return type(value), repr(value)
    return type(value), everything(value.__reduce_ex__(2)[2])


def sorted_where_order_means_nothing(state: State) -> State:
    """Plain mappings in the order of their keys, as a dump has them."""
    state.alarms = dict(sorted(state.alarms.items()))
    state.counts = Counter({name: state.counts[name] for name in sorted(state.counts)})
    for alarm in state.alarms.values():
        if alarm.opened is not None:
            alarm.opened = replace(alarm.opened, evidence=dict(sorted(alarm.opened.evidence.items())))
    for id_, conclusion in state.pending.items():
        event = replace(conclusion.event, evidence=dict(sorted(conclusion.event.evidence.items())))
        state.pending[id_] = replace(conclusion, event=event)
    return state


def test_nothing_of_a_state_is_forgotten() -> None:
    """A member that is added to any part of a state is carried, or this fails."""
    state = sorted_where_order_means_nothing(full_state())
    assert all((state.partitions, state.topics, state.workers, state.alarms, state.pending, state.counts))
    assert everything(load_state(dump_state(state))) == everything(state)


def test_dump_of_a_loaded_state_is_the_dump() -> None:
    """To the byte, and the state is equal."""
    state = full_state()
    data = dump_state(state)
    assert load_state(data) == state
    assert dump_state(load_state(data)) == data


def test_dump_does_not_change_the_state() -> None:
    """Taking a snapshot is looking."""
    state, same = full_state(), full_state()
    dump_state(state)
    assert state == same


@given(steps_strategy, st.lists(st.integers(0, 150), max_size=4))
def test_folding_goes_on_from_a_snapshot(steps: list[tuple[str, int, int]], cuts: list[int]) -> None:
    """Cut anywhere, however often: the same state to the byte, the same conclusions, the same missing."""
    events = write(steps)
    whole, expected = fold_all(events)
    state, found, start = State(), [], 0
    for cut in [*sorted(cuts), len(events)]:
        state, more = fold_all(events[start:cut], state)
        found += more
        start = max(start, cut)
        state = load_state(dump_state(state))
    assert messages(found) == messages(expected)
    assert messages(list(missing(state))) == messages(list(missing(whole)))
    assert dump_state(state) == dump_state(whole)


@given(steps_strategy, st.integers(0, 150), st.lists(st.integers(0, 150), max_size=5))
def test_repeats_are_known_after_a_snapshot(
    steps: list[tuple[str, int, int]], cut: int, places: list[int]
) -> None:
    """What was counted before the snapshot is not counted again behind it."""
    events = write(steps)
    repeats = [events[place] for place in places if place < min(cut, len(events))]
    tail = [replace(each, offset=len(events) + n) for n, each in enumerate(repeats)]
    whole, _ = fold_all([*events[:cut], *tail, *events[cut:]])
    state, _ = fold_all(events[:cut])
    state, _ = fold_all([*tail, *events[cut:]], load_state(dump_state(state)))
    assert dump_state(state) == dump_state(whole)


@given(steps_strategy)
def test_equal_states_have_equal_dumps(steps: list[tuple[str, int, int]]) -> None:
    """Whatever way led to them: here with counts and alarms that came and went."""
    state, _ = fold_all(write(steps))
    detour, _ = fold_all(write(steps))
    detour.counts["never"] += 0
    detour.alarms = dict(reversed(detour.alarms.items()))
    assert state == detour
    assert dump_state(state) == dump_state(detour)


def test_hash_seed_does_not_show() -> None:
    """Processes with different hash seeds dump the same bytes."""
    script = (
        "import json, sys; sys.path[:0] = json.loads(sys.argv[1]);"
        "from test_snapshot import full_state; from stream_pool.detection.snapshot import dump_state;"
        "print(dump_state(full_state()))"
    )
    path = json.dumps([str(Path(__file__).parent), *sys.path])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def changed(**members: Any) -> Callable[[bytes], bytes]:
    """A dump with other members at its top."""
    return lambda data: json.dumps({**json.loads(data), **members}, separators=(",", ":")).encode()


UNREADABLE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("01 nothing", lambda data: b"", "snapshot_malformed"),
    ("02 garbage", lambda data: b"\x00\xff\x17", "snapshot_malformed"),
    ("03 cut off", lambda data: data[:-1], "snapshot_malformed"),
    ("04 cut in half", lambda data: data[: len(data) // 2], "snapshot_malformed"),
    ("05 something behind it", lambda data: data + b" ", "snapshot_malformed"),
    ("06 no object", lambda data: b"[]", "snapshot_malformed"),
    ("07 an object of another kind", lambda data: b"{}", "snapshot_malformed"),
    ("08 nested without end", lambda data: b"[" * 100_000, "snapshot_malformed"),
    ("09 a newer form", changed(snapshot=SNAPSHOT_VERSION + 1, state=None), "snapshot_version_unknown"),
    ("10 a newer form of a newer fold", changed(snapshot=9, fold=9), "snapshot_version_unknown"),
    ("11 a newer fold", changed(fold=FOLD_VERSION + 1, state=None), "fold_version_unknown"),
    ("12 an older fold", changed(fold=FOLD_VERSION - 1), "fold_version_unknown"),
    ("13 a version that is no number", changed(snapshot="1"), "snapshot_malformed"),
    ("14 a state without members", changed(state={}), "snapshot_malformed"),
    ("15 a state that is none", changed(state=None), "snapshot_malformed"),
    (
        "16 a member of another type",
        lambda data: data.replace(b'"closed_ms":', b'"closed_ms":"x', 1).replace(b',"rules', b'","rules', 1),
        "snapshot_malformed",
    ),
    (
        "17 a member more",
        lambda data: data.replace(b'"closed_ms":', b'"added":1,"closed_ms":', 1),
        "snapshot_malformed",
    ),
    (
        "18 other spacing",
        lambda data: data.replace(b'"closed_ms":', b'"closed_ms": ', 1),
        "snapshot_malformed",
    ),
]


@pytest.mark.parametrize(
    ("damage", "reason"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_unreadable_snapshot_says_why(damage: Callable[[bytes], bytes], reason: str) -> None:
    """Damaged, of another form and of another fold are told apart; nothing else is ever raised."""
    with pytest.raises(SnapshotUnreadable) as caught:
        load_state(damage(dump_state(full_state())))
    assert caught.value.reason == reason


@given(st.data())
def test_flipped_byte_is_unreadable_or_another_state(data: st.DataObject) -> None:
    """A dump either says what it says, to the byte, or is refused."""
    whole = bytearray(dump_state(full_state()))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        state = load_state(bytes(whole))
    except SnapshotUnreadable:
        return
    assert dump_state(state) == bytes(whole)


def test_value_that_cannot_be_written_is_refused_at_import() -> None:
    """A member of a type that has no plain form is a programming error, found when the room is entered."""

    @dataclass
    class Strange:
        member: set[int]

    with pytest.raises(TypeError, match="not known how to write"):
        plain_of(Strange)
