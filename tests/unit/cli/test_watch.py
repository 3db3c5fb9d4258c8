"""`worker --watch`: figures of two snapshots, and how they look on narrow and on wide terminals."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from stream_pool.cli.watch.figures import CURVE_POINTS, Figures, Watcher
from stream_pool.cli.watch.live import LOG_LINES, LastLines
from stream_pool.cli.watch.screen import Place, screen
from stream_pool.lag.status import Status
from stream_pool.pool.stats import PoolStats
from stream_pool.telemetry import (
    BuildInfo,
    Distribution,
    EventLogSnapshot,
    GcPauses,
    Health,
    MemorySample,
    PartitionSnapshot,
    PoolSnapshot,
    TopicSnapshot,
    WorkerSnapshot,
)

GOOD = Health(())
BAD = Health((("paused", "fetching has been paused for 61.0 s: the handlers do not keep up"),))
PLACE = Place("orders-v3", "host-1:6066", "kafka-1:9092", "http://127.0.0.1:6066", 50_000, 200_000_000)
POOL = PoolStats(
    hits=100,
    misses=10,
    evictions=3,
    size=412,
    capacity=4_096,
    bytes=1_200_000,
    shapes=37,
    reuse_ratio=0.9,
    entropy_bits=4.2,
)


def partition(number: int, lag: int | None, seconds: float | None = None) -> PartitionSnapshot:
    return PartitionSnapshot("orders", number, 10, 10, 20, lag, seconds, Status.OK, 0, False)


def topic(records: int, counts: tuple[int, ...] = (0, 0, 0)) -> TopicSnapshot:
    return TopicSnapshot(
        topic="orders",
        records=records,
        bytes=records * 2_400,
        handler_errors=0,
        retries=0,
        skipped=0,
        dead_letters={"depth_limit": 5, "tombstone": 7},
        processing=Distribution((0.1, 1.0), counts, 0.0),
    )


SNAPSHOT = WorkerSnapshot(
    build=BuildInfo(),
    started_at_s=1_000.0,
    topics=(topic(1_000),),
    partitions=(partition(0, 40_000, 3.0), partition(1, None), partition(2, 20_000, 7.5)),
    pool=PoolSnapshot(POOL, {}),
    events=EventLogSnapshot(17, 0, 2),
    rebalances=1,
    commits=99,
    commit_failures=0,
    gc=GcPauses(3, 0.5, 0.2, (1, 1, 1)),
    memory=MemorySample(118_000_000, None),
    anomalies_open={("lag", "P2"): 1},
)


def two_looks(second: WorkerSnapshot, elapsed_s: float = 2.0) -> Figures:
    watcher = Watcher()
    watcher.take(1_060.0, SNAPSHOT, GOOD)
    return watcher.take(1_060.0 + elapsed_s, second, GOOD)


def test_the_first_look_knows_no_rates() -> None:
    """Unknown, not 0; what stands is told."""
    figures = Watcher().take(1_060.0, SNAPSHOT, GOOD)
    assert (figures.uptime_s, figures.lookups_per_s, figures.hit_ratio) == (60.0, None, None)
    (orders,) = figures.topics
    assert (orders.records, orders.records_per_s, orders.p99_s) == (1_000, None, None)
    assert (orders.partitions, orders.lag_records, orders.lag_seconds) == (3, 60_000, 7.5)


def test_rates_are_of_the_time_between_two_looks() -> None:
    """Records, lookups, and the collector's share."""
    later = replace(
        SNAPSHOT,
        topics=(topic(5_000),),
        pool=PoolSnapshot(replace(POOL, hits=190, misses=20), {}),
        gc=GcPauses(4, 0.6, 0.2, (1, 1, 2)),
    )
    figures = two_looks(later)
    assert figures.topics[0].records_per_s == 2_000
    assert (figures.lookups_per_s, figures.hit_ratio) == (50, 0.9)
    assert figures.gc_s_per_s == pytest.approx(0.05)


LATENCIES = [
    pytest.param((0, 0, 0), None, id="1 nothing was done"),
    pytest.param((100, 0, 0), 0.1, id="2 all in the first bucket"),
    pytest.param((99, 1, 0), 0.1, id="3 one of a hundred is slower"),
    pytest.param((98, 2, 0), 1.0, id="4 two are"),
    pytest.param((0, 0, 1), 1.0, id="5 beyond all bounds: at least the last"),
]


@pytest.mark.parametrize(("counts", "p99_s"), LATENCIES)
def test_latency_is_of_what_came_in_between(counts: tuple[int, ...], p99_s: float | None) -> None:
    """Whatever was there before."""
    before = replace(SNAPSHOT, topics=(topic(0, (7, 7, 7)),))
    after = replace(SNAPSHOT, topics=(topic(9, (7 + counts[0], 7 + counts[1], 7 + counts[2])),))
    watcher = Watcher()
    watcher.take(0.0, before, GOOD)
    assert watcher.take(1.0, after, GOOD).topics[0].p99_s == p99_s


def test_a_topic_that_was_given_away_stays_with_what_was_done() -> None:
    """Its lag is another's now."""
    (orders,) = two_looks(replace(SNAPSHOT, partitions=())).topics
    assert (orders.partitions, orders.lag_records, orders.records) == (0, None, 1_000)


def test_nothing_grows() -> None:
    """Neither the curve nor the log."""
    watcher, log = Watcher(), LastLines()
    for number in range(2 * CURVE_POINTS):
        figures = watcher.take(float(number), SNAPSHOT, GOOD)
        log.write(f"line {number}\n\n")
    assert len(figures.lag_curve) == CURVE_POINTS
    assert len(log.lines()) == LOG_LINES
    assert log.lines()[-1] == f"line {2 * CURVE_POINTS - 1}"


def drawn(width: int, figures: Figures, rows: int = 40, log: tuple[str, ...] = ("one", "two")) -> str:
    console = Console(file=io.StringIO(), width=width, height=rows, force_terminal=True, color_system=None)
    console.print(screen(figures, PLACE, log, width, rows))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_all_of_it_is_there_at_any_width(width: int) -> None:
    """No line is broken or cut where it counts, and 24 lines are enough."""
    text = drawn(width, two_looks(replace(SNAPSHOT, topics=(topic(5_000, (1, 0, 0)),))), rows=24)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 24
    for figure in (
        "orders-v3",
        "ready",
        "lag (P2)",
        "60,000",
        "7.5 s",
        "2,000",
        "100 ms",
        "12",
        "412 of 4,096",
    ):
        assert figure in text, figure
    for figure in ("118 MB of 200 MB", "kafka-1:9092", "one", "two"):
        assert figure in text, figure
    assert ("17 written, 2 wait" if width >= 120 else "17 events, 99 commits") in text
    assert ("depth_limit 5, tombstone 7" in text) == (width >= 120)


def test_what_is_wrong_is_said() -> None:
    """In words, at the top."""
    figures = Watcher().take(1_060.0, replace(SNAPSHOT, anomalies_open=None, pool=None), BAD)
    text = drawn(80, figures)
    assert "not ready: fetching has been paused for 61.0 s" in text
    assert "this decoder has none" in text


def test_trouble_with_the_log_is_told_on_a_narrow_screen_too() -> None:
    """Where all is well, nothing is said of it."""
    trouble = replace(SNAPSHOT, events=EventLogSnapshot(17, 4, 0), commit_failures=2)
    assert "4 events lost, 2 commits failed" in drawn(80, two_looks(trouble))
    assert "failed" not in drawn(80, two_looks(SNAPSHOT))


def test_a_worker_that_has_nothing_yet_is_drawn() -> None:
    """Before its first assignment."""
    empty = replace(SNAPSHOT, topics=(), partitions=(), memory=MemorySample(None, None))
    assert "no partition yet" in drawn(80, Watcher().take(1_001.0, empty, GOOD))


def test_the_log_takes_what_room_is_left() -> None:
    """Its last lines, three at least; nothing in them is taken for markup or for commands to the terminal."""
    log = tuple(f"line {number} [bold] \x1b[31mred\x1b[0m" for number in range(100))
    figures = two_looks(SNAPSHOT)
    low, high = drawn(80, figures, 20, log), drawn(80, figures, 60, log)
    assert low.count("[bold] red") == 3
    assert 20 < high.count("[bold] red") < 60
    assert len(high.splitlines()) <= 60
    assert "line 99" in low
    assert "\x1b[31m" not in low
