"""The chain: one digest of every record folded, which no change of any byte leaves as it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.detection import State, fold
from stream_pool.events import read_record
from stream_pool.events.raw_record import RawRecord

RECORD = RawRecord(7, 1_700_000_000_000, 1, b"w1", (("ce_id", b"w1/i/1-x"), ("none", None)), b'{"a":1}')


def chained(records: list[RawRecord]) -> tuple[int | None, int, str]:
    """Where a chain over these records begins, up to where it goes, and what it says."""
    state = State()
    for each in records:
        logged = read_record(
            each.offset, each.timestamp_ms, each.headers, each.value, each.key, each.timestamp_type
        )
        state, _ = fold(state, logged)
    return state.chain.since, state.chain.folded_to, state.chain.hex


OTHERS = [
    ("01 offset", {"offset": 8}),
    ("02 timestamp", {"timestamp_ms": 1_700_000_000_001}),
    ("03 type of the timestamp", {"timestamp_type": 0}),
    ("04 key", {"key": b"w2"}),
    ("05 no key", {"key": None}),
    ("06 empty key", {"key": b""}),
    ("07 one byte of the value", {"value": b'{"a":2}'}),
    ("08 no value", {"value": None}),
    ("09 empty value", {"value": b""}),
    ("10 a byte that moves from key to value", {"key": b"w", "value": b'1{"a":1}'}),
    ("11 a header less", {"headers": RECORD.headers[:1]}),
    ("12 headers in another order", {"headers": RECORD.headers[::-1]}),
    ("13 a header twice", {"headers": (*RECORD.headers, RECORD.headers[0])}),
    ("14 a header's name", {"headers": (("ce_ie", b"w1/i/1-x"), ("none", None))}),
    ("15 an empty header for none", {"headers": (RECORD.headers[0], ("none", b""))}),
    ("16 a byte that moves from name to content", {"headers": (("ce_i", b"dw1/i/1-x"), ("none", None))}),
]


@pytest.mark.parametrize("change", [row[1] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_any_part_of_a_record_changes_the_chain(change: dict[str, object]) -> None:
    """Place, times, key, headers in their order, value: absent and empty told apart."""
    assert chained([replace(RECORD, **change)])[2] != chained([RECORD])[2]


def test_chain_of_this_record_is_this() -> None:
    """The digest is part of the log's form: it must not change within a version."""
    assert chained([RECORD]) == (7, 8, "30b5b87b83463c53940aee3e3f297aed")


def test_chain_depends_on_the_order() -> None:
    """Two records that change places are another log."""
    other = replace(RECORD, value=b"{}")
    assert chained([RECORD, other])[2] != chained([other, RECORD])[2]


def test_chain_says_where_it_began_and_how_far_it_goes() -> None:
    """From the first record folded to the place behind the last, gaps or not."""
    assert chained([RECORD, replace(RECORD, offset=20)])[:2] == (7, 21)
    assert chained([])[:2] == (None, 0)


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=6), st.data())
def test_flipped_bit_changes_the_chain(values: list[bytes], data: st.DataObject) -> None:
    """In any record, whatever kind of event it is, and none."""
    records = [replace(RECORD, offset=n, value=value) for n, value in enumerate(values)]
    place = data.draw(st.integers(0, len(values) - 1))
    flipped = bytearray(values[place] or b"\0")
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = [*records[:place], replace(records[place], value=bytes(flipped)), *records[place + 1 :]]
    assert chained(changed)[2] != chained(records)[2]
