"""When a worker on a broker and one in memory did the same."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from stream_pool.bench.replay.accounts import (
    Account,
    Fate,
    Place,
    Range,
    Sums,
    account,
    different_fates,
    different_ranges,
)
from stream_pool.events.raw_record import RawRecord

CALLS = "0 0 17 100\n0 1 3 50\n0 1 3 50\n1 0 2 10\n"
LETTERS = {(0, 1): b"handler_error", (0, 2): b"unexpected_byte"}


def letter(place: Place, reason: bytes, value: bytes | None = b"poison") -> RawRecord:
    """A record of the dead letters."""
    partition, offset = place
    where = {"topic": b"t", "partition": b"%d" % partition, "offset": b"%d" % offset, "reason": reason}
    headers = tuple((f"stream-pool.{name}", each) for name, each in where.items())
    return RawRecord(0, 0, 0, b"k", headers, value)


def told(ranges: Mapping[Range, Sums] | None = None, letters: Mapping[Place, bytes] = LETTERS) -> Account:
    """Three records of one partition and one of another, and what the log says of them."""
    read = account(CALLS, [letter(place, reason) for place, reason in letters.items()], [])
    return read if ranges is None else replace(read, ranges=ranges)


WHOLE = {(0, 0, 3): Sums(3, 156, 2, 2, 1), (1, 0, 1): Sums(1, 10)}
IN_PARTS = {(0, 0, 1): Sums(1, 100), (0, 1, 3): Sums(2, 56, 2, 2, 1), (1, 0, 1): Sums(1, 10)}


def test_a_record_has_its_calls_and_its_letters() -> None:
    """What was never called and only buried has the bytes of its letter."""
    read = told()
    assert [len(read.fates[0, offset].calls) for offset in range(3)] == [1, 2, 0]
    assert read.fates[0, 0].sums == Sums(1, 100)
    assert read.fates[0, 1].sums == Sums(1, 50, 1, 1, 1)
    assert read.fates[0, 2].sums == Sums(1, len(b"poison"), 1, 1)
    assert read.outcomes == {"done": 2, "handler_error": 1, "unexpected_byte": 1}


@pytest.mark.parametrize(
    ("place", "fate"),
    [
        ((0, 0), None),
        ((0, 1), Fate()),
        ((0, 3), Fate()),
    ],
)
def test_a_record_of_another_fate_is_found(place: Place, fate: Fate | None) -> None:
    """One that is not there, that came to nothing, or that nobody else knows."""
    one = told()
    fates = {known: each for known, each in one.fates.items() if known != place}
    other = replace(one, fates=fates if fate is None else {**fates, place: fate})
    assert different_fates(one, other) == different_fates(other, one) == [place]


def test_another_reason_another_letter_and_another_depth_are_other_fates() -> None:
    """A letter counts with its bytes; a second one of the same record does, too."""
    one = told()
    assert different_fates(one, told(letters={**LETTERS, (0, 2): b"invalid_number"})) == [(0, 2)]
    twice = account(CALLS, [letter(place, reason) for place, reason in [*LETTERS.items()] * 2], [])
    assert different_fates(one, twice) == [(0, 1), (0, 2)]
    deeper = account(CALLS.replace(" 17 ", " 16 "), [], [])
    assert (0, 0) in different_fates(one, deeper)


def test_ranges_are_held_against_the_other_s_records() -> None:
    """Wherever each log's intervals ended."""
    assert different_ranges(told(WHOLE), told(IN_PARTS)) == []
    assert different_ranges(told(IN_PARTS), told(WHOLE)) == []


@pytest.mark.parametrize("number", range(5))
def test_a_sum_that_is_off_by_one_is_found(number: int) -> None:
    """Records, bytes, errors, dead letters and retries."""
    sums = list(WHOLE[0, 0, 3])
    sums[number] += 1
    wrong = {**WHOLE, (0, 0, 3): Sums(*sums)}
    assert different_ranges(told(wrong), told()) == [(0, 0, 3)]


def test_a_range_that_is_missing_is_found() -> None:
    """At the beginning, between two, or at the end."""
    without_first = {place: sums for place, sums in IN_PARTS.items() if place != (0, 0, 1)}
    assert different_ranges(told(without_first), told()) == [(0, 1, 3)]
    without_last = {place: sums for place, sums in IN_PARTS.items() if place != (0, 1, 3)}
    assert different_ranges(told(without_last), told()) == [(0, 1, 3)]
    assert different_ranges(told({}), told()) == [(0, 0, 3), (1, 0, 1)]
