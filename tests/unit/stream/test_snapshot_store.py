"""Where the detector's states are kept: what of a snapshots topic is taken, and what is passed over (2.7)."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError
from fakes import FakeClock, FakeRecord
from structlog.testing import capture_logs

from stream_pool.detection import FOLD_VERSION, State, fold
from stream_pool.detection.snapshot import dump_state
from stream_pool.detection.snapshot_records import RECORDS_VERSION, snapshot_records
from stream_pool.events import ClockTicked, EncodedEvent, encode, event_id, read_record
from stream_pool.stream.snapshot_store import SnapshotStore

EVENTS = TopicPartition("g.events", 0)
EPOCH_MS = 1_700_000_000_000
NOISE = 60_000
"""A worker's name that makes a state large: it is remembered, and hardly compressed."""


def event(offset: int, worker: str = "w") -> FakeRecord:
    """A record of the event log, each a second after the one before."""
    tick = ClockTicked(worker, "i", offset + 1, 1.0)
    message = encode(tick, id=event_id(tick), source="/w", time_ms=0)
    return FakeRecord(
        offset, message.value, message.key, "g.events", 0, EPOCH_MS + 1_000 * offset, headers=message.headers
    )


class Broker:
    """Two topics in memory, and the client to them."""

    def __init__(self) -> None:
        self.events = [event(offset) for offset in range(100)]
        self.earliest = 0
        self.snapshots: list[FakeRecord] = []
        self.fault: Exception | None = None
        self.producers = 0
        self.stopped = 0
        self.reads = 0

    # the client
    def observer(self, name: str) -> "Broker":
        return self

    async def producer(self, name: str, *, linger_ms: int) -> "Broker":
        self._fail()
        self.producers += 1
        return self

    async def records(
        self, partition: TopicPartition, start: int, stop: int
    ) -> AsyncIterator[Sequence[FakeRecord]]:
        self._fail()
        self.reads += 1
        topic = self.events if partition == EVENTS else self.snapshots
        for record in topic:
            if start <= record.offset < stop:
                yield [record]

    # the observer
    async def start(self) -> None:
        self._fail()

    async def stop(self) -> None:
        self.stopped += 1

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.snapshots[0].offset if self.snapshots else 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.snapshots[-1].offset + 1 if self.snapshots else 0)

    # the producer
    async def send_and_wait(
        self, topic: str, value: bytes, key: bytes, partition: int, *, headers: list[tuple[str, bytes]]
    ) -> None:
        self._fail()
        assert (topic, partition) == ("g.snapshots", 0)
        self.add(EncodedEvent(key, value, tuple(headers)))

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault

    # the test's own hand
    def add(self, *messages: EncodedEvent) -> None:
        """Write records to the snapshots topic."""
        for each in messages:
            offset = self.snapshots[-1].offset + 1 if self.snapshots else 0
            self.snapshots.append(
                FakeRecord(offset, each.value, each.key, "g.snapshots", headers=each.headers)
            )

    def state(self, offset: int, *, large: bool = False) -> State:
        """The state before the log's record `offset`."""
        state = State()
        for record in self.events[:offset]:
            _fold(state, record)
        if large:
            _noisy(state)
        return state


def _fold(state: State, record: FakeRecord) -> None:
    fold(
        state,
        read_record(
            record.offset,
            record.timestamp,
            record.headers,
            record.value,
            record.key,
            record.timestamp_type,
        ),
    )


def _noisy(state: State) -> None:
    """Make a state of which the compressed dump has several parts."""
    import random

    chance = random.Random(1)
    for number in range(NOISE):
        state.counts[f"{chance.getrandbits(128):032x}"] = number


def a_snapshot(broker: Broker, offset: int) -> tuple[EncodedEvent, ...]:
    return snapshot_records(offset, dump_state(broker.state(offset)))


def with_header(message: EncodedEvent, name: str, value: bytes) -> EncodedEvent:
    headers = {**dict(message.headers), f"stream-pool.{name}": value}
    return replace(message, headers=tuple(headers.items()))


def _corrupted(broker: Broker) -> list[EncodedEvent]:
    (whole,) = a_snapshot(broker, 60)
    middle = len(whole.value) // 2
    value = whole.value[:middle] + bytes([whole.value[middle] ^ 1]) + whole.value[middle + 1 :]
    return [replace(whole, value=value)]


def _cut(broker: Broker) -> list[EncodedEvent]:
    (whole,) = a_snapshot(broker, 60)
    return [replace(whole, value=whole.value[:-5])]


def _without(name: str) -> Callable[[Broker], list[EncodedEvent]]:
    def made(broker: Broker) -> list[EncodedEvent]:
        (whole,) = a_snapshot(broker, 60)
        kept = tuple(pair for pair in whole.headers if pair[0] != f"stream-pool.{name}")
        return [replace(whole, headers=kept)]

    return made


def _labelled(name: str, value: bytes) -> Callable[[Broker], list[EncodedEvent]]:
    return lambda broker: [with_header(a_snapshot(broker, 60)[0], name, value)]


def _first_part_only(broker: Broker) -> list[EncodedEvent]:
    parts = snapshot_records(60, dump_state(broker.state(60, large=True)))
    assert len(parts) > 1
    return [parts[0]]


def _elsewhere(broker: Broker) -> list[EncodedEvent]:
    return list(snapshot_records(61, dump_state(broker.state(60))))


def _of_no_state(broker: Broker) -> list[EncodedEvent]:
    return list(snapshot_records(60, b'{"not": "a state"}'))


def _of_a_later_form(broker: Broker) -> list[EncodedEvent]:
    dump = dump_state(broker.state(60)).replace(b'"snapshot":1', b'"snapshot":2')
    return list(snapshot_records(60, dump))


def _ahead(broker: Broker) -> list[EncodedEvent]:
    broker.events += [event(offset) for offset in range(100, 200)]
    made = a_snapshot(broker, 160)
    del broker.events[100:]
    return list(made)


def _behind(broker: Broker) -> list[EncodedEvent]:
    broker.earliest = 30
    return list(a_snapshot(broker, 20))


def _of_the_log_before(broker: Broker) -> list[EncodedEvent]:
    """The log was deleted and has grown again past the place of an old snapshot."""
    made = a_snapshot(broker, 60)
    shift = 1_000_000
    broker.events = [replace(each, timestamp=each.timestamp + shift) for each in broker.events]
    return list(made)


def _of_the_log_before_by_its_writers_clocks(broker: Broker) -> list[EncodedEvent]:
    """The same where the log has no times of its own to tell by."""
    broker.events = [replace(each, timestamp_type=0) for each in broker.events]
    made = a_snapshot(broker, 60)
    broker.events = [replace(event(each.offset, "other"), timestamp_type=0) for each in broker.events]
    return list(made)


CASES: list[tuple[str, Callable[[Broker], list[EncodedEvent]], str]] = [
    ("02 damaged: a byte", _corrupted, "damaged"),
    ("02 damaged: cut short", _cut, "damaged"),
    ("02 damaged: no offset", _without("offset"), "damaged"),
    ("02 damaged: part beyond parts", _labelled("part", b"7"), "damaged"),
    ("02 damaged: another sum", _labelled("sha256", b"0" * 64), "damaged"),
    ("02 damaged: key of another place", _labelled("offset", b"59"), "damaged"),
    ("03 unfinished", _first_part_only, "unfinished"),
    ("04 a later way to write", _labelled("snapshot", b"%d" % (RECORDS_VERSION + 1)), "foreign"),
    ("04 written by hand", lambda _: [EncodedEvent(b"k", b"garbage", ())], "foreign"),
    ("05 another fold", _labelled("fold-version", b"%d" % (FOLD_VERSION + 1)), "other_fold_version"),
    ("06 ahead of the log", _ahead, "ahead_of_log"),
    ("07 behind the log", _behind, "behind_log"),
    ("08 of the log before", _of_the_log_before, "other_log"),
    ("08 the same, CreateTime", _of_the_log_before_by_its_writers_clocks, "other_log"),
    ("09 no state", _of_no_state, "snapshot_malformed"),
    ("09 a later form", _of_a_later_form, "snapshot_version_unknown"),
    ("10 at another place", _elsewhere, "damaged"),
]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def store(broker: Broker) -> SnapshotStore:
    return a_store(broker)


def a_store(client: Any, clock: FakeClock | None = None) -> SnapshotStore:
    return SnapshotStore("g.snapshots", EVENTS, client=client, clock=clock or FakeClock())


async def newest(store: SnapshotStore, broker: Broker) -> tuple[State | None, list[str]]:
    """What the store finds, and the reasons of what it passed over."""
    with capture_logs() as lines:
        state = await store.newest(broker.earliest, len(broker.events))
    return state, [line["reason"] for line in lines if line["event"] == "snapshot skipped"]


async def test_01_the_newest_is_taken(store: SnapshotStore, broker: Broker) -> None:
    """Of two good ones the later, whole and as it was."""
    broker.add(*a_snapshot(broker, 40), *a_snapshot(broker, 60))
    state, skipped = await newest(store, broker)
    assert state is not None
    assert dump_state(state) == dump_state(broker.state(60))
    assert skipped == []
    assert store.written_offset == 60


@pytest.mark.parametrize(("name", "make", "reason"), CASES, ids=[case[0] for case in CASES])
async def test_one_that_cannot_be_used_is_passed_over(
    store: SnapshotStore,
    broker: Broker,
    name: str,
    make: Callable[[Broker], list[EncodedEvent]],
    reason: str,
) -> None:
    """The next older one is taken instead; one line of the log says which, and why."""
    unusable = make(broker)
    older = a_snapshot(broker, 40)
    broker.add(*older, *unusable)
    state, skipped = await newest(store, broker)
    assert skipped == [reason]
    assert state is not None
    assert state.chain.folded_to == 40


@pytest.mark.parametrize(("name", "make", "reason"), CASES, ids=[case[0] for case in CASES])
async def test_without_a_usable_one_the_whole_log_is_folded(
    store: SnapshotStore,
    broker: Broker,
    name: str,
    make: Callable[[Broker], list[EncodedEvent]],
    reason: str,
) -> None:
    """Nothing is found, and nothing raised."""
    broker.add(*make(broker))
    state, skipped = await newest(store, broker)
    assert (state, skipped) == (None, [reason])
    assert store.written_offset is None


async def test_11_at_the_very_ends_of_the_log(store: SnapshotStore, broker: Broker) -> None:
    """A snapshot at the log's end is usable, and one at the oldest event kept."""
    broker.add(*a_snapshot(broker, 100))
    assert (await newest(store, broker))[0] is not None
    broker.earliest = 100
    assert (await newest(store, broker))[0] is not None


async def test_12_an_empty_topic(store: SnapshotStore, broker: Broker) -> None:
    """A new group has none."""
    assert await newest(store, broker) == (None, [])


async def test_13_what_cannot_be_read_is_not_waited_for(store: SnapshotStore, broker: Broker) -> None:
    """A broker that fails, or a record that the client cannot decode: the log is folded instead."""
    broker.add(*a_snapshot(broker, 40))
    for fault in (KafkaConnectionError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), TimeoutError()):
        broker.fault = fault
        assert (await newest(store, broker))[0] is None


@pytest.mark.parametrize("fault", [KafkaConnectionError(), TimeoutError()], ids=["broker", "time"])
async def test_13a_where_the_beginning_is_gone_it_is_asked_again(
    store: SnapshotStore, broker: Broker, fault: Exception
) -> None:
    """The oldest event kept is no beginning where a snapshot may stand before it."""
    broker.add(*a_snapshot(broker, 40))
    broker.earliest, broker.fault = 20, fault
    with pytest.raises(type(fault)):
        await newest(store, broker)


async def test_13b_a_record_that_is_deleted_meanwhile_speaks_against_none(
    store: SnapshotStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention goes on while a new owner looks around."""
    broker.add(*a_snapshot(broker, 40))
    records = broker.records

    def deleted(partition: TopicPartition, start: int, stop: int) -> AsyncIterator[Sequence[FakeRecord]]:
        if partition == EVENTS:
            raise OffsetOutOfRangeError({partition: start})
        return records(partition, start, stop)

    monkeypatch.setattr(broker, "records", deleted)
    state, skipped = await newest(store, broker)
    assert state is not None
    assert (state.chain.folded_to, skipped) == (40, [])


async def test_14_looks_back_so_far_and_no_further(store: SnapshotStore, broker: Broker) -> None:
    """A thousand records of garbage are not all read."""
    broker.add(*a_snapshot(broker, 40), *[EncodedEvent(b"k", b"garbage", ())] * 1_000)
    state, skipped = await newest(store, broker)
    assert state is None
    assert len(skipped) == 256
    assert broker.reads == 16


async def test_15_parts_of_two_writers_in_between(store: SnapshotStore, broker: Broker) -> None:
    """Two owners at once write part by part: each snapshot is put together from its own."""
    one = snapshot_records(40, dump_state(broker.state(40, large=True)))
    other = snapshot_records(60, dump_state(broker.state(60, large=True)))
    broker.add(*(part for pair in zip(one, other, strict=True) for part in pair))
    state, skipped = await newest(store, broker)
    assert state is not None
    assert state.chain.folded_to == 60
    assert skipped == []


async def test_16_what_is_written_is_found_again(broker: Broker) -> None:
    """Large or small, by one producer of its own; offset and age are known then."""
    clock = FakeClock()
    store = a_store(broker, clock)
    for offset, large in ((40, True), (60, False), (70, True)):
        state = broker.state(offset, large=large)
        assert await store.write(state, timeout_s=1.0)
        assert (store.written_offset, store.written_at_s) == (offset, clock.at_s)
        found, skipped = await newest(a_store(broker), broker)
        assert found is not None
        assert dump_state(found) == dump_state(state)
        assert skipped == []
    assert broker.producers == 1
    await store.stop()
    assert broker.stopped > 0


async def test_17_a_failure_to_write_is_told_and_survived(store: SnapshotStore, broker: Broker) -> None:
    """Refused, or no answer in time: False, and the next attempt may do."""
    state = broker.state(40)
    broker.fault = KafkaConnectionError()
    with capture_logs() as lines:
        assert not await store.write(state, timeout_s=1.0)
    assert [line["event"] for line in lines] == ["snapshot not written"]
    assert store.written_offset is None
    broker.fault = None
    assert await store.write(state, timeout_s=1.0)
