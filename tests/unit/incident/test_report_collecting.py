"""One pass over a log: what is measured, who worked, what was concluded, and what each rests on."""

from dataclasses import replace

import pytest
from report_logs import RULES, START_MS, Log, incident, values

from stream_pool.errors import MisuseError
from stream_pool.events import (
    AnomalyOpened,
    GcPaused,
    MalformedEvent,
    MemorySampled,
    ObservationsLost,
    PoolResized,
    SignalsSampled,
    UnknownEvent,
)
from stream_pool.incident.report import Collector
from stream_pool.incident.report.attendance import MAX_MOVES
from stream_pool.incident.report.cited import Cited, EventRef


def test_a_window_sums_up_its_workers() -> None:
    """It ends where a tick does, and names the events in it."""
    log = Log()
    log.tick(0)
    first = log.signals(5, 0, 30, errors=3)
    second = log.signals(6, 30, 10, worker="w2")
    log.tick(10)
    story = log.story()
    assert values(story, "done_rate") == [4.0]
    assert values(story, "error_ratio") == [3 / 40]
    assert values(story, "record_bytes") == [1_000.0]
    (series,) = story.series["error_ratio"]
    assert series.points[0].at_ms == START_MS + 10_000
    assert series.points[0].cited == Cited(
        (EventRef(first.offset, first.id), EventRef(second.offset, second.id)), 2
    )


def test_a_record_counts_once() -> None:
    """Of a range that comes again, and of an event that was written twice."""
    log = Log()
    log.tick(0)
    logged = log.signals(5, 0, 30, errors=3)
    log.signals(6, 0, 30, errors=3, worker="w2")
    assert isinstance(logged.event, SignalsSampled)
    log.add(logged.event, 7)
    log.tick(10)
    story = log.story()
    (total,) = story.totals
    assert (total.records, total.errors) == (30, 3)
    assert story.extent.repeated == 1


def test_the_lag_is_the_detector_s_poll() -> None:
    """Summed over a topic's partitions; what came is the difference of two polls."""
    log = Log()
    log.lag(0, 10, end=100)
    log.lag(5, 999, worker="w1")
    log.lag(10, 30, end=150)
    log.tick(11)
    story = log.story()
    assert values(story, "lag_records") == [10, 30]
    assert values(story, "lag_seconds") == [1.0, 3.0]
    assert values(story, "produced_rate") == [5.0]
    assert len(story.series["produced_rate"][0].points[0].cited.events) == 2


def test_without_a_detector_the_lag_is_what_workers_say() -> None:
    """Of their own partitions, once a window; windows end by the time alone."""
    log = Log()
    for at_s in range(0, 60, 10):
        log.lag(at_s, 7, worker="w1")
        log.lag(at_s + 1, 5, worker="w2", partition=1)
    story = log.story()
    assert set(values(story, "lag_records")) == {12}
    assert story.epochs == ()


def test_a_limit_is_crossed_once() -> None:
    """At the first value over it, by the rules that held then; too few records are not judged."""
    log = Log()
    log.rules(0, replace(RULES, memory_limit_bytes=100))
    log.tick(1)
    log.signals(2, 0, 4, errors=4)
    log.tick(10)
    for at_s, records in ((11, 50), (12, 60), (13, 70)):
        log.lag(at_s, records)
    log.add(MemorySampled("w1", "1", log.next(), 101, None), 14)
    story = log.story()
    found = {each.measure: (each.subject, each.limit, each.point.value) for each in story.crossings}
    assert found == {"lag_records": ("orders", 50.0, 60), "memory_bytes": ("w1", 100.0, 101)}


def test_machines_are_measured_event_by_event() -> None:
    """Pool, memory, collector; and what a pool was given, life by life."""
    log = Log()
    log.pool(0, "w1", 30)
    log.add(MemorySampled("w1", "1", log.next(), 500, None), 1)
    log.add(GcPaused("w1", "1", log.next(), 10.0, 2, 0.5, 0.4, (1, 1)), 2)
    for at_s, from_, to in ((3, 4_096, 2_048), (13, 2_048, 1_024)):
        log.add(PoolResized("w1", "1", log.next(), from_, to, "shrink", "unused", {}), at_s)
    story = log.story()
    for measure, value in (
        ("pool_hit_ratio", 0.9),
        ("pool_size", 100),
        ("pool_capacity", 4_096),
        ("pool_evictions", 2.0),
        ("pool_entropy", 1.5),
        ("pool_shapes", 30),
        ("memory_bytes", 500),
        ("gc_pause", 0.4),
    ):
        assert values(story, measure, "w1") == [value], measure
    (resizing,) = story.resizings
    assert (resizing.count, resizing.from_capacity, resizing.to_capacity) == (2, 4_096, 1_024)


def test_an_anomaly_is_told_from_its_opening_to_its_end() -> None:
    """As it stands in the log: a second opening of an id changes nothing, its cause is named."""
    log = Log()
    tick = log.tick(0)
    opening = log.opened(1, cause=tick.id, diagnosis="payload changed")
    assert isinstance(opening.event, AnomalyOpened)
    log.add(replace(opening.event, value=1.0), 2)
    end = log.resolved(30, opening, value=3.0)
    (episode,) = log.story().episodes
    assert (episode.value, episode.diagnosis) == (100.0, "payload changed")
    assert episode.cause == EventRef(tick.offset, tick.id)
    assert episode.resolution is not None
    assert (episode.resolution.ref.id, episode.resolution.value) == (end.id, 3.0)


def test_an_anomaly_whose_opening_is_gone_begins_when_its_end_says() -> None:
    """Retention may have taken it."""
    log = Log()
    opening = log.opened(5)
    kept = Log()
    kept.resolved(30, opening)
    (episode,) = kept.story().episodes
    assert episode.at_ms == START_MS + 5_000
    assert episode.resolution is not None


def test_only_other_rules_make_an_epoch() -> None:
    """And it tells which of them changed."""
    log = Log()
    log.rules(0)
    log.rules(5)
    log.rules(9, replace(RULES, lag_limit_records=70))
    epochs = log.story().epochs
    assert [epoch.changed for epoch in epochs] == [(), (("lag_limit_records", 50, 70),)]


def test_partitions_move_from_worker_to_worker() -> None:
    """A partition is whose commits say so; a life that ended is known by its last event."""
    log = Log()
    log.commits(0, "w1", "1", 0, 1)
    log.commits(1, "w2", "1", 2)
    log.commits(10, "w2", "1", 1, 2)
    log.commits(11, "w1", "1", 0)
    log.commits(60, "w2", "2", 1, 2)
    members = log.story().members
    moves = [(move.worker, move.incarnation, move.gained, move.lost) for move in members.moves]
    assert moves == [
        ("w1", "1", (("orders", 0, None), ("orders", 1, None)), ()),
        ("w2", "1", (("orders", 2, None),), ()),
        ("w2", "1", (("orders", 1, "w1"),), ()),
        ("w2", "2", (("orders", 1, "w2"), ("orders", 2, "w2")), ()),
    ]
    lives = {(life.worker, life.incarnation): life for life in members.lives}
    assert lives["w1", "1"].partitions == 2
    assert [life.is_last for life in lives.values()] == [False, False, True]
    held = {(hold.partition, hold.worker, hold.from_ms - START_MS) for hold in members.holds}
    assert (1, "w1", 0) in held
    assert (1, "w2", 10_000) in held


def test_a_partition_that_nobody_takes_is_given_up() -> None:
    """Its worker no longer speaks of it."""
    log = Log()
    log.commits(0, "w1", "1", 0, 1)
    log.commits(10, "w1", "1", 0)
    assert log.story().members.moves[-1].lost == (("orders", 1),)


def test_moves_are_bounded_and_counted() -> None:
    """However long two workers throw a partition to and fro."""
    log = Log()
    for turn in range(MAX_MOVES + 10):
        log.commits(turn, f"w{turn % 2}", "1", 0)
    members = log.story().members
    assert len(members.moves) == MAX_MOVES
    assert members.left_out == 10


def test_what_is_not_understood_is_counted() -> None:
    """Later types, malformed events, and what writers have lost."""
    log = Log()
    log.tick(0)
    collector = log.collector
    for event in (UnknownEvent("later"), MalformedEvent(None, "not_json", "")):
        collector.take(replace(log.logged[0], event=event))
    log.add(ObservationsLost("w1", "1", log.next(), 5, {}), 1)
    extent = log.story().extent
    assert (extent.events, extent.skipped, extent.lost.value) == (4, 2, 5)


def test_a_log_without_an_event_is_refused() -> None:
    """There is nothing to tell."""
    with pytest.raises(MisuseError, match="no event"):
        Collector().story("log", "g")


def test_a_log_without_times_of_its_own_goes_by_the_ticks() -> None:
    """A worker's clock that is ahead moves nothing."""
    log = Log(timestamp_type=0)
    log.tick(0)
    log.lag(86_400, 10)
    log.tick(10)
    log.lag(11, 20)
    story = log.story()
    times = [point.at_ms - START_MS for point in story.series["lag_records"][0].points]
    assert times == [0, 10_000]
    assert story.to_ms == START_MS + 10_000


def test_the_incident_is_told_in_full() -> None:
    """What these tests share: each part of it is there."""
    story = incident().story()
    assert {shift.measure for shift in story.shifts} == {"pool_shapes"}
    assert [episode.rule for episode in story.episodes] == ["lag", "partition_warn", "partition_warn"]
    assert {crossing.measure for crossing in story.crossings} == {
        "lag_records",
        "error_ratio",
        "latency_p99",
    }
    assert story.reference is None
