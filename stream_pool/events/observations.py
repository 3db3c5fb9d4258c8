"""What a worker or a detector saw, as events: everything in the log that is not a function of the log.

Each starts with who says so: `worker` (a name that outlives restarts), `incarnation` (one life of its
process) and `sequence` (rising from event to event in that life, so that a reader can drop repeats).
`interval_s` is the time that an event covers, by the writer's monotonic clock. Counts are deltas of that
interval, never totals.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from stream_pool.events.form import Count, Quantity, Ratio, Scalar
from stream_pool.lag.status import Status


@dataclass(frozen=True, slots=True)
class WorkerStarted:
    """A life of a worker begins: `version` is stream-pool's, `labels` are the process labels that are set."""

    TYPE: ClassVar[str] = "stream-pool.worker.started.v1"

    worker: str
    incarnation: str
    sequence: Count
    version: str
    labels: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class PoolSampled:
    """The string pool over one interval: lookups, and what it holds at the end of it."""

    TYPE: ClassVar[str] = "stream-pool.pool.sampled.v1"

    worker: str
    incarnation: str
    sequence: Count
    interval_s: Quantity
    hits: Count
    misses: Count
    evictions: Count
    documents: Count
    size: Count
    capacity: Count
    bytes: Count
    shapes: Count
    reuse_ratio: Ratio | None
    entropy_bits: Quantity | None
    lookups_per_s: Quantity


@dataclass(frozen=True, slots=True)
class PoolResized:
    """The pool was given another capacity; `inputs` are the figures that the adviser judged by."""

    TYPE: ClassVar[str] = "stream-pool.pool.resized.v1"

    worker: str
    incarnation: str
    sequence: Count
    from_capacity: Count
    to_capacity: Count
    kind: str
    reason: str
    inputs: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Latency:
    """Times from poll to done, as a sparse histogram over the boundaries of `stream_pool.signals.Histogram`.

    `counts` pairs a bucket's index with the records in it, by rising index; `sum_s` and `max_s` are exact.
    """

    counts: tuple[tuple[Count, Count], ...]
    sum_s: Quantity
    max_s: Quantity


@dataclass(frozen=True, slots=True)
class PartitionSignals:
    """One partition's records of an interval: those in [from_offset, to_offset), by position.

    `records` may be fewer than the range is long (compaction, transaction markers). `errors` counts those
    that could not be done: not decodable, rejected, or their handler failed for good; `dead_letters` those of
    them that were written to the dead letters; `retries` the handler's further tries.
    """

    topic: str
    partition: Count
    from_offset: Count
    to_offset: Count
    records: Count
    bytes: Count
    errors: Count
    dead_letters: Count
    retries: Count
    latency: Latency


@dataclass(frozen=True, slots=True)
class SignalsSampled:
    """Traffic, errors and latency of the records that were finished in the interval."""

    TYPE: ClassVar[str] = "stream-pool.signals.sampled.v1"

    worker: str
    incarnation: str
    sequence: Count
    interval_s: Quantity
    partitions: tuple[PartitionSignals, ...]


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """How far one partition's group is behind; None where it is not known.

    `quiet` says that nothing was produced lately; `growing` that lag rose over the window although it fell
    once.
    """

    topic: str
    partition: Count
    end_offset: Count
    committed_offset: Count | None
    lag_records: Count | None
    lag_seconds: Quantity | None
    status: Status
    quiet: bool = False
    growing: bool = False


@dataclass(frozen=True, slots=True)
class LagSampled:
    """One poll of end offsets and commits: the whole group's (detector), or one worker's own partitions."""

    TYPE: ClassVar[str] = "stream-pool.lag.sampled.v1"

    worker: str
    incarnation: str
    sequence: Count
    group: str
    observer: Literal["worker", "detector"]
    partitions: tuple[PartitionLag, ...]


@dataclass(frozen=True, slots=True)
class PartitionCommit:
    """A committed offset: the position of the next record. `at_ms` is the committer's time, Unix epoch."""

    topic: str
    partition: Count
    offset: Count
    at_ms: Count
    lag: Count | None


@dataclass(frozen=True, slots=True)
class OffsetsCommitted:
    """The interval's commits, whether the offset moved or not: without these STOP and STALL look the same."""

    TYPE: ClassVar[str] = "stream-pool.offsets.committed.v1"

    worker: str
    incarnation: str
    sequence: Count
    interval_s: Quantity
    partitions: tuple[PartitionCommit, ...]


@dataclass(frozen=True, slots=True)
class GcPaused:
    """Pauses of the garbage collector in the interval; `by_generation` counts them, youngest first."""

    TYPE: ClassVar[str] = "stream-pool.gc.paused.v1"

    worker: str
    incarnation: str
    sequence: Count
    interval_s: Quantity
    pauses: Count
    total_s: Quantity
    max_s: Quantity
    by_generation: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class MemorySampled:
    """The process's resident set, and the limit that its control group puts on it (None: unlimited)."""

    TYPE: ClassVar[str] = "stream-pool.memory.sampled.v1"

    worker: str
    incarnation: str
    sequence: Count
    rss_bytes: Count
    limit_bytes: Count | None


@dataclass(frozen=True, slots=True)
class ClockTicked:
    """The detector's clock: it closes a window even when no worker says anything.

    `folded_to` is the offset up to which its writer had folded the log (the next to be folded), beginning
    with the record at `chain_since`; `chain` is the running digest of these records, in hex.
    """

    TYPE: ClassVar[str] = "stream-pool.clock.ticked.v1"

    worker: str
    incarnation: str
    sequence: Count
    interval_s: Quantity
    folded_to: Count | None = None
    chain_since: Count | None = None
    chain: str | None = None


@dataclass(frozen=True, slots=True)
class ObservationsLost:
    """Events that a writer dropped because the log could not be written, in all and `by_type`."""

    TYPE: ClassVar[str] = "stream-pool.observations.lost.v1"

    worker: str
    incarnation: str
    sequence: Count
    lost: Count
    by_type: dict[str, Count]


@dataclass(frozen=True, slots=True)
class DetectorConfigured:
    """Opens an epoch: from here on this version of the fold reads the log, with these rules in full.

    `group` is the consumer group that the conclusions are about; empty where the writer did not say.
    """

    TYPE: ClassVar[str] = "stream-pool.detector.configured.v1"

    worker: str
    incarnation: str
    sequence: Count
    fold_version: Count
    rules: dict[str, Scalar]
    group: str = ""
