"""Every metric, declared once, in one table.

The idea: a row of `TABLE` is a metric's name, type, help, labels and the function that reads its samples from
a `WorkerSnapshot`. Nothing is counted here; `exposition.py` writes the table down when somebody scrapes.

The limits: labels are topics, partition numbers and words of this program; a dead letter's reason that is no
slug is counted as `other`. A value that is None is left out; NaN stays NaN. Three names are not
`stream_pool_*`: they come from the action list of the incident that this project answers to.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stream_pool.lag.status import Status
from stream_pool.telemetry.snapshot import (
    BuildInfo,
    Distribution,
    GcPauses,
    PartitionSnapshot,
    WorkerSnapshot,
)

Value: TypeAlias = float | Distribution | GcPauses | BuildInfo | None
"""A number; for a histogram, a summary and the info the value that says it; None is left out."""
Samples: TypeAlias = Iterable[tuple[tuple[str, ...], Value]]
"""Pairs of label values, in the order of the declared labels, and the value."""

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")
OTHER_REASON = "other"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One metric. `name` is without the suffixes that its type adds: `_total`, `_bucket`, `_sum`, `_info`."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "summary", "info"]
    help: str
    read: Callable[[WorkerSnapshot], Samples]
    labels: tuple[str, ...] = ()


def _one(value: Value) -> Samples:
    return [((), value)]


def _by_topic(attribute: str) -> Callable[[WorkerSnapshot], Samples]:
    return lambda now: [((topic.topic,), getattr(topic, attribute)) for topic in now.topics]


def _by_partition(attribute: str) -> Callable[[WorkerSnapshot], Samples]:
    return lambda now: [(_place(part), getattr(part, attribute)) for part in now.partitions]


def _pool(attribute: str) -> Callable[[WorkerSnapshot], Samples]:
    return lambda now: _one(getattr(now.pool.stats, attribute)) if now.pool else []


def _place(part: PartitionSnapshot) -> tuple[str, str]:
    return part.topic, str(part.partition)


def _dead_letters(now: WorkerSnapshot) -> Samples:
    totals: dict[tuple[str, ...], int] = {}
    for topic in now.topics:
        for reason, count in topic.dead_letters.items():
            labels = (topic.topic, reason if _SLUG.fullmatch(reason) else OTHER_REASON)
            totals[labels] = totals.get(labels, 0) + count
    return totals.items()


def _statuses(now: WorkerSnapshot) -> Samples:
    return [
        ((*_place(part), status.value), float(part.status is status))
        for part in now.partitions
        if part.status is not None
        for status in Status
    ]


TABLE = (
    Declaration(
        "string_pool_hits", "counter", "Key lookups that found their key in the pool.", _pool("hits")
    ),
    Declaration("string_pool_evictions", "counter", "Entries that left the pool.", _pool("evictions")),
    Declaration(
        "avg_key_reuse_ratio",
        "gauge",
        "Share of the key lookups of the last 60 seconds that found their key in the pool.",
        _pool("reuse_ratio"),
    ),
    Declaration(
        "stream_pool_pool_misses", "counter", "Key lookups that did not find their key.", _pool("misses")
    ),
    Declaration("stream_pool_pool_size", "gauge", "Entries in the pool.", _pool("size")),
    Declaration("stream_pool_pool_capacity", "gauge", "Entries that the pool may hold.", _pool("capacity")),
    Declaration("stream_pool_pool_bytes", "gauge", "Bytes that the pool holds.", _pool("bytes")),
    Declaration("stream_pool_pool_shapes", "gauge", "Object layouts in the pool.", _pool("shapes")),
    Declaration(
        "stream_pool_pool_layout_entropy",
        "gauge",
        "Shannon entropy of the documents' root layouts in the adviser's window, in bits.",
        _pool("entropy_bits"),
    ),
    Declaration(
        "stream_pool_pool_resizes",
        "counter",
        "Changes of the pool's capacity.",
        lambda now: [((kind,), count) for kind, count in now.pool.resizes.items()] if now.pool else [],
        ("kind",),
    ),
    Declaration(
        "stream_pool_records_consumed", "counter", "Records that are done.", _by_topic("records"), ("topic",)
    ),
    Declaration(
        "stream_pool_bytes_consumed",
        "counter",
        "Bytes of the values of records.",
        _by_topic("bytes"),
        ("topic",),
    ),
    Declaration(
        "stream_pool_processing_seconds",
        "histogram",
        "Time of a record from the poll that returned it to done.",
        _by_topic("processing"),
        ("topic",),
    ),
    Declaration(
        "stream_pool_dead_letters",
        "counter",
        "Records that went to the dead-letter topic, by reason.",
        _dead_letters,
        ("topic", "reason"),
    ),
    Declaration(
        "stream_pool_handler_errors",
        "counter",
        "Records whose handler failed for good.",
        _by_topic("handler_errors"),
        ("topic",),
    ),
    Declaration(
        "stream_pool_handler_retries",
        "counter",
        "Handler calls that were repeats.",
        _by_topic("retries"),
        ("topic",),
    ),
    Declaration(
        "stream_pool_records_skipped",
        "counter",
        "Records that were logged and passed over.",
        _by_topic("skipped"),
        ("topic",),
    ),
    Declaration(
        "stream_pool_position",
        "gauge",
        "Offset of the next record to be fetched.",
        _by_partition("position"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_committed_offset",
        "gauge",
        "Offset that the group has committed.",
        _by_partition("committed"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_end_offset",
        "gauge",
        "Offset behind the partition's last record.",
        _by_partition("end"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_lag_records",
        "gauge",
        "Records between the commit and the end of the partition.",
        _by_partition("lag_records"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_lag_seconds",
        "gauge",
        "Time since the committed offset was the end of the partition.",
        _by_partition("lag_seconds"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_partition_status",
        "gauge",
        "1 for the status that the partition's consumer is in, by Burrow's rules, 0 for the others.",
        _statuses,
        ("topic", "partition", "status"),
    ),
    Declaration(
        "stream_pool_in_flight_records",
        "gauge",
        "Records that were delivered and are not done.",
        _by_partition("in_flight_records"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_partition_paused",
        "gauge",
        "1 while fetching is paused because the buffer is full.",
        _by_partition("paused"),
        ("topic", "partition"),
    ),
    Declaration(
        "stream_pool_rebalances", "counter", "Assignments received.", lambda now: _one(now.rebalances)
    ),
    Declaration("stream_pool_commits", "counter", "Commits acknowledged.", lambda now: _one(now.commits)),
    Declaration(
        "stream_pool_commit_failures",
        "counter",
        "Commits refused or timed out.",
        lambda now: _one(now.commit_failures),
    ),
    Declaration(
        "stream_pool_events_written", "counter", "Events in the log.", lambda now: _one(now.events.written)
    ),
    Declaration(
        "stream_pool_events_lost", "counter", "Events dropped unwritten.", lambda now: _one(now.events.lost)
    ),
    Declaration(
        "stream_pool_events_buffered",
        "gauge",
        "Events that wait to be written.",
        lambda now: _one(now.events.buffered),
    ),
    Declaration(
        "stream_pool_log_owner",
        "gauge",
        "1 in the process whose detector owns the event log, 0 in those that stand by.",
        lambda now: _one(now.owns_log),
    ),
    Declaration(
        "stream_pool_anomalies_open",
        "gauge",
        "Open anomalies, where this worker owns the detector.",
        lambda now: (now.anomalies_open or {}).items(),
        ("rule", "severity"),
    ),
    Declaration(
        "stream_pool_records_unobserved",
        "gauge",
        "Positions that no worker's signals ever covered, as far as the log tells its owner.",
        lambda now: [((topic,), count) for topic, count in (now.records_unobserved or {}).items()],
        ("topic",),
    ),
    Declaration(
        "stream_pool_detector_snapshot_offset",
        "gauge",
        "Offset of the log at which the owner's newest snapshot stands.",
        lambda now: _one(now.detector_snapshot_offset),
    ),
    Declaration(
        "stream_pool_detector_snapshot_age_seconds",
        "gauge",
        "Time since this owner wrote that snapshot, or resumed from it.",
        lambda now: _one(now.detector_snapshot_age_s),
    ),
    Declaration(
        "stream_pool_gc_pause_seconds",
        "summary",
        "Pauses of the garbage collector.",
        lambda now: _one(now.gc),
    ),
    Declaration(
        "stream_pool_gc_pauses",
        "counter",
        "Pauses of the garbage collector, by generation.",
        lambda now: [((str(generation),), count) for generation, count in enumerate(now.gc.by_generation)],
        ("generation",),
    ),
    Declaration(
        "stream_pool_resident_memory_bytes",
        "gauge",
        "Resident memory of the process.",
        lambda now: _one(now.memory.rss_bytes),
    ),
    Declaration(
        "stream_pool_memory_limit_bytes",
        "gauge",
        "Memory limit of the process's control group.",
        lambda now: _one(now.memory.limit_bytes),
    ),
    Declaration(
        "stream_pool_start_time_seconds",
        "gauge",
        "When the process began, since the Unix epoch.",
        lambda now: _one(now.started_at_s),
    ),
    Declaration("stream_pool_build", "info", "What runs, and where.", lambda now: _one(now.build)),
)
