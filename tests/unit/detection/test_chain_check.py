"""DESIGN 2.8: whatever is left of a log, ticks vouch for as much of it as can be held against them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.whole_log import WholeLog, read, verify

from stream_pool.detection import State, _chain_check, fold
from stream_pool.detection._chain_check import ChainCheck
from stream_pool.detection.chain import Chain, chained
from stream_pool.detection.verdict import Difference, Kind, Verified
from stream_pool.events import ClockTicked, LagSampled
from stream_pool.events.raw_record import RawRecord

CUT = 17


def quiet(windows: int = 12) -> WholeLog:
    log = WholeLog()
    log.configure()
    for _ in range(windows):
        log.window()
    return log


RECORDS = quiet().records
KEPT = RECORDS[CUT:]
TICKS = [each.offset for each in KEPT if isinstance(read(each).event, ClockTicked)]


def flipped(records: list[RawRecord], offset: int, byte: int = 0, bit: int = 0) -> list[RawRecord]:
    """One bit of one value, in which nobody reads."""

    def flip(value: bytes) -> bytes:
        content = bytearray(value)
        content[byte % len(content)] ^= 1 << bit
        return bytes(content)

    return [replace(r, value=flip(r.value or b"")) if r.offset == offset else r for r in records]


def anew(log: WholeLog, first: int) -> None:
    """Another owner, which found no snapshot, and `first` the oldest record."""
    log.state = State()
    for record in log.records[first:]:
        log.state, _ = fold(log.state, read(record))


def test_01_of_a_cut_log_bytes_are_vouched_for_from_the_first_tick_that_can_be_taken_as_given() -> None:
    """And from no offset before it."""
    verdict = verify(KEPT)
    assert isinstance(verdict, Verified), verdict
    assert (verdict.proven_from, verdict.proven_to) == (TICKS[0], TICKS[-1])
    assert (verdict.ticks, verdict.unchecked["ticks"]) == (len(TICKS) - 1, 1)


@given(st.integers(TICKS[0], TICKS[-1] - 1), st.integers(0, 10_000), st.integers(0, 7))
@settings(deadline=None)
def test_02_of_a_cut_log_a_flipped_bit_behind_that_tick_is_found(offset: int, byte: int, bit: int) -> None:
    """In whatever record. Where that tick itself is none any more the next is taken as given; it is said."""
    verdict = verify(flipped(KEPT, offset, byte, bit))
    if offset == TICKS[0] and isinstance(verdict, Verified):
        assert verdict.proven_from == TICKS[1]
    else:
        assert not isinstance(verdict, Verified)


def test_03_what_is_found_lies_between_two_ticks() -> None:
    """The last that agreed, and the one that does not."""
    offset = next(r.offset for r in KEPT if r.offset > TICKS[3] and isinstance(read(r).event, LagSampled))
    verdict = verify(flipped(KEPT, offset, byte=-3))
    assert isinstance(verdict, Difference)
    assert (verdict.kind, verdict.offset) == (Kind.CHAIN, TICKS[4])
    assert f"between offset {TICKS[3]} and offset {TICKS[4]}" in verdict.problem


def test_04_of_a_cut_log_a_record_that_is_gone_is_found() -> None:
    """By the next tick."""
    verdict = verify([r for r in KEPT if r.offset != TICKS[2] + 1])
    assert isinstance(verdict, Difference)
    assert (verdict.kind, verdict.offset) == (Kind.CHAIN, TICKS[3])


def test_05_a_detector_that_began_anew_is_held_against_a_chain_begun_there() -> None:
    """From its first tick on: its records are all here."""
    log = quiet()
    anew(log, CUT)
    log.configure()
    for _ in range(3):
        log.window()
    verdict = verify(log.records)
    assert isinstance(verdict, Verified), verdict
    last = log.records[-1].offset
    assert (verdict.ticks, verdict.unchecked["ticks"]) == (12 + 3, 0)
    assert (verdict.proven_from, verdict.proven_to) == (0, last)
    for offset in range(TICKS[-1], last):
        assert not isinstance(verify(flipped(log.records, offset, byte=-3)), Verified), offset


def test_06_owners_that_began_apart_vouch_for_what_is_in_a_row() -> None:
    """Both chains are gone on with, side by side."""
    log = quiet()
    first = log.state
    anew(log, 5)
    for _ in range(4):
        log.window()
    second, log.state = log.state, first
    for record in log.records[first.chain.folded_to :]:
        log.state, _ = fold(log.state, read(record))
    log.window()
    verdict = verify(log.records[CUT:])
    assert isinstance(verdict, Verified), verdict
    assert second.chain.since == 5
    assert verdict.unchecked["ticks"] == 2, "one a chain is taken as given"
    assert verdict.proven_to == log.records[-1].offset


def check_of(count: int, begun_at: int = 0) -> tuple[ChainCheck, list[tuple[int, bytes]]]:
    """A check over records with digests made up, begun elsewhere than all ticks; and these digests."""
    check = ChainCheck(since=begun_at)
    check.begin(begun_at, bytes(16))
    records = [(offset, offset.to_bytes(16)) for offset in range(begun_at, begun_at + count)]
    for offset, digest in records:
        check.add(offset + 1, bytes(16), digest)
    return check, records


def tick(records: list[tuple[int, bytes]], since: int, place: int) -> ClockTicked:
    chain = Chain(since)
    for offset, digest in records:
        if since <= offset < place:
            chain.digest = chained(chain.digest, digest)
    return ClockTicked("d", "i", 1, 10.0, place, since, chain.hex)


def test_07_only_so_many_chains_are_remembered() -> None:
    """The one that was not heard of for longest goes first."""
    check, records = check_of(50)
    for since in (1, 2, 3, 4, 1, 5):
        assert check.compare(60, tick(records, since, 20)) is None
    assert list(check._others) == [3, 4, 1, 5]
    assert len(check._others) == _chain_check.CHAINS


def test_08_only_so_many_places_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that was not heard of for so long is taken as given again."""
    monkeypatch.setattr(_chain_check, "REMEMBERED", 100)
    check, records = check_of(60)
    assert check.compare(60, tick(records, 1, 60)) is None
    assert check.checked == 1
    for offset in range(60, 1_000):
        records.append((offset, offset.to_bytes(16)))
        check.add(offset + 1, bytes(16), offset.to_bytes(16))
    assert len(check._places) == len(check._digests) == len(check._records) <= 125
    for place in (10, 950, 960):
        assert check.compare(1_000, tick(records, 1, place)) is None
    assert (check.checked, check.unchecked) == (2, 2), "of too long ago, taken as given, held against it"
    assert (check.proven_from, check.proven_to) == (950, 960)
    wrong = replace(tick(records, 1, 970), chain="0" * 32)
    assert check.compare(1_000, wrong) is not None


@pytest.mark.parametrize(
    ("since", "place", "chain"),
    [
        pytest.param(5, 100, "00" * 16, id="1 ahead of the log"),
        pytest.param(40, 30, "00" * 16, id="2 begun behind where it ends"),
        pytest.param(5, 30, "no digest", id="3 no digest"),
        pytest.param(2**60, 2**61, "00" * 16, id="4 far away"),
    ],
)
def test_09_a_tick_that_can_say_nothing_is_counted(since: int, place: int, chain: str) -> None:
    """It raises nothing and costs nothing."""
    check, _ = check_of(50, begun_at=20)
    assert check.compare(80, ClockTicked("d", "i", 1, 10.0, place, since, chain)) is None
    assert (check.checked, check.unchecked, check.proven_to) == (0, 1, None)


def test_10_what_was_taken_as_given_and_is_no_digest_is_found_at_the_next_tick() -> None:
    """Nothing goes on from it."""
    check, records = check_of(50, begun_at=20)
    check.compare(80, replace(tick(records, 5, 30), chain="no digest"))
    assert check.compare(80, tick(records, 5, 40)) is not None


def test_11_stretches_with_a_gap_between_are_not_called_one() -> None:
    """The newer one is told; what is said of an older one later adds nothing."""
    check, records = check_of(200)
    for since, place in ((1, 20), (100, 120), (2, 30), (90, 110), (100, 130)):
        assert check.compare(300, tick(records, since, place)) is None
    assert (check.proven_from, check.proven_to) == (90, 130)
