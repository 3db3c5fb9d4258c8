"""Whatever a log holds, the fold takes it: no event that can be written stops the detector."""

from event_values import strategy_of
from hypothesis import given
from hypothesis import strategies as st
from log_script import START_MS

from stream_pool.detection import FOLD_VERSION, Rules, State, dump_state, fold, load_state, message, missing
from stream_pool.events import (
    EVENT_TYPES,
    ClockTicked,
    DetectorConfigured,
    LagSampled,
    LoggedEvent,
    MemorySampled,
    Scalar,
    SignalsSampled,
    event_id,
    read_record,
)

TIMES_MS = st.one_of(st.integers(0, 2**62), st.integers(START_MS, START_MS + 100_000))
judged = st.one_of([strategy_of(cls) for cls in (ClockTicked, SignalsSampled, LagSampled, MemorySampled)])
events = st.one_of([judged, *(strategy_of(cls) for cls in EVENT_TYPES.values())])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Scalar]:
    """Rules as they come, with some at or beyond the ends of what is allowed."""
    mapping = Rules().to_mapping()
    numbers = st.one_of(
        st.integers(0, 2**63),
        st.floats(0, allow_nan=False, allow_infinity=False),
        st.sampled_from([0, 1, 1e308]),
    )
    names = [name for name, value in mapping.items() if isinstance(value, int | float)]
    return {**mapping, **draw(st.dictionaries(st.sampled_from(names), numbers, max_size=4))}


@given(rules(), st.lists(st.tuples(events, TIMES_MS, st.integers(0, 1)), max_size=25))
def test_fold_takes_every_event(mapping: dict[str, Scalar], entries: list[tuple[object, int, int]]) -> None:
    """Any values in any order at any times: no exception, and a snapshot of what came of it."""
    told = DetectorConfigured("d", "i", 0, FOLD_VERSION, mapping)
    state = State()
    for offset, (event, at_ms, type_) in enumerate([(told, START_MS, 1), *entries]):
        state, conclusions = fold(state, LoggedEvent(offset, at_ms, event_id(event), None, event, type_))
        for conclusion in conclusions:
            message(conclusion, "g")
    data = dump_state(state)
    assert dump_state(load_state(data)) == data
    for conclusion in missing(state):
        message(conclusion, "g")


@given(st.lists(st.tuples(st.none() | st.binary(), st.none() | st.binary(), st.binary()), max_size=5))
def test_fold_takes_every_record(records: list[tuple[bytes | None, bytes | None, bytes]]) -> None:
    """Any bytes, too."""
    state = State()
    for offset, (key, value, header) in enumerate(records):
        state, _ = fold(state, read_record(offset, 0, (("ce_type", header),), value, key, 0))
    assert state.counts["malformed"] == len(records)
