"""Which records of a topic make the sample, and how they are read."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_pool.clock import SystemClock
from stream_pool.errors import ExitCode
from stream_pool.incident.estimate import TopicSample
from stream_pool.incident.estimate.topic_sample import RUN_RECORDS_MIN, RUNS, Run, newest, spread
from stream_pool.stream.errors import TopicMissing
from stream_pool.testing.client import MemoryClient
from stream_pool.testing.log import MemoryLog

ENDS = st.dictionaries(
    st.integers(0, 30),
    st.tuples(st.integers(0, 1_000), st.integers(0, 3_000)).map(lambda pair: (pair[0], sum(pair))),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(ENDS, st.integers(1, 5_000))
def test_a_sample_is_as_large_as_it_may_be(ends: dict[int, tuple[int, int]], records: int) -> None:
    """Either way: so many records or all there are, each once, and within what is kept."""
    kept = sum(stop - start for start, stop in ends.values())
    for runs in (newest(ends, records), spread(ends, records)):
        assert sum(run.stop - run.start for run in runs) == min(records, kept)
        assert all(ends[run.partition][0] <= run.start < run.stop <= ends[run.partition][1] for run in runs)
        for run, after in pairwise(runs):
            assert (run.partition, run.stop) <= (after.partition, after.start)


def test_the_newest_come_from_all_partitions() -> None:
    """As many of each as there are, and the rest from those that have more."""
    assert newest({0: (0, 1_000), 1: (5, 10), 2: (90, 400), 3: (7, 7)}, 205) == [
        Run(0, 900, 1_000),
        Run(1, 5, 10),
        Run(2, 300, 400),
    ]


def test_spread_runs_lie_evenly() -> None:
    """A partition of half of all records gives half of the sample, in runs that are not too short."""
    runs = spread({0: (100, 10_100), 1: (0, 5_000), 2: (0, 5_000)}, 800)
    assert [run for run in runs if run.partition == 0] == [
        Run(0, 100 + at * 1_250, 100 + at * 1_250 + 50) for at in range(RUNS)
    ]
    assert [run.start for run in runs if run.partition == 1] == [0, 1_250, 2_500, 3_750]
    assert all(run.stop - run.start >= RUN_RECORDS_MIN for run in runs)


@pytest.fixture
def log() -> MemoryLog:
    """A broker with 400 orders on three partitions, of which the last is empty."""
    made = MemoryLog(SystemClock())
    made.create_topic("orders", 3)
    for n in range(400):
        made.append("orders", n % 2, b"%d" % n if n else None, timestamp_ms=1_000 + n)
    return made


async def read(sample: TopicSample) -> list[tuple[str, bytes | None]]:
    await sample.open()
    return [(payload.place, payload.value) async for payload in sample.payloads()]


async def test_the_newest_are_read_with_their_places(log: MemoryLog) -> None:
    """And nothing is left behind on the broker: no group, no commit."""
    sample = TopicSample(MemoryClient(log, "reader"), "orders", 6)
    assert await read(sample) == [
        ("partition 0, offset 197", b"394"),
        ("partition 0, offset 198", b"396"),
        ("partition 0, offset 199", b"398"),
        ("partition 1, offset 197", b"395"),
        ("partition 1, offset 198", b"397"),
        ("partition 1, offset 199", b"399"),
    ]
    assert (sample.kept, sample.planned, sample.first_ms, sample.last_ms) == (400, 6, 1_394, 1_399)


async def test_all_are_read_where_the_sample_is_larger(log: MemoryLog) -> None:
    """Tombstones among them, and what is deleted is not looked for."""
    log.trim("orders", 1, 190)
    sample = TopicSample(MemoryClient(log, "reader"), "orders", 1_000, is_spread=True)
    told = await read(sample)
    assert len(told) == sample.planned == 210
    assert ("partition 0, offset 0", None) in told
    assert ("partition 1, offset 190", b"381") in told


async def test_a_topic_that_is_not_there_is_said_to_be_missing(log: MemoryLog) -> None:
    """Exit code 4."""
    with pytest.raises(TopicMissing, match="'other' does not exist, or may not be seen") as missing:
        await TopicSample(MemoryClient(log, "reader"), "other", 10).open()
    assert missing.value.exit_code is ExitCode.TOPIC_MISSING
