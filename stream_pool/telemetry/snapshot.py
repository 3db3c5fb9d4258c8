"""One worker at one moment, as plain frozen values: all that `/metrics` knows.

The stream room builds a `WorkerSnapshot` from its integers when it is scraped; `metrics.py` writes it down.
Counts are totals since the process began. None means unknown, and unknown is never written as 0. What a
worker no longer has (a revoked partition, an anomaly that another owner watches) is simply not in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stream_pool.lag.status import Status
from stream_pool.pool.stats import PoolStats

BOUNDS_STRIDE = 8


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram: `counts[i]` values at most `bounds_s[i]` and above the bound before, the last beyond all.

    There is one count more than there are bounds. `sum_s` is the exact sum of the values, in seconds.
    """

    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    sum_s: float

    def __post_init__(self) -> None:
        assert len(self.counts) == len(self.bounds_s) + 1, "the last count is of the values beyond all bounds"

    @classmethod
    def coarse(cls, bounds_s: Sequence[float], counts: Sequence[int], sum_s: float) -> "Distribution":
        """Every eighth bound of a finer histogram, and the counts between these added up: exact, only fewer.

        The 141 bounds of `stream_pool.signals.Histogram`, each 1.1 times the last, so become 18, each 2.1
        times the last: a series each is what a scrape can carry for every topic.
        """
        kept = range(0, len(bounds_s), BOUNDS_STRIDE)
        edges = [0, *(index + 1 for index in kept), len(counts)]
        return cls(
            tuple(bounds_s[index] for index in kept),
            tuple(sum(counts[begin:end]) for begin, end in pairwise(edges)),
            sum_s,
        )


@dataclass(frozen=True, slots=True)
class TopicSnapshot:
    """What was done with one topic's records. `dead_letters` by reason; `processing` is from poll to done."""

    topic: str
    records: int
    bytes: int
    handler_errors: int
    retries: int
    skipped: int
    dead_letters: Mapping[str, int]
    processing: Distribution | None


@dataclass(frozen=True, slots=True)
class PartitionSnapshot:
    """One assigned partition. `position` is the next offset to be fetched, `committed` the group's commit."""

    topic: str
    partition: int
    position: int | None
    committed: int | None
    end: int | None
    lag_records: int | None
    lag_seconds: float | None
    status: Status | None
    in_flight_records: int
    paused: bool


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """The pool's own statistics, and how often its capacity was changed, by kind (`Advice.kind`)."""

    stats: PoolStats
    resizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EventLogSnapshot:
    """The writer of the event log: events written, dropped for good, and waiting in the buffer."""

    written: int
    lost: int
    buffered: int


@dataclass(frozen=True, slots=True)
class GcPauses:
    """Pauses of the garbage collector: how many, seconds in all, the longest, and how many by generation."""

    pauses: int
    total_s: float
    max_s: float
    by_generation: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MemorySample:
    """Resident bytes of the process, and the limit of its control group (None: none, or not known)."""

    rss_bytes: int | None
    limit_bytes: int | None


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What runs, and where: the process labels. Unknown ones are empty."""

    service_name: str = ""
    service_version: str = ""
    deploy_id: str = ""
    canary_flag: str = ""
    git_commit: str = ""
    ci_pipeline_id: str = ""
    environment: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """One worker at one moment. `anomalies_open` by (rule, severity) is None where another owner knows them,
    and so is the rest of the detector's; `owns_log` is None where the process has no detector.

    `started_at_s` is in seconds since the Unix epoch. `pool` is None under a decoder that has none.
    """

    build: BuildInfo
    started_at_s: float
    topics: tuple[TopicSnapshot, ...]
    partitions: tuple[PartitionSnapshot, ...]
    pool: PoolSnapshot | None
    events: EventLogSnapshot
    rebalances: int
    commits: int
    commit_failures: int
    gc: GcPauses
    memory: MemorySample
    owns_log: bool | None = None
    anomalies_open: Mapping[tuple[str, str], int] | None = None
    records_unobserved: Mapping[str, int] | None = None
    detector_snapshot_offset: int | None = None
    detector_snapshot_age_s: float | None = None
