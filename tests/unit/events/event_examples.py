"""One complete example of every event type, shared by the tests of this room."""

from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    DetectorConfigured,
    Event,
    GcPaused,
    LagSampled,
    Latency,
    MemorySampled,
    ObservationsLost,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    PoolResized,
    PoolSampled,
    SignalsSampled,
)
from stream_pool.lag import Status

EXAMPLES: tuple[Event, ...] = (
    PoolSampled("w1", "i1", 1, 10.0, 900, 100, 3, 50, 97, 4096, 20_000, 4, 0.9, 1.58, 100.0),
    PoolResized("w1", "i1", 2, 4096, 5734, "grow", "rise", {"lookups_per_s": 1400.0, "entropy_bits": None}),
    SignalsSampled(
        "w1",
        "i1",
        3,
        10.0,
        (
            PartitionSignals(
                "orders", 0, 100, 150, 50, 120_000, 2, 1, 3, Latency(((3, 40), (9, 10)), 1.5, 0.2)
            ),
        ),
    ),
    LagSampled(
        "w1",
        "i1",
        4,
        "orders-v3",
        "detector",
        (PartitionLag("orders", 0, 150, None, None, None, Status.STALL),),
    ),
    OffsetsCommitted("w1", "i1", 5, 10.0, (PartitionCommit("orders", 0, 150, 1_700_000_000_000, None),)),
    GcPaused("w1", "i1", 6, 10.0, 4, 0.02, 0.011, (2, 1, 1)),
    MemorySampled("w1", "i1", 7, 123_456_789, None),
    ClockTicked("d1", "i2", 8, 10.0, 1_000, 0, "c" * 32),
    ObservationsLost("w1", "i1", 9, 7, {"stream-pool.lag.sampled.v1": 7}),
    DetectorConfigured("d1", "i2", 10, 1, {"lag_limit_records": 50_000, "note": None, "ratio": 0.5}),
    AnomalyOpened(
        "a" * 32,
        "lag",
        "orders",
        "P2",
        60_000.0,
        None,
        50_000.0,
        {"partitions": 4},
        "unknown",
        1_700_000_000_000,
        "e1",
    ),
    AnomalyResolved(
        "a" * 32,
        "lag",
        "orders",
        "P2",
        None,
        None,
        50_000.0,
        {},
        "unknown",
        1_700_000_000_000,
        1_700_000_060_000,
        "e2",
    ),
)
