"""Reading ranges to their ends, on a log that changes meanwhile."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError, TopicAuthorizationFailedError

from stream_pool.incident.capture.run import CaptureRun
from stream_pool.incident.capture_file import Lost
from stream_pool.stream.errors import AccessDenied, BrokerUnavailable
from stream_pool.stream.offsets import Record

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class At(NamedTuple):
    """A record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    value: bytes | None = b"{}"


class Log:
    """A log and its reader: three records a fetch, a second a fetch that finds nothing."""

    def __init__(self, **partitions: int) -> None:
        self.ends = {TopicPartition("t", "ab".index(name)): end for name, end in partitions.items()}
        self.firsts = dict.fromkeys(self.ends, 0)
        self.holes: set[tuple[TopicPartition, int]] = set()
        self.unreadable: set[tuple[TopicPartition, int]] = set()
        self.topics = {"t"}
        self.is_silent = False
        self.errors: list[Exception] = []
        self.fetches = 0
        self.now_s = 0.0
        self.positions: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    def monotonic(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        assert not self.positions

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        assert not self.paused & set(partitions)
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        assert self.paused >= set(partitions)
        self.paused -= set(partitions)

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {place: self.firsts[place] for place in partitions}

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return {place: self.ends[place] for place in partitions}

    async def offsets_for_times(
        self, timestamps: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, None]:
        raise NotImplementedError

    async def existing(self) -> set[str]:
        return self.topics

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> Mapping[TopicPartition, Sequence[Record]]:
        self.fetches += 1
        assert not self.paused & set(partitions), "what is paused is not asked for"
        if self.errors:
            raise self.errors.pop(0)
        found: dict[TopicPartition, list[Record]] = {}
        if not self.is_silent:
            for place in partitions:
                if records := self._fetch(place, min(3, max_records)):
                    found[place] = records
        if not found:
            self.now_s += 1.0
        return found

    def _fetch(self, place: TopicPartition, count: int) -> list[Record]:
        offset = self.positions[place]
        if not self.firsts[place] <= offset <= self.ends[place]:
            raise OffsetOutOfRangeError({place: offset})
        records: list[Record] = []
        while offset < self.ends[place] and len(records) < count:
            if (place, offset) in self.unreadable:
                raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no header's name")
            if (place, offset) not in self.holes:
                records.append(At("t", place.partition, offset, offset))
            offset += 1
            if not records:
                self.positions[place] = offset
        self.positions[place] = offset
        return records


class Kept:
    """A sink that keeps everything, and may do something at some record."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []
        self.lost: list[Lost] = []

    def append(self, records: Sequence[Record]) -> None:
        self.places += [(record.partition, record.offset) for record in records]

    def lose(self, lost: Lost) -> None:
        self.lost.append(lost)


def capture(log: Log, sink: Kept, **ranges: tuple[int, int]) -> CaptureRun:
    """A run over ranges, by the partitions' names."""
    wanted = {TopicPartition("t", "ab".index(name)): range_ for name, range_ in ranges.items()}
    return CaptureRun(log, wanted, sink, existing=log.existing, clock=log, patience_s=30)


def offsets(sink: Kept, partition: int = 0) -> list[int]:
    return [offset for each, offset in sink.places if each == partition]


async def test_it_ends_where_the_ranges_end() -> None:
    """However far the log goes by then."""
    log, sink = Log(a=100, b=7), Kept()
    run = capture(log, sink, a=(5, 20), b=(0, 7))
    await run.run()
    assert offsets(sink, 0) == list(range(5, 20))
    assert offsets(sink, 1) == list(range(7))
    assert (run.is_whole, run.records, run.lost) == (True, 22, [])


@pytest.mark.parametrize(
    "holes",
    [
        pytest.param({3, 4}, id="1 in the middle"),
        pytest.param({8, 9}, id="2 at the end"),
        pytest.param({0}, id="3 at the beginning"),
        pytest.param(set(range(10)), id="4 nothing else"),
    ],
)
async def test_offsets_without_a_record_are_passed_over(holes: set[int]) -> None:
    """Compaction and markers are no loss."""
    log, sink = Log(a=10), Kept()
    log.holes = {(A, offset) for offset in holes}
    run = capture(log, sink, a=(0, 10))
    await run.run()
    assert offsets(sink) == [offset for offset in range(10) if offset not in holes]
    assert run.is_whole
    assert not run.lost


async def test_nothing_to_read_asks_nobody() -> None:
    """Empty ranges are whole."""
    log, sink = Log(a=0, b=5), Kept()
    run = capture(log, sink, a=(0, 0), b=(5, 5))
    await run.run()
    assert run.is_whole
    assert log.fetches == 0


async def test_it_reads_no_further_ahead_than_a_block() -> None:
    """A partition that waits for another is not fetched from."""
    log, sink = Log(a=90, b=90), Kept()
    ahead = 0
    append = sink.append

    def watched(records: Sequence[Record]) -> None:
        nonlocal ahead
        append(records)
        ahead = max(ahead, sum(log.positions.values()) - len(sink.places))

    sink.append = watched  # type: ignore[method-assign]  # to look on
    await capture(log, sink, a=(0, 90), b=(0, 90)).run()
    assert len(sink.places) == 180
    assert ahead <= 6


@pytest.mark.parametrize(
    ("first", "end", "lost", "read"),
    [
        pytest.param(6, 20, Lost("t", 0, 3, 6, "retention deleted them"), [*range(6, 10)], id="1 retention"),
        pytest.param(15, 20, Lost("t", 0, 3, 10, "retention deleted them"), [], id="2 all of it"),
        pytest.param(0, 2, Lost("t", 0, 3, 10, "the topic was made anew"), [], id="3 made anew"),
    ],
)
async def test_what_is_gone_is_told_as_lost(first: int, end: int, lost: Lost, read: list[int]) -> None:
    """With its offsets; what is there still is read."""
    log, sink = Log(a=end), Kept()
    log.firsts[A] = first
    run = capture(log, sink, a=(3, 10))
    await run.run()
    assert sink.lost == run.lost == [lost]
    assert offsets(sink) == read
    assert run.is_whole


async def test_one_partition_that_lost_something_keeps_the_others() -> None:
    """Retention takes from each what it takes."""
    log, sink = Log(a=10, b=10), Kept()
    log.firsts[B] = 4
    await capture(log, sink, a=(0, 10), b=(0, 10)).run()
    assert offsets(sink, 0) == list(range(10))
    assert offsets(sink, 1) == list(range(4, 10))
    assert sink.lost == [Lost("t", 1, 0, 4, "retention deleted them")]


class Ordered(Kept):
    """A sink that keeps records and lost ranges of partition 0 as they came, and may stop the run."""

    def __init__(self, stop_at: int | None = None) -> None:
        super().__init__()
        self.order: list[int | tuple[int, int]] = []
        self.stop_at = stop_at
        self.run: CaptureRun | None = None

    def append(self, records: Sequence[Record]) -> None:
        super().append(records)
        self.order += [record.offset for record in records if record.partition == 0]
        if self.run is not None and self.stop_at is not None and len(self.places) >= self.stop_at:
            self.run.stop()

    def lose(self, lost: Lost) -> None:
        super().lose(lost)
        self.order.append((lost.start, lost.stop))


def log_that_loses(monkeypatch: pytest.MonkeyPatch) -> Log:
    """Partition 0 gives 0, 1, 2, and then retention takes 3 to 7; 2 has to wait for partition 1."""
    log = Log(a=12, b=12)
    fetch = log._fetch

    def fetched(place: TopicPartition, count: int) -> list[Record]:
        records = fetch(place, count)
        if place != A:
            return records
        log.firsts[A] = 8
        return [
            At("t", 0, each.offset, each.offset if each.offset < 2 else each.offset * 1_000)
            for each in records
        ]

    monkeypatch.setattr(log, "_fetch", fetched)
    return log


async def test_what_is_lost_overtakes_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line stands between the records before it and those behind it."""
    log, sink = log_that_loses(monkeypatch), Ordered()
    run = capture(log, sink, a=(0, 12), b=(0, 12))
    await run.run()
    assert sink.order == [0, 1, 2, (3, 8), 8, 9, 10, 11]
    assert run.lost == [Lost("t", 0, 3, 8, "retention deleted them")]
    assert offsets(sink, 1) == list(range(12))
    assert run.is_whole


async def test_a_run_that_stops_tells_no_loss_ahead_of_its_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the next one would go on behind records that nobody has."""
    for stop_at in range(1, 25):
        log, sink = log_that_loses(monkeypatch), Ordered(stop_at)
        sink.run = run = capture(log, sink, a=(0, 12), b=(0, 12))
        await run.run()
        assert sink.order == [0, 1, 2, (3, 8), 8, 9, 10, 11][: len(sink.order)]
        assert run.lost == sink.lost


async def test_a_deleted_topic_is_told_as_lost() -> None:
    """Once nothing came for some seconds."""
    log, sink = Log(a=10, b=10), Kept()
    log.is_silent = True
    log.topics.clear()
    run = capture(log, sink, a=(0, 10), b=(2, 10))
    await run.run()
    assert sink.lost == [
        Lost("t", 0, 0, 10, "the topic was deleted"),
        Lost("t", 1, 2, 10, "the topic was deleted"),
    ]
    assert log.now_s < 30


@pytest.mark.parametrize("bad", [{0}, {4}, {9}, {3, 4}, set(range(10))])
async def test_a_record_that_no_client_decodes_is_told_as_lost(bad: set[int]) -> None:
    """Those round it are read, once each."""
    log, sink = Log(a=10, b=10), Kept()
    log.unreadable = {(A, offset) for offset in bad}
    run = capture(log, sink, a=(0, 10), b=(0, 10))
    await run.run()
    assert offsets(sink, 0) == [offset for offset in range(10) if offset not in bad]
    assert offsets(sink, 1) == list(range(10))
    assert sorted(lost.start for lost in sink.lost) == sorted(bad)
    assert all(
        (lost.stop, lost.why) == (lost.start + 1, "its header names are not UTF-8") for lost in sink.lost
    )


async def test_silence_is_borne_for_a_while() -> None:
    """Then it is said which offsets did not come."""
    log, sink = Log(a=10), Kept()
    log.is_silent = True
    run = capture(log, sink, a=(0, 10))
    with pytest.raises(BrokerUnavailable, match="t-0 should have offsets 0 to 9"):
        await run.run()
    assert 30 <= log.now_s < 32
    assert not run.is_whole


async def test_a_broker_that_does_not_know_its_topics_either_is_waited_for() -> None:
    """Asking fails as reading does."""
    log, sink = Log(a=10), Kept()
    log.is_silent = True

    async def existing() -> set[str]:
        log.is_silent = False
        raise BrokerUnavailable("away")

    run = CaptureRun(log, {A: (0, 10)}, sink, existing=existing, clock=log, patience_s=30)
    await run.run()
    assert offsets(sink) == list(range(10))


async def test_a_refusal_and_a_fault_end_it() -> None:
    """Each as what it is."""
    for error, expected in (
        (TopicAuthorizationFailedError("t"), AccessDenied),
        (KafkaConnectionError("no"), BrokerUnavailable),
    ):
        log = Log(a=10)
        log.errors = [error]
        with pytest.raises(expected):
            await capture(log, Kept(), a=(0, 10)).run()


async def test_it_stops_when_it_is_told_to() -> None:
    """Before the next block, and is not whole."""
    log, sink = Log(a=100), Kept()
    run = capture(log, sink, a=(0, 100))
    append = sink.append

    def stopping(records: Sequence[Record]) -> None:
        append(records)
        run.stop()

    sink.append = stopping  # type: ignore[method-assign]  # to stop in the middle
    await run.run()
    assert 0 < len(sink.places) < 100
    assert not run.is_whole
