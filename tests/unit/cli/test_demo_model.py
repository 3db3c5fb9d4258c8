"""The event log as the demo shows it."""

from stream_pool.cli.demo.model import Anomaly, DemoModel, Happening
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    Event,
    LagSampled,
    Latency,
    LoggedEvent,
    MalformedEvent,
    MemorySampled,
    ObservationsLost,
    PartitionLag,
    PartitionSignals,
    PoolResized,
    PoolSampled,
    SignalsSampled,
    UnknownEvent,
)
from stream_pool.lag import Status

TOPIC = "orders"
STARTED_MS = 1_000_000
WHO = ("worker-1", "life-1")


def logged(event: Event | UnknownEvent | MalformedEvent, offset: int, at_s: float = 1.0) -> LoggedEvent:
    return LoggedEvent(offset, STARTED_MS + int(at_s * 1_000), f"event-{offset}", None, event)


def model_of(*events: Event | UnknownEvent | MalformedEvent) -> DemoModel:
    model = DemoModel(TOPIC)
    model.start(STARTED_MS)
    for offset, event in enumerate(events):
        model.apply(logged(event, offset, at_s=1.0 + offset))
    return model


def signals(sequence: int, start: int, end: int, *, errors: int = 0, topic: str = TOPIC) -> SignalsSampled:
    part = PartitionSignals(
        topic=topic,
        partition=0,
        from_offset=start,
        to_offset=end,
        records=end - start,
        bytes=2_400 * (end - start),
        errors=errors,
        dead_letters=errors,
        retries=0,
        latency=Latency(counts=((10, end - start),), sum_s=1.0, max_s=0.5),
    )
    return SignalsSampled(*WHO, sequence, 2.0, (part,))


def lag(sequence: int, *parts: tuple[int | None, float | None], observer: str = "worker") -> LagSampled:
    return LagSampled(
        *WHO,
        sequence,
        "group",
        "worker" if observer == "worker" else "detector",
        tuple(
            PartitionLag(TOPIC, partition, 100, None, records, seconds, Status.OK)
            for partition, (records, seconds) in enumerate(parts)
        ),
    )


def pool(sequence: int, hits: int, misses: int, evictions: int = 0) -> PoolSampled:
    return PoolSampled(
        *WHO,
        sequence,
        interval_s=1.0,
        hits=hits,
        misses=misses,
        evictions=evictions,
        documents=10,
        size=50 + sequence,
        capacity=4_096,
        bytes=1_000,
        shapes=7,
        reuse_ratio=0.5,
        entropy_bits=1.0,
        lookups_per_s=float(hits + misses),
    )


OPENED = AnomalyOpened(
    anomaly_id="a1",
    rule="lag",
    subject="orders",
    severity="P2",
    value=812.0,
    expected_low=None,
    expected_high=480.0,
    evidence={},
    diagnosis="unknown",
    opened_at_ms=STARTED_MS + 12_000,
    cause_event_id="event-0",
)
RESOLVED = AnomalyResolved(
    anomaly_id="a1",
    rule="lag",
    subject="orders",
    severity="P2",
    value=3.0,
    expected_low=None,
    expected_high=480.0,
    evidence={},
    diagnosis="unknown",
    opened_at_ms=STARTED_MS + 12_000,
    resolved_at_ms=STARTED_MS + 20_500,
    cause_event_id="event-1",
)


def test_throughput_and_latency_come_from_signals() -> None:
    """Records by seconds of the interval; the 99th percentile of all partitions together."""
    view = model_of(signals(1, 0, 100)).view(2.0)
    assert view.processed_per_s == 50.0
    assert view.p99_s is not None
    assert 0.0025 < view.p99_s < 0.0027


def test_the_highest_throughput_is_kept() -> None:
    """For the summary, when traffic has ended."""
    model = model_of(signals(1, 0, 100), signals(2, 100, 104))
    assert model.view(3.0).processed_per_s == 2.0
    assert model.processed_per_s_max == 50.0


def test_commits_tell_what_is_lost_from_what_is_unfinished() -> None:
    """Below the commit nobody reads again."""
    model = model_of()
    model.sent(0, 5)
    model.committed(0, 6)
    assert (model.account().lost, model.account().unfinished) == (1, 0)


def test_other_topics_are_not_ours() -> None:
    """A worker may read several."""
    model = model_of(signals(1, 0, 100, topic="returns"))
    model.sent(0, 5)
    assert model.account().unfinished == 1
    assert model.view(1.0).processed_per_s == 0


def test_an_event_that_comes_again_counts_once() -> None:
    """A retry of its writer may put it into the log twice."""
    model = model_of(pool(1, 10, 5))
    model.apply(logged(pool(1, 10, 5), 0))
    assert model.view(1.0).pool.hits == 10


def test_pool_counts_add_up_and_levels_are_the_last() -> None:
    """Hits, misses and evictions are deltas in the log; size, capacity and shapes are not."""
    shown = model_of(pool(1, 90, 10, evictions=1), pool(2, 60, 0, evictions=2)).view(3.0).pool
    assert (shown.hits, shown.misses, shown.evictions) == (150, 10, 3)
    assert (shown.size, shown.capacity, shown.shapes, shown.hit_ratio) == (52, 4_096, 7, 1.0)


def test_an_interval_without_lookups_keeps_the_hit_ratio() -> None:
    """0 of 0 is no ratio."""
    assert model_of(pool(1, 9, 1), pool(2, 0, 0)).view(3.0).pool.hit_ratio == 0.9


def test_before_any_sample_everything_is_unknown() -> None:
    """Unknown is None, never 0."""
    view = model_of().view(0.0)
    assert (view.lag_records, view.lag_seconds, view.p99_s, view.rss_bytes) == (None, None, None, None)
    assert (view.pool.size, view.pool.capacity, view.pool.hit_ratio) == (None, None, None)


def test_lag_is_the_sum_in_records_and_the_worst_in_seconds() -> None:
    """A partition whose lag is unknown adds nothing."""
    view = model_of(lag(1, (10, 0.5), (None, None), (30, 2.0))).view(1.0)
    assert (view.lag_records, view.lag_seconds) == (40, 2.0)


def test_the_highest_lag_is_kept() -> None:
    """In records and in seconds, each by itself."""
    view = model_of(lag(1, (500, 3.0)), lag(2, (600, 2.0)), lag(3, (0, 0.0))).view(3.0)
    assert (view.lag_records, view.lag_records_max, view.lag_seconds_max) == (0, 600, 3.0)


def test_lag_of_no_known_partition_is_unknown() -> None:
    """Not 0: nobody has committed yet."""
    view = model_of(lag(1, (None, None))).view(1.0)
    assert view.lag_records is None
    assert view.lag_records_max == 0


def test_the_worker_has_begun_when_it_owns_partitions() -> None:
    """The detector's poll of the same group does not count, nor does a worker without partitions."""
    assert not model_of(lag(1, (0, 0.0), observer="detector")).worker_has_begun
    assert not model_of(lag(1)).worker_has_begun
    assert model_of(lag(1, (None, None)), lag(2)).worker_has_begun


def test_samples_draw_the_curve_and_the_rate_of_sending() -> None:
    """One point of lag a sample; the rate is that since the last one."""
    model = model_of(lag(1, (40, 1.0)))
    for offset in range(30):
        model.sent(0, offset)
    model.sample(2.0)
    model.sent(0, 30)
    model.sample(3.0)
    view = model.view(3.0)
    assert view.lag_history == (40, 40)
    assert view.sent_per_s == 1.0
    assert view.sent == 31


def test_dead_letters_are_counted_by_reason() -> None:
    """A letter that is read again is the same letter."""
    model = model_of(signals(1, 0, 3, errors=2))
    for offset in range(3):
        model.sent(0, offset)
    model.dead_letter(0, 1, "tombstone")
    model.dead_letter(0, 1, "tombstone")
    model.dead_letter(0, 2, "depth_limit")
    view = model.view(1.0)
    assert view.dead_letters == 2
    assert view.dead_letter_reasons == (("depth_limit", 1), ("tombstone", 1))
    assert view.processed == 1


def test_an_anomaly_opens_and_resolves() -> None:
    """Times are seconds since the first record, by the log's clock."""
    model = model_of(OPENED)
    assert model.view(13.0).anomalies == (Anomaly("lag", "orders", "P2", "unknown", 12.0),)
    assert model.open_anomalies == 1
    model.apply(logged(RESOLVED, 9))
    assert model.view(21.0).anomalies == (Anomaly("lag", "orders", "P2", "unknown", 12.0, 20.5),)
    assert model.open_anomalies == 0
    assert model.view(21.0).happenings == (
        Happening(12.0, "opened", "P2 lag on orders: 812, expected at most 480 (unknown)"),
        Happening(20.5, "resolved", "P2 lag on orders: over after 8.5 s"),
    )


def test_the_end_of_an_unknown_anomaly_is_ignored() -> None:
    """Its opening may lie before the beginning of the log."""
    assert model_of(RESOLVED).view(1.0).happenings == ()


def test_what_happens_is_told_in_order() -> None:
    """Phases, changes of the pool, lost observations."""
    model = model_of(
        PoolResized(*WHO, 1, 4_096, 5_734, "grow", "rate up 42 %", {}),
        ObservationsLost(*WHO, 2, 3, {"stream-pool.pool.sampled.v1": 3}),
    )
    model.begin_phase("incident", 10.0, "orders 17 levels deep")
    view = model.view(10.0)
    assert view.phase == "incident"
    assert view.happenings == (
        Happening(1.0, "pool", "pool grow: 4,096 → 5,734 (rate up 42 %)"),
        Happening(2.0, "lost", "3 observations lost"),
        Happening(10.0, "phase", "incident: orders 17 levels deep"),
    )


def test_a_slow_shrinking_is_told_once() -> None:
    """It takes a step an interval; growth is told each time."""
    sizes = [(4_096, 3_686), (3_686, 3_317), (3_317, 4_643), (4_643, 6_500), (6_500, 5_850)]
    kinds = ["shrink", "shrink", "grow", "grow", "shrink"]
    view = model_of(
        *(
            PoolResized(*WHO, sequence, *sizes[sequence], kind, "why", {})
            for sequence, kind in enumerate(kinds)
        )
    ).view(9.0)
    assert [happening.at_s for happening in view.happenings] == [1.0, 3.0, 4.0, 5.0]


def test_memory_is_the_last_sample() -> None:
    """In bytes."""
    assert model_of(MemorySampled(*WHO, 1, 70_000_000, None)).view(1.0).rss_bytes == 70_000_000


def test_events_that_it_does_not_show_change_nothing() -> None:
    """Among them those of later versions, and records that are no events."""
    quiet = model_of(
        ClockTicked(*WHO, 1, 1.0), UnknownEvent("stream-pool.new.v1"), MalformedEvent(None, "not_json", "")
    )
    assert quiet.view(1.0) == model_of().view(1.0)
