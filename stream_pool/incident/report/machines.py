"""Pool, memory and collector of each worker, event by event; and what its pool was given."""

from collections import Counter
from dataclasses import dataclass, field

from stream_pool.events import GcPaused, MemorySampled, PoolResized, PoolSampled
from stream_pool.incident.report.cited import Cited, EventRef, Point
from stream_pool.incident.report.measures import (
    ENTROPY,
    EVICTIONS,
    GC_PAUSE,
    HIT_RATIO,
    MEMORY,
    POOL_CAPACITY,
    POOL_SIZE,
    SHAPES,
)
from stream_pool.incident.report.recorded import Recorded
from stream_pool.incident.report.story import Resizing

MAX_RESIZED = 200


@dataclass(slots=True)
class _Resized:
    first: PoolResized
    began: Point
    last: PoolResized
    ended: Point
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Machines:
    """Gathers one log's machines."""

    recorded: Recorded
    resized: dict[tuple[str, str], _Resized] = field(default_factory=dict)

    def pool(self, event: PoolSampled, ref: EventRef, at_ms: int) -> None:
        """A worker's pool over one interval."""
        add, cited = self.recorded.add, Cited.one(ref)
        if lookups := event.hits + event.misses:
            add(HIT_RATIO.key, event.worker, Point(at_ms, event.hits / lookups, cited))
        add(POOL_SIZE.key, event.worker, Point(at_ms, event.size, cited))
        add(POOL_CAPACITY.key, event.worker, Point(at_ms, event.capacity, cited))
        add(SHAPES.key, event.worker, Point(at_ms, event.shapes, cited))
        if event.interval_s > 0:
            add(EVICTIONS.key, event.worker, Point(at_ms, event.evictions / event.interval_s, cited))
        if event.entropy_bits is not None:
            add(ENTROPY.key, event.worker, Point(at_ms, event.entropy_bits, cited))

    def resize(self, event: PoolResized, ref: EventRef, at_ms: int) -> None:
        """A worker's pool was given another capacity."""
        key, point = (event.worker, event.incarnation), Point(at_ms, event.to_capacity, Cited.one(ref))
        kept = self.resized.get(key)
        if kept is None:
            if len(self.resized) >= MAX_RESIZED:
                return
            kept = self.resized[key] = _Resized(event, point, event, point)
        kept.last, kept.ended = event, point
        kept.kinds[f"{event.kind}: {event.reason}"] += 1

    def memory(self, event: MemorySampled, ref: EventRef, at_ms: int) -> None:
        """A worker's resident memory."""
        self.recorded.add(MEMORY.key, event.worker, Point(at_ms, event.rss_bytes, Cited.one(ref)))

    def pauses(self, event: GcPaused, ref: EventRef, at_ms: int) -> None:
        """The pauses of a worker's collector in one interval."""
        self.recorded.add(GC_PAUSE.key, event.worker, Point(at_ms, event.max_s, Cited.one(ref)))

    def resizings(self) -> tuple[Resizing, ...]:
        """One a life, in the order in which they began."""
        return tuple(
            Resizing(
                worker,
                incarnation,
                kept.kinds.total(),
                kept.first.from_capacity,
                kept.last.to_capacity,
                tuple(kept.kinds.most_common()),
                kept.began,
                kept.ended,
            )
            for (worker, incarnation), kept in self.resized.items()
        )
