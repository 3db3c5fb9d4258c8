"""What a report measures, and by which charts it shows it: a table, in the order of the page.

`limit` is the member of `stream_pool.detection.Rules` that a measure is held against, `rule` the name that
anomalies about it begin with, so that rules which judge by another band find their chart as well.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of each topic, or of each worker."""

    key: str
    name: str
    unit: str
    rule: str | None = None
    limit: str | None = None
    title: str = ""
    """Its name where it stands alone; else `name`."""
    by: str = "topic"
    least: bool = False
    """Whether its lowest value is the telling one."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Measures that are drawn on one pair of axes, the first of them as the one that matters."""

    title: str
    measures: tuple[Measure, ...]
    note: str = ""

    @property
    def key(self) -> str:
        return self.measures[0].key

    @property
    def unit(self) -> str:
        return self.measures[0].unit


@dataclass(frozen=True, slots=True)
class Group:
    """Charts under one heading, all by topic or all by worker."""

    key: str
    title: str
    by: str
    charts: tuple[Chart, ...]


LAG_RECORDS = Measure("lag_records", "behind", "records", "lag", "lag_limit_records", "records behind")
LAG_SECONDS = Measure("lag_seconds", "behind", "s")
LATENCY_P99 = Measure("latency_p99", "P99", "s", "latency", "latency_p99_limit_s", "latency, P99")
LATENCY_P50 = Measure("latency_p50", "P50", "s")
DONE = Measure("done_rate", "done", "1/s", "traffic")
PRODUCED = Measure("produced_rate", "produced", "1/s")
ERRORS = Measure("error_ratio", "errors", "ratio", "error", "error_ratio_limit")
RECORD_BYTES = Measure("record_bytes", "bytes a record", "bytes", "payload")
HIT_RATIO = Measure("pool_hit_ratio", "hits", "ratio", "pool", by="worker", least=True)
POOL_SIZE = Measure("pool_size", "size", "entries", by="worker")
POOL_CAPACITY = Measure("pool_capacity", "capacity", "entries", by="worker")
EVICTIONS = Measure("pool_evictions", "evictions", "1/s", by="worker")
ENTROPY = Measure("pool_entropy", "entropy", "bits", "entropy", by="worker")
SHAPES = Measure("pool_shapes", "shapes", "shapes", title="layouts in the pool", by="worker")
MEMORY = Measure(
    "memory_bytes", "resident", "bytes", "memory", "memory_limit_bytes", "resident memory", "worker"
)
GC_PAUSE = Measure("gc_pause", "longest pause", "s", "gc", by="worker")

GROUPS: tuple[Group, ...] = (
    Group(
        "lag",
        "Lag",
        "topic",
        (
            Chart("Records behind", (LAG_RECORDS,), "end of the topic less what is committed"),
            Chart("Seconds behind", (LAG_SECONDS,), "of the partition that is furthest behind"),
        ),
    ),
    Group(
        "signals",
        "Golden signals",
        "topic",
        (
            Chart("Latency", (LATENCY_P99, LATENCY_P50), "from poll to done"),
            Chart("Errors", (ERRORS,), "of the records that were finished"),
            Chart("Traffic", (DONE, PRODUCED), "records a second"),
            Chart("Payload", (RECORD_BYTES,), "bytes of a record, on average"),
        ),
    ),
    Group(
        "pool",
        "Pool",
        "worker",
        (
            Chart("Hit ratio", (HIT_RATIO,), "of the lookups of an interval"),
            Chart("Size", (POOL_SIZE, POOL_CAPACITY), "entries, and room for them"),
            Chart("Evictions", (EVICTIONS,), "a second"),
            Chart("Entropy", (ENTROPY,), "of the layouts that came"),
        ),
    ),
    Group(
        "machines",
        "Memory and collector",
        "worker",
        (
            Chart("Resident memory", (MEMORY,)),
            Chart("Longest pause of the collector", (GC_PAUSE,), "in an interval"),
        ),
    ),
)

MEASURES: dict[str, Measure] = {
    measure.key: measure for group in GROUPS for chart in group.charts for measure in chart.measures
} | {SHAPES.key: SHAPES}


def measure_of(rule: str) -> Measure | None:
    """The measure that a rule is about, if it is one that is shown."""
    found = [measure for measure in MEASURES.values() if measure.rule and rule.startswith(measure.rule)]
    return max(found, key=lambda measure: len(measure.rule or ""), default=None)
