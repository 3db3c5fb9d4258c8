"""What a worker did between two looks at it: rates, latency of that time, and where it stands.

Pure: snapshots and times come in. Unknown is None, never 0.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from stream_pool.telemetry import Distribution, Health, PartitionSnapshot, WorkerSnapshot

CURVE_POINTS = 240
P99 = 0.99


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """One topic. `p99_s` is of the time since the look before, as the upper bound of its bucket; where it is
    beyond all bounds, the last of them."""

    topic: str
    partitions: int
    paused: bool
    records: int
    records_per_s: float | None
    lag_records: int | None
    lag_seconds: float | None
    p99_s: float | None
    dead_letters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is drawn. `lag_curve` has the sum of lag at each look, the latest last."""

    uptime_s: float
    health: Health
    topics: tuple[TopicFigures, ...]
    lag_curve: tuple[int, ...]
    lookups_per_s: float | None
    hit_ratio: float | None
    gc_s_per_s: float | None
    snapshot: WorkerSnapshot


class Watcher:
    """Takes a snapshot at a time, and keeps what the next is compared with. Bounded."""

    def __init__(self) -> None:
        self._before: tuple[float, WorkerSnapshot] | None = None
        self._curve: deque[int] = deque(maxlen=CURVE_POINTS)

    def take(self, at_s: float, snapshot: WorkerSnapshot, health: Health) -> Figures:
        """The figures at `at_s`, in seconds since the epoch."""
        before_s, before = self._before or (at_s, snapshot)
        elapsed_s = at_s - before_s
        self._before = at_s, snapshot
        topics = tuple(
            _topic(name, before, snapshot, elapsed_s)
            for name in sorted({*_names(snapshot), *_read(snapshot)})
        )
        known = [topic.lag_records for topic in topics if topic.lag_records is not None]
        if known:
            self._curve.append(sum(known))
        pool, earlier = snapshot.pool, before.pool
        hits = misses = None
        if pool is not None and earlier is not None:
            hits = pool.stats.hits - earlier.stats.hits
            misses = pool.stats.misses - earlier.stats.misses
        lookups = None if hits is None or misses is None else hits + misses
        return Figures(
            uptime_s=at_s - snapshot.started_at_s,
            health=health,
            topics=topics,
            lag_curve=tuple(self._curve),
            lookups_per_s=_per_s(lookups, elapsed_s),
            hit_ratio=hits / lookups if hits is not None and lookups else None,
            gc_s_per_s=_per_s(snapshot.gc.total_s - before.gc.total_s, elapsed_s),
            snapshot=snapshot,
        )


def _topic(name: str, before: WorkerSnapshot, now: WorkerSnapshot, elapsed_s: float) -> TopicFigures:
    held = [partition for partition in now.partitions if partition.topic == name]
    done = next((topic for topic in now.topics if topic.topic == name), None)
    earlier = next((topic for topic in before.topics if topic.topic == name), None)
    records = done.records if done else 0
    return TopicFigures(
        topic=name,
        partitions=len(held),
        paused=any(partition.paused for partition in held),
        records=records,
        records_per_s=_per_s(records - (earlier.records if earlier else 0), elapsed_s),
        lag_records=_sum(held),
        lag_seconds=max((each.lag_seconds for each in held if each.lag_seconds is not None), default=None),
        p99_s=_p99(done.processing if done else None, earlier.processing if earlier else None),
        dead_letters=done.dead_letters if done else {},
    )


def _names(snapshot: WorkerSnapshot) -> set[str]:
    return {topic.topic for topic in snapshot.topics}


def _read(snapshot: WorkerSnapshot) -> set[str]:
    return {partition.topic for partition in snapshot.partitions}


def _sum(held: list[PartitionSnapshot]) -> int | None:
    """Of the partitions whose lag is known; None where that is none of them."""
    known = [partition.lag_records for partition in held if partition.lag_records is not None]
    return sum(known) if known else None


def _per_s(count: float | None, elapsed_s: float) -> float | None:
    return None if count is None or elapsed_s <= 0 else count / elapsed_s


def _p99(now: Distribution | None, before: Distribution | None) -> float | None:
    """The bound of the bucket with the 99th percentile of what came in between; None where nothing did."""
    if now is None:
        return None
    past = before.counts if before is not None else (0,) * len(now.counts)
    fresh = [count - earlier for count, earlier in zip(now.counts, past, strict=True)]
    wanted, seen = sum(fresh) * P99, 0
    if not wanted:
        return None
    for bound_s, count in zip(now.bounds_s, fresh, strict=False):
        seen += count
        if seen >= wanted:
            return bound_s
    return now.bounds_s[-1]
