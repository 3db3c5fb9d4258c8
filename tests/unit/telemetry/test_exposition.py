"""What a scrape shows of a worker: every metric once, in base units, and nothing that is not known."""

import dataclasses
import math
import shutil
import subprocess
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from stream_pool.lag.status import Status
from stream_pool.pool.stats import PoolStats
from stream_pool.signals import BOUNDS_S
from stream_pool.telemetry.exposition import Exporter
from stream_pool.telemetry.metrics import TABLE
from stream_pool.telemetry.snapshot import (
    BuildInfo,
    Distribution,
    EventLogSnapshot,
    GcPauses,
    MemorySample,
    PartitionSnapshot,
    PoolSnapshot,
    TopicSnapshot,
    WorkerSnapshot,
)

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

ORDERS = TopicSnapshot(
    topic="orders",
    records=1_000,
    bytes=2_400_000,
    handler_errors=3,
    retries=4,
    skipped=5,
    dead_letters={"depth_limit": 6, "unexpected_byte": 7},
    processing=Distribution(bounds_s=(0.001, 0.01, 0.1), counts=(900, 90, 9, 1), sum_s=1.25),
)
KNOWN = PartitionSnapshot("orders", 0, 1_000, 990, 1_500, 510, 2.5, Status.STALL, 10, True)
UNKNOWN = PartitionSnapshot("orders", 1, None, None, None, None, None, None, 0, False)
POOL = PoolStats(90, 10, 2, 8, 4096, 512, 3, 0.9, 1.5)
WORKER = WorkerSnapshot(
    build=BuildInfo(service_name="order-processor", git_commit="abc123"),
    started_at_s=1_700_000_000.5,
    topics=(ORDERS,),
    partitions=(KNOWN, UNKNOWN),
    pool=PoolSnapshot(POOL, resizes={"grow": 1}),
    events=EventLogSnapshot(written=11, lost=1, buffered=2),
    rebalances=2,
    commits=30,
    commit_failures=1,
    gc=GcPauses(6, 0.25, 0.125, (3, 2, 1)),
    memory=MemorySample(rss_bytes=50_000_000, limit_bytes=None),
    owns_log=True,
    anomalies_open={("lag", "P2"): 1},
    records_unobserved={"orders": 12},
    detector_snapshot_offset=4_000,
    detector_snapshot_age_s=7.5,
)


def samples(worker: WorkerSnapshot) -> dict[str, float]:
    """The scrape's lines, without comments: series to value."""
    lines = Exporter(lambda: worker).scrape().body.decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {series: float(value) for series, value in pairs}


def series_of(name: str, worker: WorkerSnapshot) -> dict[str, float]:
    """The samples whose series begin with `name`."""
    return {series: value for series, value in samples(worker).items() if series.partition("{")[0] == name}


PLACE = 'partition="0",topic="orders"'
EXPECTED = [
    ("string_pool_hits_total", 90),
    ("string_pool_evictions_total", 2),
    ("avg_key_reuse_ratio", 0.9),
    ("stream_pool_pool_misses_total", 10),
    ("stream_pool_pool_size", 8),
    ("stream_pool_pool_capacity", 4096),
    ("stream_pool_pool_bytes", 512),
    ("stream_pool_pool_shapes", 3),
    ("stream_pool_pool_layout_entropy", 1.5),
    ('stream_pool_pool_resizes_total{kind="grow"}', 1),
    ('stream_pool_records_consumed_total{topic="orders"}', 1_000),
    ('stream_pool_bytes_consumed_total{topic="orders"}', 2_400_000),
    ('stream_pool_processing_seconds_bucket{le="0.001",topic="orders"}', 900),
    ('stream_pool_processing_seconds_bucket{le="0.01",topic="orders"}', 990),
    ('stream_pool_processing_seconds_bucket{le="0.1",topic="orders"}', 999),
    ('stream_pool_processing_seconds_bucket{le="+Inf",topic="orders"}', 1_000),
    ('stream_pool_processing_seconds_count{topic="orders"}', 1_000),
    ('stream_pool_processing_seconds_sum{topic="orders"}', 1.25),
    ('stream_pool_dead_letters_total{reason="depth_limit",topic="orders"}', 6),
    ('stream_pool_dead_letters_total{reason="unexpected_byte",topic="orders"}', 7),
    ('stream_pool_handler_errors_total{topic="orders"}', 3),
    ('stream_pool_handler_retries_total{topic="orders"}', 4),
    ('stream_pool_records_skipped_total{topic="orders"}', 5),
    (f"stream_pool_position{{{PLACE}}}", 1_000),
    (f"stream_pool_committed_offset{{{PLACE}}}", 990),
    (f"stream_pool_end_offset{{{PLACE}}}", 1_500),
    (f"stream_pool_lag_records{{{PLACE}}}", 510),
    (f"stream_pool_lag_seconds{{{PLACE}}}", 2.5),
    ('stream_pool_partition_status{partition="0",status="OK",topic="orders"}', 0),
    ('stream_pool_partition_status{partition="0",status="WARN",topic="orders"}', 0),
    ('stream_pool_partition_status{partition="0",status="STOP",topic="orders"}', 0),
    ('stream_pool_partition_status{partition="0",status="STALL",topic="orders"}', 1),
    ('stream_pool_partition_status{partition="0",status="REWIND",topic="orders"}', 0),
    (f"stream_pool_in_flight_records{{{PLACE}}}", 10),
    (f"stream_pool_partition_paused{{{PLACE}}}", 1),
    ('stream_pool_in_flight_records{partition="1",topic="orders"}', 0),
    ('stream_pool_partition_paused{partition="1",topic="orders"}', 0),
    ("stream_pool_rebalances_total", 2),
    ("stream_pool_commits_total", 30),
    ("stream_pool_commit_failures_total", 1),
    ("stream_pool_events_written_total", 11),
    ("stream_pool_events_lost_total", 1),
    ("stream_pool_events_buffered", 2),
    ("stream_pool_log_owner", 1),
    ('stream_pool_anomalies_open{rule="lag",severity="P2"}', 1),
    ('stream_pool_records_unobserved{topic="orders"}', 12),
    ("stream_pool_detector_snapshot_offset", 4_000),
    ("stream_pool_detector_snapshot_age_seconds", 7.5),
    ("stream_pool_gc_pause_seconds_count", 6),
    ("stream_pool_gc_pause_seconds_sum", 0.25),
    ('stream_pool_gc_pauses_total{generation="0"}', 3),
    ('stream_pool_gc_pauses_total{generation="1"}', 2),
    ('stream_pool_gc_pauses_total{generation="2"}', 1),
    ("stream_pool_resident_memory_bytes", 50_000_000),
    ("stream_pool_start_time_seconds", 1_700_000_000.5),
    (
        'stream_pool_build_info{canary_flag="",ci_pipeline_id="",deploy_id="",environment="",'
        'git_commit="abc123",region="",service_name="order-processor",service_version=""}',
        1,
    ),
]


def test_a_scrape_is_the_snapshot_and_no_more() -> None:
    """Every figure is one series; what is unknown (partition 1's offsets, the memory limit) is in none."""
    assert samples(WORKER) == dict(EXPECTED)


def test_the_series_of_a_revoked_partition_go_away() -> None:
    """The next scrape has no word of a partition that the snapshot has no more."""
    held = [WORKER, dataclasses.replace(WORKER, partitions=())]
    exporter = Exporter(lambda: held.pop(0))
    assert b'partition="0"' in exporter.scrape().body
    assert b'partition="0"' not in exporter.scrape().body


def test_a_ratio_that_is_unknown_is_nan() -> None:
    """Before the first lookup there is no ratio; 0 would say that nothing is ever reused."""
    pool = PoolSnapshot(dataclasses.replace(POOL, reuse_ratio=math.nan), resizes={})
    assert math.isnan(samples(dataclasses.replace(WORKER, pool=pool))["avg_key_reuse_ratio"])


def test_without_a_pool_there_are_no_pool_series() -> None:
    """Under the reference decoder no pool figure is shown as 0."""
    bare = samples(dataclasses.replace(WORKER, pool=None))
    assert not [
        series for series in bare if "pool_pool" in series or "string_pool" in series or "reuse" in series
    ]


@pytest.mark.parametrize(
    ("known", "series"),
    [
        pytest.param(None, {}, id="1 another worker owns the detector"),
        pytest.param({}, {}, id="2 nothing was ever open"),
        pytest.param(
            {("lag", "P2"): 0}, {'stream_pool_anomalies_open{rule="lag",severity="P2"}': 0.0}, id="3 resolved"
        ),
    ],
)
def test_open_anomalies(known: dict[tuple[str, str], int] | None, series: dict[str, float]) -> None:
    """Only the owner of the detector shows them."""
    worker = dataclasses.replace(WORKER, anomalies_open=known)
    assert series_of("stream_pool_anomalies_open", worker) == series


@pytest.mark.parametrize(
    ("owns", "series"),
    [
        pytest.param(None, {}, id="1 without a detector"),
        pytest.param(False, {"stream_pool_log_owner": 0.0}, id="2 it stands by"),
        pytest.param(True, {"stream_pool_log_owner": 1.0}, id="3 it owns the log"),
    ],
)
def test_who_owns_the_log(owns: bool | None, series: dict[str, float]) -> None:
    """Every detector says whether it is it."""
    assert series_of("stream_pool_log_owner", dataclasses.replace(WORKER, owns_log=owns)) == series


def test_a_reason_that_is_no_slug_is_no_label() -> None:
    """A handler that rejects with a sentence, perhaps out of the payload, makes one series at most."""
    reasons = {"order 4711 has no sku": 2, "": 1, "x" * 65: 1, "Upper": 1, "unknown_sku": 3}
    worker = dataclasses.replace(WORKER, topics=(dataclasses.replace(ORDERS, dead_letters=reasons),))
    assert series_of("stream_pool_dead_letters_total", worker) == {
        'stream_pool_dead_letters_total{reason="other",topic="orders"}': 5,
        'stream_pool_dead_letters_total{reason="unknown_sku",topic="orders"}': 3,
    }


def test_a_snapshot_is_taken_once_a_scrape_and_never_before() -> None:
    """Making an exporter asks nothing; all figures of one scrape are of one moment."""
    moments = [WORKER, WORKER]
    exporter = Exporter(moments.pop)
    assert len(moments) == 2
    exporter.scrape()
    assert len(moments) == 1


def test_names_help_and_labels_keep_the_rules() -> None:
    """Every name is ours or one of the three kept; help is a sentence; no label is an offset or a key."""
    kept = {"string_pool_hits", "string_pool_evictions", "avg_key_reuse_ratio"}
    names = [row.name for row in TABLE]
    assert len(set(names)) == len(names)
    assert kept == {name for name in names if not name.startswith("stream_pool_")}
    assert all(row.help.endswith(".") for row in TABLE)
    allowed = {"topic", "partition", "reason", "status", "kind", "rule", "severity", "generation"}
    assert {label for row in TABLE for label in row.labels} == allowed


FORMATS = [
    pytest.param(None, "text/plain; version=0.0.4", id="1 asked for nothing"),
    pytest.param("text/plain; version=0.0.4", "text/plain; version=0.0.4", id="2 the old text"),
    pytest.param(OPENMETRICS, "application/openmetrics-text; version=1.0.0", id="3 OpenMetrics"),
    pytest.param("*/*", "text/plain; version=0.0.4", id="4 anything"),
]


@given(st.lists(st.integers(0, 5), min_size=142, max_size=142))
def test_a_coarse_distribution_counts_the_same_values(counts: list[int]) -> None:
    """At each bound that is left, as many values lie below as before; none is lost and none is new."""
    coarse = Distribution.coarse(BOUNDS_S, counts, 1.5)
    assert (len(coarse.bounds_s), coarse.sum_s, sum(coarse.counts)) == (18, 1.5, sum(counts))
    below = dict(zip(BOUNDS_S, accumulate(counts), strict=False))
    assert list(accumulate(coarse.counts))[:-1] == [below[bound] for bound in coarse.bounds_s]


@pytest.mark.parametrize(("accept", "content_type"), FORMATS)
def test_the_format_is_the_one_that_was_asked_for(accept: str | None, content_type: str) -> None:
    """The Accept header chooses, and the Content-Type says what was chosen."""
    assert Exporter(lambda: WORKER).scrape(accept).content_type.startswith(content_type)


def test_both_formats_are_read_by_their_parsers() -> None:
    """OpenMetrics is strict: it ends in `# EOF`, counters end in `_total`, nothing comes twice."""
    exporter = Exporter(lambda: WORKER)
    for parse, accept in ((parse_text, None), (parse_openmetrics, OPENMETRICS)):
        body = exporter.scrape(accept).body.decode()
        assert len({family.name for family in parse(body)}) == len(TABLE)


def test_promtool_has_no_complaint() -> None:
    """Prometheus's own linter: types, suffixes, base units, help."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package `prometheus` has it)")
    body = Exporter(lambda: WORKER).scrape().body
    result = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
