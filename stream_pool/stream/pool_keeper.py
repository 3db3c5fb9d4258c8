"""Samples the pool once an interval, asks the adviser, does what it says, and writes both down."""

from collections import Counter
from collections.abc import Callable
from math import isnan

import structlog

from stream_pool.clock import Clock
from stream_pool.events import PoolResized, PoolSampled, Scalar
from stream_pool.pool import GrowthRule, Pool, PoolHistory, PoolStats, PoolWindow, advise
from stream_pool.stream.event_writer import EventWriter

log = structlog.get_logger(__name__)


class PoolKeeper:
    """Keeps one pool. `rule` is None where the pool's capacity is fixed.

    `documents` counts what was decoded so far.
    """

    def __init__(
        self,
        pool: Pool,
        writer: EventWriter,
        *,
        rule: GrowthRule | None,
        base_s: float,
        documents: Callable[[], int],
        clock: Clock,
    ) -> None:
        self.resizes: Counter[str] = Counter()
        self._pool = pool
        self._writer = writer
        self._rule = rule
        self._documents = documents
        self._clock = clock
        self._history = PoolHistory(base_s)
        self._last = pool.stats()
        self._last_documents = documents()

    def keep(self) -> None:
        """One interval's end."""
        now_s = self._clock.monotonic()
        self._pool.tick(now_s)
        stats = self._pool.stats()
        window = self._history.observe(now_s, stats)
        if window is not None:
            self._sample(stats, window)
            if self._rule is not None:
                self._adapt(window, self._rule)
        self._last, self._last_documents = stats, self._documents()

    def _sample(self, stats: PoolStats, window: PoolWindow) -> None:
        last = self._last
        documents = self._documents() - self._last_documents
        self._writer.append(
            PoolSampled(
                *self._writer.stamp(),
                interval_s=window.interval_s,
                hits=stats.hits - last.hits,
                misses=stats.misses - last.misses,
                evictions=stats.evictions - last.evictions,
                documents=documents,
                size=stats.size,
                capacity=stats.capacity,
                bytes=stats.bytes,
                shapes=stats.shapes,
                reuse_ratio=_known(stats.reuse_ratio),
                entropy_bits=_known(stats.entropy_bits),
                lookups_per_s=window.lookups_per_s,
            )
        )

    def _adapt(self, window: PoolWindow, rule: GrowthRule) -> None:
        capacity = self._pool.stats().capacity
        advice = advise(window, capacity, rule=rule)
        if advice.kind == "keep":
            return
        self._pool.resize(advice.capacity)
        self.resizes[advice.kind] += 1
        log.info(
            "pool resized", before=capacity, after=advice.capacity, kind=advice.kind, reason=advice.reason
        )
        inputs: dict[str, Scalar] = {
            "lookups_per_s": window.lookups_per_s,
            "base_lookups_per_s": _known(window.base_lookups_per_s),
            "entropy_bits": _known(window.entropy_bits),
            "size": window.size,
            "evictions": window.evictions,
        }
        self._writer.append(
            PoolResized(*self._writer.stamp(), capacity, advice.capacity, advice.kind, advice.reason, inputs)
        )


def _known(figure: float) -> float | None:
    """NaN is not JSON: unknown is None."""
    return None if isnan(figure) else figure
