"""The figures of a replay, from its log."""

from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    LagSampled,
    Latency,
    PartitionLag,
    PartitionSignals,
    PoolSampled,
    SignalsSampled,
    encode,
)
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.offline_figures import Figures, Tally
from stream_pool.lag import Status

ZERO_MS = 1_000_000


def record(event: object, offset: int) -> RawRecord:
    encoded = encode(event, id=f"id-{offset}", source="w", time_ms=0)  # type: ignore[arg-type]  # one of ours
    return RawRecord(offset, ZERO_MS, 1, encoded.key, encoded.headers, encoded.value)


def letter(reason: bytes) -> RawRecord:
    return RawRecord(0, ZERO_MS, 0, None, (("stream-pool.reason", reason),), None)


def test_what_a_log_comes_to() -> None:
    """Sums over all workers, peaks, and anomalies with their times; a repeat counts once."""
    anomaly = ("lag", "orders", "P2", 9.0, None, 5.0, {}, "consumers slower", ZERO_MS + 30_000)
    opened = AnomalyOpened("A", *anomaly, "cause")
    pool = ("w", "1", 2, 10.0)
    events: list[object] = [
        SignalsSampled(
            "w",
            "1",
            1,
            10.0,
            tuple(
                PartitionSignals("orders", number, 0, 10, 10, 99, 3, 2, 1, Latency(((0, 10),), 0.01, 0.001))
                for number in (0, 1)
            ),
        ),
        PoolSampled(*pool, 90, 10, 0, 10, 7, 4_096, 500, 1, None, None, 1.0),
        PoolSampled(*pool, 0, 100, 0, 10, 7, 8_192, 400, 1, None, None, 1.0),
        LagSampled("w", "1", 3, "g", "worker", (PartitionLag("orders", 0, 9, 0, 9, 99.0, Status.OK),)),
        LagSampled("w", "1", 4, "g", "detector", (PartitionLag("orders", 0, 9, 0, 9, 7.5, Status.OK),)),
        opened,
        AnomalyResolved("A", *anomaly, ZERO_MS + 90_000, "cause"),
    ]
    tally = Tally(ZERO_MS)
    for offset, event in enumerate(events):
        tally.event(record(event, offset))
    tally.event(record(opened, 5))
    for reason in (b"tombstone", b"depth_limit", b"tombstone"):
        tally.letter(letter(reason))
    for at_s, behind in ((1.0, 5), (2.0, 9), (3.0, 9)):
        tally.behind(at_s, behind)
    tally.drained(4.0)
    figures = tally.figures()
    assert figures.outcomes == {"done": 14, "depth_limit": 1, "tombstone": 2, "skipped": 3}
    assert (figures.retries, figures.lag_peak_records, figures.lag_peak_at_s) == (2, 9, 2.0)
    assert (figures.lag_peak_s, figures.drain_s) == (7.5, 4.0)
    assert (figures.pool_hit_ratio, figures.pool_capacity_peak, figures.pool_bytes_peak) == (0.45, 8_192, 500)
    assert [(each.rule, each.opened_s, each.resolved_s) for each in figures.anomalies] == [
        ("lag", 30.0, 90.0)
    ]
    assert Figures.of_json(figures.to_json()) == figures


def signals(partition: int, begin: int, end: int, errors: int = 0) -> SignalsSampled:
    """One worker's interval in one partition."""
    records = end - begin
    latency = Latency(((0, records),), 0.01, 0.001)
    entry = PartitionSignals("orders", partition, begin, end, records, 99, errors, 0, errors, latency)
    return SignalsSampled("w", "1", 1, 10.0, (entry,))


def test_what_is_delivered_again_counts_once() -> None:
    """Whole or in part; how much that was is told beside it."""
    tally = Tally(ZERO_MS)
    ranges = [(0, 0, 10, 2), (1, 0, 10, 0), (0, 0, 10, 2), (0, 5, 15, 0), (1, 10, 20, 1)]
    for offset, (partition, begin, end, errors) in enumerate(ranges):
        tally.event(record(signals(partition, begin, end, errors), offset))
    figures = tally.figures()
    assert (figures.records, figures.errors, figures.redelivered) == (35, 3, 15)


def test_a_record_is_buried_once() -> None:
    """By its place in its topic, for each group; of a letter that names none nobody can tell."""
    tally = Tally(ZERO_MS)
    for group, offset in ((b"g", b"1"), (b"g", b"2"), (b"g", b"1"), (b"h", b"1")):
        place = (("stream-pool.group", group), ("stream-pool.offset", offset))
        tally.letter(RawRecord(0, ZERO_MS, 0, None, (("stream-pool.reason", b"tombstone"), *place), None))
    tally.letter(letter(b"depth_limit"))
    tally.letter(letter(b"depth_limit"))
    assert tally.figures().dead_letters == {"depth_limit": 2, "tombstone": 3}


def test_of_nothing_nothing_is_known() -> None:
    """Unknown is None, never 0."""
    figures = Tally(ZERO_MS).figures()
    assert (figures.latency_p99_s, figures.pool_hit_ratio, figures.drain_s) == (None, None, None)
    assert figures.outcomes == {"done": 0}
