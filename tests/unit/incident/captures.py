"""Captures for tests: small ones, and whatever Hypothesis thinks of."""

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import CapturedRecord, CaptureHeader, CaptureWriter

NAMES = ["c.ndjson", "c.ndjson.gz", "c.ndjson.zst"]

some_bytes = (
    st.none()
    | st.binary(max_size=40)
    | st.text(max_size=40).map(str.encode)
    | st.sampled_from(
        [b"", b"\x00", b"\xff", b"\xed\xa0\x80", b'{"records":1}\n', "\u2028\ud7ff".encode(), b"\r\n"]
    )
)
names = st.text(max_size=10) | st.sampled_from(["", "a", "records", "\x00"])
raw_records = st.builds(
    RawRecord,
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-1, 2**53),
    timestamp_type=st.integers(0, 1),
    key=some_bytes,
    headers=st.lists(st.tuples(names, some_bytes), max_size=4).map(tuple),
    value=some_bytes,
)
captured = st.builds(
    CapturedRecord,
    topic=st.sampled_from(["orders", "g.events", 'a"\\b']),
    partition=st.integers(0, 3),
    record=raw_records,
)
ranges = st.dictionaries(
    st.integers(0, 200), st.tuples(st.integers(0, 9), st.integers(9, 2**63 - 1)), max_size=3
)
capture_headers = st.builds(
    CaptureHeader,
    cluster=st.none() | st.text(max_size=5),
    topic=st.just("orders"),
    partitions=ranges,
    from_ms=st.none() | st.integers(0, 2**53),
    to_ms=st.none() | st.integers(0, 2**53),
    captured_at_ms=st.integers(0, 2**53),
    group=st.none() | st.just("g"),
    redaction=st.none() | st.lists(st.text(max_size=5), max_size=2).map(tuple),
    others=st.dictionaries(st.just("g.events"), ranges, max_size=1),
    partition_count=st.none() | st.integers(1, 200),
    from_offset=st.none() | st.integers(0, 2**63 - 1),
    to_offset=st.none() | st.integers(0, 2**63 - 1),
)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

HEADER = CaptureHeader("c1", "orders", {0: (7, 10)}, None, None, 1_000)
RECORD = RawRecord(7, 1_000, 1, b"k1", (("h", b"1"), ("h", b"2"), ("x", None)), b'{"n":1}')


def at(
    offset: int, *, topic: str = "orders", partition: int = 0, value: bytes | None = b'{"n":1}'
) -> CapturedRecord:
    """A record of a place."""
    return CapturedRecord(topic, partition, RawRecord(offset, 1_000 + offset, 0, b"k", (), value))


def write(path: Path, written: list[CapturedRecord], header: CaptureHeader = HEADER) -> Path:
    """A capture of these records; one that was there before goes."""
    path.unlink(missing_ok=True)
    with CaptureWriter(path, header) as writer:
        for each in written:
            writer.write(each)
    return path
