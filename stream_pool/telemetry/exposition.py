"""What `/metrics` answers: the table of metrics, filled from a snapshot that is taken at the scrape.

Nothing is kept between scrapes, so the hot path pays nothing, and the series of a revoked partition go away
because the snapshot no longer has it. Each `Exporter` has a registry of its own: nothing is global. The
format is Prometheus's text, or OpenMetrics where the scraper asks for it.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, cast

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from stream_pool.telemetry.metrics import TABLE, Declaration, Samples
from stream_pool.telemetry.snapshot import Distribution, WorkerSnapshot


@dataclass(frozen=True, slots=True)
class Exposition:
    """The answer to a scrape: its body, and the whole value of its Content-Type header."""

    body: bytes
    content_type: str


class Exporter:
    """Answers scrapes from `take`, which is called once for each and must not block."""

    def __init__(self, take: Callable[[], WorkerSnapshot]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_SnapshotCollector(take))

    def scrape(self, accept: str | None = None) -> Exposition:
        """The metrics of this moment, in the format that the `Accept` header prefers."""
        encode, content_type = choose_encoder(accept or "")
        return Exposition(encode(self._registry), content_type)


class _SnapshotCollector(Collector):
    def __init__(self, take: Callable[[], WorkerSnapshot]) -> None:
        self._take = take

    def describe(self) -> Iterator[Metric]:
        """The table without samples: the registry refuses a name that is declared twice."""
        return (_family(declaration, []) for declaration in TABLE)

    def collect(self) -> Iterator[Metric]:
        now = self._take()
        return (_family(declaration, declaration.read(now)) for declaration in TABLE)


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    limits = [*map(floatToGoString, distribution.bounds_s), "+Inf"]
    return list(zip(limits, accumulate(distribution.counts), strict=True))


_FAMILIES: dict[str, tuple[Callable[..., Any], Callable[[Any], tuple[Any, ...]]]] = {
    "counter": (CounterMetricFamily, lambda count: (count,)),
    "gauge": (GaugeMetricFamily, lambda value: (value,)),
    "histogram": (HistogramMetricFamily, lambda taken: (_buckets(taken), taken.sum_s)),
    "summary": (SummaryMetricFamily, lambda pauses: (pauses.pauses, pauses.total_s)),
    "info": (InfoMetricFamily, lambda build: (dataclasses.asdict(build),)),
}
"""By type of metric: the client library's family, and a value as the arguments of its `add_metric`."""


def _family(declaration: Declaration, samples: Samples) -> Metric:
    make, arguments = _FAMILIES[declaration.kind]
    family = make(declaration.name, declaration.help, labels=declaration.labels)
    for labels, value in samples:
        if value is not None:
            family.add_metric(labels, *arguments(value))
    return cast(Metric, family)
