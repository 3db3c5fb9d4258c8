"""DESIGN 2.6 and 2.8: a log is what follows from it, or the first place where it is not is found."""

import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.whole_log import GROUP, RULES, WholeLog, read, verify

from stream_pool.detection import FOLD_VERSION, Rules, State, fold, message, verification
from stream_pool.detection.account import Account
from stream_pool.detection.snapshot import load_state
from stream_pool.detection.snapshot_records import Snapshot
from stream_pool.detection.verdict import Difference, Kind, UnknownFold, Verified
from stream_pool.detection.verification import Verifier
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    DetectorConfigured,
    LagSampled,
    encode,
    event_id,
)
from stream_pool.events.raw_record import RawRecord


def incident() -> WholeLog:
    log = WholeLog()
    log.incident()
    return log


INCIDENT = incident()
RECORDS = tuple(INCIDENT.records)
SNAPSHOTS = tuple(INCIDENT.kept_snapshots())


def places(*types: type) -> list[int]:
    return [place for place, record in enumerate(RECORDS) if isinstance(read(record).event, types)]


ANOMALIES = places(AnomalyOpened, AnomalyResolved)
LAST_TICK = places(ClockTicked)[-1]


def kind_of(records: list[RawRecord] | tuple[RawRecord, ...]) -> Kind | None:
    """What is found, without snapshots that would find it too."""
    verdict = verify(records)
    return verdict.kind if isinstance(verdict, Difference) else None


def changed(place: int, **change: object) -> list[RawRecord]:
    return [*RECORDS[:place], replace(RECORDS[place], **change), *RECORDS[place + 1 :]]


def test_a_log_that_a_detector_wrote_is_identical() -> None:
    """Every figure of the verdict, from the beginning to the end."""
    verdict = verify(RECORDS, SNAPSHOTS)
    assert isinstance(verdict, Verified), verdict
    assert len(ANOMALIES) >= 4
    assert verdict.events == len(RECORDS)
    assert verdict.anomalies == len(ANOMALIES)
    assert (verdict.repeats, verdict.epochs, verdict.snapshots) == (0, 1, 4)
    assert (verdict.unwritten, verdict.unknown, verdict.malformed) == (0, 0, 0)
    assert (verdict.ticks, verdict.ticks_met) == (16, 16)
    assert verdict.account == Account(counted=16 * 20)
    assert (verdict.from_offset, verdict.to_offset) == (0, len(RECORDS))
    assert not verdict.from_snapshot
    assert verdict.refolded_from == SNAPSHOTS[-1].offset
    assert (verdict.proven_from, verdict.proven_to) == (0, LAST_TICK)
    assert not any(verdict.unchecked.values())


def test_an_empty_log_is_identical() -> None:
    """Nothing follows from nothing."""
    verdict = verify([])
    assert isinstance(verdict, Verified)
    assert verdict.events == 0


@pytest.mark.parametrize("place", ANOMALIES)
def test_an_anomaly_that_is_gone_is_missing(place: int) -> None:
    """Whether or not a tick vouches for the log: here the log is as if it had never been written."""
    log = WholeLog()
    lost = RECORDS[place]

    def loses(conclusion_message: object) -> bool:
        return getattr(conclusion_message, "value", None) == lost.value

    write = log.write
    log.write = lambda message: lost if loses(message) else write(message)  # type: ignore[method-assign]  # drops it
    log.incident()
    for _ in range(7):
        log.window()
    verdict = verify(log.records)
    assert isinstance(verdict, Difference)
    assert verdict.kind == Kind.MISSING
    assert verdict.expected is not None
    assert dict(verdict.expected)["value"] == lost.value
    assert verdict.found is None


def test_a_deleted_record_is_found_at_the_next_tick() -> None:
    """An observation, an anomaly: whatever is before the last tick, but for the first, as by retention."""
    for place in range(1, LAST_TICK):
        assert kind_of([*RECORDS[:place], *RECORDS[place + 1 :]]) is not None, place


def test_conclusions_wait_six_windows_before_they_are_missed() -> None:
    """Until then they are told as not written yet."""
    log = WholeLog(holds_back=True)
    log.configure()
    for _ in range(4):
        log.window()
    while not log.waiting:
        log.window(100)
    for _ in range(6):
        verdict = verify(log.records)
        assert isinstance(verdict, Verified)
        assert verdict.unwritten == len(log.waiting)
        log.window(100)
    verdict = verify(log.records)
    assert isinstance(verdict, Verified)
    log.window(100)
    verdict = verify(log.records)
    assert isinstance(verdict, Difference)
    assert verdict.kind == Kind.MISSING


def test_ticks_of_an_owner_that_had_not_come_to_the_cause_do_not_count() -> None:
    """They were written before anybody could conclude, however late they came into the log."""
    log = WholeLog(holds_back=True)
    log.configure()
    log.window()
    while not log.waiting:
        before = log.state.chain.folded_to, log.state.chain.since, log.state.chain.hex
        log.window(100)
    for _ in range(20):
        log.at_s += 10
        log.add(ClockTicked("d", "i", log.next(), 10.0, *before))
    log.conclude()
    verdict = verify(log.records)
    assert isinstance(verdict, Verified), verdict
    assert verdict.anomalies > 0


@pytest.mark.parametrize("part", ["key", "headers", "value"])
def test_an_anomaly_that_differs_is_shown_from_both_sides(part: str) -> None:
    """Key, headers and value, to the byte."""
    place = ANOMALIES[0]
    record = RECORDS[place]
    other = {
        "key": b"other",
        "headers": (*record.headers, ("more", b"")),
        "value": (record.value or b"") + b" ",
    }[part]
    verdict = verify(changed(place, **{part: other}))
    assert isinstance(verdict, Difference)
    assert (verdict.offset, verdict.kind) == (place, Kind.CONTENT)
    assert verdict.expected is not None
    assert verdict.found is not None
    assert verdict.expected != verdict.found
    assert dict(verdict.expected)["value"] == record.value


def test_an_anomaly_without_cause_is_found() -> None:
    """Nothing in the log leads to it."""
    log = incident()
    event = read(RECORDS[ANOMALIES[0]]).event
    assert isinstance(event, AnomalyOpened)
    forged = replace(event, anomaly_id="0" * 32)
    log.write(encode(forged, id=event_id(forged), source="/stream-pool/g/detector", time_ms=1))
    assert kind_of(log.records) == Kind.WITHOUT_CAUSE


def test_repeats_to_the_byte_are_counted() -> None:
    """A second owner's anomaly, a producer's retry."""
    log = incident()
    for place in (ANOMALIES[0], ANOMALIES[-1], 1, LAST_TICK):
        log.write(RECORDS[place])
    log.window()
    verdict = verify(log.records)
    assert isinstance(verdict, Verified), verdict
    assert verdict.repeats == 4
    assert verdict.anomalies == len(ANOMALIES)


@pytest.mark.parametrize("place", [ANOMALIES[0], LAST_TICK, LAST_TICK - 1])
def test_a_repeat_that_differs_is_found(place: int) -> None:
    """The first counts, and the second must be the same."""
    log = incident()
    log.write(replace(RECORDS[place], key=b"other"))
    verdict = verify(log.records)
    assert isinstance(verdict, Difference)
    assert (verdict.offset, verdict.kind) == (len(RECORDS), Kind.REPEAT)


@given(st.integers(0, LAST_TICK - 2))
@settings(deadline=None)
def test_two_records_that_changed_places_are_found(place: int) -> None:
    """Renumbered or not."""
    one, other = RECORDS[place], RECORDS[place + 1]
    swapped = [*RECORDS[:place], other, one, *RECORDS[place + 2 :]]
    assert kind_of(swapped) is not None
    assert kind_of(INCIDENT.renumbered(swapped)) is not None


def test_an_observation_that_is_gone_is_found() -> None:
    """By the next tick, even when nothing else depends on it and nobody notices the gap in the offsets."""
    place = places(LagSampled)[0]
    verdict = verify([*RECORDS[:place], *RECORDS[place + 1 :]])
    assert isinstance(verdict, Difference)
    assert verdict.kind == Kind.CHAIN
    assert verdict.offset == next(tick for tick in places(ClockTicked) if tick > place)


def test_a_rule_that_was_changed_is_found() -> None:
    """The epoch is part of the log."""
    event = read(RECORDS[0]).event
    assert isinstance(event, DetectorConfigured)
    other = replace(event, rules={**event.rules, "lag_limit_records": 150})
    value = encode(other, id=event_id(other), source="/stream-pool/w", time_ms=1).value
    assert kind_of(changed(0, value=value)) is not None


@given(st.integers(0, LAST_TICK - 1), st.data())
@settings(max_examples=200, deadline=None)
def test_a_flipped_bit_before_the_last_tick_is_found(place: int, data: st.DataObject) -> None:
    """In any record, in key, headers, value or time."""
    record = RECORDS[place]

    def flip(content: bytes) -> bytes:
        flipped = bytearray(content)
        flipped[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        return bytes(flipped)

    part = data.draw(st.sampled_from(["key", "headers", "value", "timestamp_ms"]))
    change: dict[str, object] = {}
    if part == "headers":
        index = data.draw(st.integers(0, len(record.headers) - 1))
        headers = list(record.headers)
        headers[index] = (headers[index][0], flip(headers[index][1] or b""))
        change[part] = tuple(headers)
    elif part == "timestamp_ms":
        change[part] = record.timestamp_ms ^ 1 << data.draw(st.integers(0, 40))
    else:
        change[part] = flip(getattr(record, part))
    assert not isinstance(verify(changed(place, **change)), Verified)


def test_a_log_of_three_epochs_is_judged_by_the_rules_of_each() -> None:
    """Rules change between the runs, and are told again in between."""
    log = WholeLog()
    for limit in (50, 500, 20):
        log.configure(replace(RULES, lag_limit_records=limit))
        for lag in (0, 100, 100, 0, 0):
            for _ in range(3):
                log.window(lag)
        log.configure(replace(RULES, lag_limit_records=limit))
    verdict = verify(log.records)
    assert isinstance(verdict, Verified), verdict
    assert verdict.epochs == 3
    assert verdict.anomalies >= 4


@pytest.mark.parametrize("version", [FOLD_VERSION - 1, FOLD_VERSION + 1])
def test_an_epoch_of_another_fold_is_not_judged(version: int) -> None:
    """Its place and version are told."""
    log = incident()
    log.configure(fold_version=version)
    assert verify(log.records) == UnknownFold(len(RECORDS), version)


def test_the_group_that_the_epoch_names_is_the_one_judged_by() -> None:
    """A log that was copied under another name is still its own."""
    log = WholeLog()
    log.configure(group=GROUP)
    log.window()
    for _ in range(4):
        log.window(100)
    verifier = Verifier("copy-of-g")
    assert [verifier.take(record) for record in log.records] == [None] * len(log.records)
    assert isinstance(verifier.finish(), Verified)


def test_ticks_without_a_chain_prove_nothing() -> None:
    """Logs of an earlier version are judged by their anomalies alone, and it is said."""
    log = WholeLog()
    log.configure()
    for _ in range(3):
        log.window(vouch=False)
    verdict = verify(log.records)
    assert isinstance(verdict, Verified)
    assert (verdict.ticks, verdict.ticks_met) == (0, 3)
    assert (verdict.proven_from, verdict.proven_to) == (None, None)


def test_a_log_without_its_beginning_is_judged_from_the_oldest_snapshot_in_it() -> None:
    """What stands before it is skipped, what follows is checked, the chain too."""
    kept = RECORDS[SNAPSHOTS[1].offset - 5 :]
    verdict = verify(kept, SNAPSHOTS)
    assert isinstance(verdict, Verified), verdict
    assert (verdict.from_offset, verdict.from_snapshot) == (SNAPSHOTS[1].offset, True)
    assert verdict.unchecked["skipped_events"] == 5
    assert verdict.unchecked["snapshots"] == 1
    assert verdict.ticks == 8
    assert (verdict.proven_from, verdict.proven_to) == (SNAPSHOTS[1].offset, LAST_TICK)
    assert verdict.refolded_from == SNAPSHOTS[-1].offset


@given(st.integers(1, len(RECORDS) - 1))
@settings(deadline=None)
def test_no_retention_makes_an_honest_log_different(first: int) -> None:
    """Wherever the log begins, with snapshots or without."""
    for snapshots in (SNAPSHOTS, ()):
        verdict = verify(RECORDS[first:], snapshots)
        assert isinstance(verdict, Verified), verdict
        assert verdict.from_offset is not None
        assert verdict.from_offset >= first


def test_an_owner_that_found_no_snapshot_makes_no_honest_log_different() -> None:
    """It folded what is kept, and takes for news what was open before: counted, not judged, where it may."""
    log = WholeLog()
    log.configure()
    for lag in (0, 0, 0, 100, 100, 100):
        log.window(lag)
    first_kept = len(log.records) - 3
    for _ in range(2):
        log.window(100)
    log.snapshot()
    log.window(100)
    log.state = State()
    for record in log.records[first_kept:]:
        log.state, _ = fold(log.state, read(record))
    log.configure()
    for lag in (100, 100, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0):
        log.window(lag)
    verdict = verify(log.records[first_kept:], log.kept_snapshots())
    assert isinstance(verdict, Verified), verdict
    assert verdict.from_snapshot
    assert verdict.unchecked["anomalies"] > 0
    assert verdict.unwritten == 0
    assert kind_of(log.records) == Kind.WITHOUT_CAUSE, "a log that has its beginning is no such case"


@given(st.sets(st.sampled_from(range(4)), max_size=3), st.integers(0, len(RECORDS)))
@settings(deadline=None)
def test_whatever_is_kept_of_a_log_is_identical(gone: set[int], end: int) -> None:
    """Any snapshots, any end: what is younger than the end is not missed."""
    snapshots = [each for number, each in enumerate(SNAPSHOTS) if number not in gone]
    verdict = verify(RECORDS[:end], snapshots)
    assert isinstance(verdict, Verified), verdict
    ahead = sum(each.offset > end for each in snapshots) if end else len(snapshots)
    assert verdict.unchecked["snapshots_ahead"] == ahead


def test_a_snapshot_of_another_state_is_found() -> None:
    """The members that differ are named."""
    second = replace(SNAPSHOTS[1], packed=SNAPSHOTS[2].packed)
    verdict = verify(RECORDS, [SNAPSHOTS[0], second])
    assert isinstance(verdict, Difference)
    assert (verdict.kind, verdict.offset) == (Kind.STATE, SNAPSHOTS[1].offset)
    assert verdict.expected is not None
    assert verdict.found is not None
    assert len(verdict.expected) == len(verdict.found) > 0


def test_a_snapshot_of_another_version_is_counted_and_not_judged() -> None:
    """So is one that cannot be read at all."""
    other = replace(SNAPSHOTS[1], fold_version=FOLD_VERSION + 1, packed=zlib.compress(b"{}"))
    garbage = Snapshot(SNAPSHOTS[2].offset, FOLD_VERSION, zlib.compress(b"garbage"))
    verdict = verify(RECORDS, [SNAPSHOTS[0], other, garbage])
    assert isinstance(verdict, Verified)
    assert (verdict.snapshots, verdict.unchecked["snapshots"]) == (1, 2)


def test_a_snapshot_of_a_log_that_was_there_before_is_not_judged() -> None:
    """The log was made anew: the state is older than the records before its place."""
    later = WholeLog(at_s=100_000.0)
    later.incident()
    verdict = verify(later.records, SNAPSHOTS)
    assert isinstance(verdict, Verified), verdict
    assert verdict.unchecked["snapshots"] == len(SNAPSHOTS)


def test_a_snapshot_of_a_log_that_was_there_before_is_no_place_to_begin() -> None:
    """Nor to fold again from: a log that was made anew begins without its beginning, and ends before them."""
    later = WholeLog(at_s=100_000.0)
    later.incident(windows=3)
    own = later.kept_snapshots()
    older = [each for each in SNAPSHOTS if each.offset not in {mine.offset for mine in own}]
    assert {each.offset > own[-1].offset for each in older} == {True, False}
    verdict = verify(later.records[2:], [*older, *own])
    assert isinstance(verdict, Verified), verdict
    assert (verdict.from_offset, verdict.from_snapshot) == (own[0].offset, True)
    assert verdict.refolded_from == own[-1].offset


def test_a_snapshot_that_belies_its_version_is_found() -> None:
    """One flipped byte of a header: the state is the one that follows, the version is not."""
    flipped = replace(SNAPSHOTS[1], fold_version=FOLD_VERSION + 1)
    verdict = verify(RECORDS, [SNAPSHOTS[0], flipped])
    assert isinstance(verdict, Difference)
    assert (verdict.kind, verdict.offset) == (Kind.SNAPSHOT_DAMAGED, SNAPSHOTS[1].offset)


@pytest.mark.parametrize("timestamp_ms", [-(2**60), 253_402_300_800_000, 2**60])
@pytest.mark.parametrize("timestamp_type", [0, 1])
def test_times_out_of_any_calendar_are_verified_as_others(timestamp_ms: int, timestamp_type: int) -> None:
    """A file may hold any number: a difference, never an exception."""
    log = WholeLog()
    log.configure()
    for lag in (0, 100, 100, 100):
        log.window(lag, vouch=False)
    moved = [
        replace(record, timestamp_ms=timestamp_ms + record.timestamp_ms, timestamp_type=timestamp_type)
        for record in log.records
    ]
    assert isinstance(verify(moved), Difference)


@pytest.mark.parametrize("forgotten", ["alarms", "closed_ms", "accounts"])
def test_a_snapshot_that_loads_as_another_state_is_found(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folding on from the newest must come to the same conclusions and the same end."""

    def load_badly(dump: bytes) -> State:
        state = load_state(dump)
        setattr(state, forgotten, getattr(State(), forgotten))
        return state

    log = WholeLog()
    log.configure()
    for _ in range(3):
        log.window(100)
    log.snapshot()
    for _ in range(6):
        log.window(0)
    monkeypatch.setattr(verification, "load_state", load_badly)
    verdict = verify(log.records, log.kept_snapshots())
    assert isinstance(verdict, Difference)
    assert verdict.kind == Kind.REFOLD


def test_a_message_is_made_in_one_place() -> None:
    """What the detector appends is what is looked for."""
    log = WholeLog(holds_back=True)
    log.configure(Rules(open_after=1, lag_limit_records=10))
    log.window()
    log.window(100)
    (conclusion, *_) = log.waiting
    assert dict(message(conclusion, GROUP).headers)["ce_source"] == b"/stream-pool/g/detector"
