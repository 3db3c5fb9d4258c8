"""Snapshots as records of their topic: cut up, put together, and noticed where they are not whole."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool.detection import FOLD_VERSION
from stream_pool.detection import snapshot_records as written
from stream_pool.detection.snapshot_records import (
    Snapshot,
    SnapshotDamaged,
    SnapshotReader,
    snapshot_records,
)
from stream_pool.events.raw_record import RawRecord


def records(offset: int, dump: bytes, start: int = 0) -> list[RawRecord]:
    return [
        RawRecord(start + number, 1_000, 1, part.key, part.headers, part.value)
        for number, part in enumerate(snapshot_records(offset, dump))
    ]


@given(st.binary(max_size=300), st.integers(0, 2**62), st.integers(1, 50))
def test_a_snapshot_comes_back_whole(dump: bytes, offset: int, part_bytes: int) -> None:
    """In however many parts, each within its bound; what was repeated in between changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "PART_BYTES", part_bytes)
        parts = records(offset, dump)
    reader = SnapshotReader()
    assert all(len(part.value or b"") <= part_bytes for part in parts)
    assert [reader.take(part) for part in [*parts[:-1], *parts[:-1]]] == [None] * 2 * (len(parts) - 1)
    whole = reader.take(parts[-1])
    assert isinstance(whole, Snapshot)
    assert (whole.offset, whole.fold_version, whole.dump()) == (offset, FOLD_VERSION, dump)
    assert reader.unfinished == 0


def test_two_writers_at_once_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are told apart by offset and sum."""
    monkeypatch.setattr(written, "PART_BYTES", 10)
    one, other = records(5, b"first owner" * 9), records(6, b"second owner" * 9)
    reader = SnapshotReader()
    taken = [reader.take(part) for pair in zip(one, other, strict=False) for part in pair]
    taken += [reader.take(part) for part in [*one[len(other) :], *other[len(one) :]]]
    assert [found.offset for found in taken if isinstance(found, Snapshot)] in ([5, 6], [6, 5])


def test_a_snapshot_without_its_end_is_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its writer died between two parts: no damage. At most eight are waited for."""
    monkeypatch.setattr(written, "PART_BYTES", 10)
    reader = SnapshotReader()
    for offset in range(20):
        assert reader.take(records(offset, b"a state that is cut" * 3)[0]) is None
    assert reader.unfinished == 20


def test_other_records_are_foreign() -> None:
    """Of somebody else, or of a later version."""
    reader = SnapshotReader()
    assert reader.take(RawRecord(0, 1, 1, b"k", (), b"v")) is None
    assert reader.take(RawRecord(1, 1, 1, b"k", (("stream-pool.snapshot", b"2"),), b"v")) is None
    assert reader.foreign == 2


@given(st.integers(0, 2**20), st.integers(1, 255))
def test_a_flipped_byte_in_the_value_is_damage(place: int, flip: int) -> None:
    """Unless it is one of the few bits of zlib's that mean nothing: then the dump is what it was."""
    dump = b"the state of a detector"
    (record,) = records(5, dump)
    value = bytearray(record.value or b"")
    value[place % len(value)] ^= flip
    taken = SnapshotReader().take(replace(record, value=bytes(value)))
    assert isinstance(taken, SnapshotDamaged) or (isinstance(taken, Snapshot) and taken.dump() == dump)


@pytest.mark.parametrize("name", ["offset", "fold-version", "part", "parts", "sha256"])
@pytest.mark.parametrize("content", [b"", b"x", b"-1", b"\xff", None])
def test_a_header_that_cannot_be_is_damage(name: str, content: bytes | None) -> None:
    """Named, not raised."""
    (record,) = records(5, b"the state of a detector")
    headers = tuple((each, content if each.endswith("." + name) else told) for each, told in record.headers)
    assert isinstance(SnapshotReader().take(replace(record, headers=headers)), SnapshotDamaged)
