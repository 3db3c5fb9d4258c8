"""The worker at this moment, as the values that metrics and health are made of."""

from typing import TYPE_CHECKING

from stream_pool.signals import BOUNDS_S, Histogram
from stream_pool.stream.counters import PartitionCounters
from stream_pool.telemetry import (
    Distribution,
    EventLogSnapshot,
    HealthFacts,
    PartitionSnapshot,
    PoolSnapshot,
    TopicSnapshot,
    WorkerSnapshot,
)

if TYPE_CHECKING:
    from stream_pool.stream.app import App
    from stream_pool.stream.plant import Plant
    from stream_pool.stream.source import Source


def worker_snapshot(app: "App") -> WorkerSnapshot:
    """What `/metrics` shows."""
    plant = app.plant
    writer = plant.outlet.writer
    source = plant.source
    sources = list(plant.intake.sources.values())
    detector = plant.detector if plant.settings.detector_enabled else None
    return WorkerSnapshot(
        build=plant.settings.build_info,
        started_at_s=plant.started_at_ms / 1_000,
        topics=_topics(plant),
        partitions=_partitions(plant, source),
        pool=_pool(plant),
        events=EventLogSnapshot(writer.written, writer.lost, writer.buffered),
        rebalances=sum(each.counters.rebalances for each in sources),
        commits=sum(each.counters.commits for each in sources),
        commit_failures=sum(each.counters.commit_failures for each in sources),
        gc=plant.host.gc_probe.total(),
        memory=plant.host.memory_probe.sample(),
        owns_log=detector.owns_log if detector else None,
        anomalies_open=detector.open() if detector else None,
        records_unobserved=detector.unobserved() if detector else None,
        detector_snapshot_offset=detector.snapshot_offset if detector else None,
        detector_snapshot_age_s=detector.snapshot_age_s if detector else None,
    )


def health_facts(app: "App") -> HealthFacts:
    """What health is judged by. Detection stands back: it counts where the process does nothing else."""
    plant = app.plant
    groups = {channel.group for channel in plant.channels}
    groups = groups - {plant.detector_group} or groups
    sources = [plant.intake.sources[group] for group in groups if group in plant.intake.sources]
    unassigned = (each.unassigned_since_s for each in sources if each.unassigned_since_s is not None)
    poller = plant.recorder.poller
    return HealthFacts(
        now_s=plant.clock.monotonic(),
        crashed=app.crashed,
        stopping=app.fault is not None or app.should_stop,
        joined=len(sources) == len(groups) and all(each.is_joined for each in sources),
        broker_answered_at_s=None if poller is None else poller.answered_at_s,
        paused_since_s=min((s for each in sources for s in each.paused_since_s.values()), default=None),
        unassigned_since_s=min(unassigned, default=None),
        topics_away=tuple(topic for each in sources for topic in each.away_since_s),
    )


def _topics(plant: "Plant") -> tuple[TopicSnapshot, ...]:
    by_topic: dict[str, list[PartitionCounters]] = {}
    for (topic, _), counters in plant.counters.partitions().items():
        by_topic.setdefault(topic, []).append(counters)
    return tuple(_topic(topic, by_topic[topic]) for topic in sorted(by_topic))


def _topic(topic: str, partitions: list[PartitionCounters]) -> TopicSnapshot:
    latency = Histogram()
    reasons: dict[str, int] = {}
    for counters in partitions:
        latency.merge(counters.total_latency().sparse())
        for reason, count in counters.dead_letters.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return TopicSnapshot(
        topic=topic,
        records=sum(counters.records for counters in partitions),
        bytes=sum(counters.size_bytes for counters in partitions),
        handler_errors=sum(counters.handler_errors for counters in partitions),
        retries=sum(counters.retries for counters in partitions),
        skipped=sum(counters.skipped for counters in partitions),
        dead_letters=dict(sorted(reasons.items())),
        processing=Distribution.coarse(BOUNDS_S, latency.counts, latency.sum_s),
    )


def _partitions(plant: "Plant", source: "Source | None") -> tuple[PartitionSnapshot, ...]:
    if source is None:
        return ()
    lag = plant.recorder.lag
    progress = source.tracker.progress()
    return tuple(
        PartitionSnapshot(
            topic=partition.topic,
            partition=partition.partition,
            position=progress[partition].position,
            committed=progress[partition].committed,
            end=state.end_offset if state else None,
            lag_records=state.lag_records if state else None,
            lag_seconds=state.lag_seconds if state else None,
            status=state.status if state else None,
            in_flight_records=progress[partition].in_flight_records,
            paused=partition.topic in source.paused_since_s,
        )
        for partition in sorted(progress)
        for state in [lag.get(partition)]
    )


def _pool(plant: "Plant") -> PoolSnapshot | None:
    if plant.pool is None:
        return None
    keeper = plant.recorder.pool_keeper
    return PoolSnapshot(
        stats=plant.pool.stats(),
        resizes=dict(keeper.resizes) if keeper is not None else {},
    )
