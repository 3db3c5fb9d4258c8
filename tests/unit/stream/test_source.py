"""The source against a consumer that is scripted: registering, pressure, rebalances, commits, the stop."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    KafkaConnectionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import OffsetAndMetadata
from fakes import FakeRecord
from support.waiting import until

from stream_pool.clock import SystemClock
from stream_pool.errors import StreamPoolError
from stream_pool.stream import commits, whereabouts
from stream_pool.stream.counters import Counters
from stream_pool.stream.offsets import Claim, Record
from stream_pool.stream.source import Source
from stream_pool.stream.source_options import SourceOptions
from stream_pool.stream.topic_id import TopicId
from stream_pool.stream.unreadable import UnreadableHeader, UnreadableRecord

A, B, OTHER = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
Fetched = Mapping[TopicPartition, Sequence[Record]]


def commit(offset: int, metadata: str = "") -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, metadata)


class Consumer:
    """A Kafka client whose answers a test puts in."""

    def __init__(self) -> None:
        self.fetches: asyncio.Queue[Fetched | Exception] = asyncio.Queue()
        self.made: list[dict[TopicPartition, int]] = []
        self.commit_errors: list[Exception] = []
        self.stored: dict[TopicPartition, OffsetAndMetadata] = {}
        self.ids: dict[str, str] = {}
        self.ids_error: Exception | None = None
        self.ids_asked = 0
        self.gone: set[str] = set()
        self.earliest = 0
        self.seeks: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.hangs = False
        self.at: dict[TopicPartition, int] = {}
        self.ends_asked = self.ends_told = False
        self.ends_known = asyncio.Event()
        self.ends_known.set()
        self.stopped = False

    async def start(self) -> None: ...

    async def stop(self) -> None:
        await self._maybe_hang()
        self.stopped = True

    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None:
        self.listener = listener

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int, max_records: int) -> Fetched:
        answer = await self.fetches.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def commit(self, offsets: Mapping[TopicPartition, int | tuple[int, str]]) -> None:
        await self._maybe_hang()
        if self.commit_errors:
            raise self.commit_errors.pop(0)
        made = {p: commit(at) if isinstance(at, int) else commit(*at) for p, at in offsets.items()}
        self.made.append({p: each.offset for p, each in made.items()})
        self.stored.update(made)

    async def position(self, partition: TopicPartition) -> int:
        return self.at.get(partition, 0)

    async def commits(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        return {each: self.stored[each] for each in partitions if each in self.stored}

    async def topic_ids(self, topics: Iterable[str]) -> dict[str, TopicId | None]:
        self.ids_asked += 1
        if self.ids_error is not None:
            raise self.ids_error
        told = {topic: TopicId(id_, "east") for topic, id_ in self.ids.items()}
        return {topic: told.get(topic) for topic in topics if topic not in self.gone}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return None if topic in self.gone else {0, 1}

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self.earliest)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        if not self.ends_known.is_set():
            self.ends_asked = True
            await self.ends_known.wait()
            self.ends_told = True
        return dict.fromkeys(partitions, 1_000)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.seeks[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused -= set(partitions)

    async def _maybe_hang(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()


class Channel:
    """Collects the claims that an agent would work on."""

    from_beginning = False
    resume = None

    def __init__(self, *topics: str) -> None:
        self.topics = topics
        self.claims: list[Claim] = []
        self.batches = SimpleNamespace(offer=self.claims.append)


class Rig:
    """A source on topics a and b, with one agent each."""

    def __init__(self, **options: Any) -> None:
        self.consumer = Consumer()
        self.faults: list[StreamPoolError] = []
        self.buried: list[tuple[str, int, int, str]] = []
        self.a, self.b = Channel("a"), Channel("b")
        self.source = Source(
            "g",
            self.consumer,
            [self.a, self.b],  # type: ignore[list-item]  # the fakes have what is asked of them
            SourceOptions(**{"commit_interval_s": 3_600, "drain_timeout_s": 0.2, **options}),
            Counters(),
            clock=SystemClock(),
            fail=self.faults.append,
            bury=self._bury,
        )

    async def _bury(self, record: UnreadableRecord, error: UnreadableHeader) -> None:
        assert record.offset not in self.consumer.seeks.values(), "buried before it is passed"
        self.buried.append((record.topic, record.partition, record.offset, error.reason))

    async def assign(self, *partitions: TopicPartition) -> None:
        await self.source.on_partitions_assigned(list(partitions))

    async def fetch(self, fetched: Fetched | Exception) -> None:
        """Let the fetch loop take one answer and act on it."""
        self.consumer.fetches.put_nowait(fetched)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def rig() -> Any:
    rig = Rig()
    await rig.source.start()
    yield rig
    rig.consumer.hangs = False
    await rig.source.stop()


def of(partition: TopicPartition, *offsets: int) -> list[FakeRecord]:
    return [FakeRecord(offset, topic=partition.topic, partition=partition.partition) for offset in offsets]


def work_off(claim: Claim) -> None:
    assert claim.begin()
    claim.advance(len(claim.delivery.records))
    claim.release()


async def test_01_an_assignment_seeks_to_the_commit(rig: Rig) -> None:
    """Each partition begins at the group's commit, or where `auto_offset_reset` says."""
    rig.consumer.stored = {A: commit(7)}
    await rig.assign(A, B)
    assert rig.consumer.seeks == {A: 7, B: 0}
    assert rig.source.unassigned_since_s is None


async def test_02_records_go_to_their_topics_agents(rig: Rig) -> None:
    """Every batch of a fetch is registered and offered before anything is awaited."""
    await rig.assign(A, OTHER)
    await rig.fetch({A: of(A, 0, 1), OTHER: of(OTHER, 0)})
    assert [len(claim.delivery.records) for claim in rig.a.claims] == [2]
    assert [len(claim.delivery.records) for claim in rig.b.claims] == [1]


async def test_03_records_of_a_lost_partition_are_discarded(rig: Rig) -> None:
    """A fetch that was under way when the partition went away commits nothing and is counted."""
    await rig.assign(A)
    await rig.source.on_partitions_revoked([A])
    await rig.fetch({A: of(A, 0, 1)})
    assert rig.a.claims == []
    assert rig.source.counters.discarded == 2


async def test_04_a_full_buffer_pauses_its_topic_alone() -> None:
    """Above `buffer_records` in flight the topic is paused.

    At half of it, it goes on; the other never stops.
    """
    rig = Rig(buffer_records=4)
    await rig.source.start()
    await rig.assign(A, B, OTHER)
    await rig.fetch({A: of(A, 0, 1), B: of(B, 0), OTHER: of(OTHER, 0)})
    assert rig.consumer.paused == set()
    await rig.fetch({A: of(A, 2)})
    assert rig.consumer.paused == {A, B}
    work_off(rig.a.claims[1])
    assert rig.consumer.paused == {A, B}, "three left is more than half"
    work_off(rig.a.claims[0])
    assert rig.consumer.paused == set()
    await rig.source.stop()


async def test_05_bytes_pause_too() -> None:
    """Few large records fill a buffer as well."""
    rig = Rig(buffer_bytes=1_000)
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: [FakeRecord(0, value=b"x" * 1_000, topic="a")]})
    assert rig.consumer.paused == {A}
    await rig.source.stop()


async def test_06_revoked_work_is_finished_and_committed(rig: Rig) -> None:
    """What had begun is waited for, what had not is dropped, and the position in between is committed."""
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1)})
    await rig.fetch({A: of(A, 2, 3)})
    begun, waiting = rig.a.claims
    begun.begin()
    revoke = asyncio.create_task(rig.source.on_partitions_revoked([A]))
    await asyncio.sleep(0)
    assert not revoke.done()
    begun.advance(2)
    begun.release()
    await revoke
    assert rig.consumer.made == [{A: 2}]
    assert not waiting.begin()
    assert rig.source.tracker.partitions() == []


async def test_07_a_drain_ends_with_its_limit(rig: Rig) -> None:
    """A handler that hangs holds the group up for `drain_timeout_s` and no longer.

    Its work is repeated elsewhere.
    """
    rig.consumer.stored = {A: commit(0)}
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1)})
    rig.a.claims[0].begin()
    async with asyncio.timeout(2):
        await rig.source.on_partitions_revoked([A])
    assert rig.consumer.made == []
    rig.a.claims[0].advance(2)
    rig.a.claims[0].release()
    assert rig.consumer.made == []


async def test_08_a_refused_commit_is_tried_again(rig: Rig) -> None:
    """Refused is not committed: the position stays due."""
    await rig.assign(A)
    await rig.fetch({A: of(A, 0)})
    work_off(rig.a.claims[0])
    rig.consumer.commit_errors = [CommitFailedError()]
    assert await rig.source.commit_all() == {}
    assert rig.source.tracker.uncommitted() == {A: 1}
    assert await rig.source.commit_all() == {A: 1}
    assert (rig.source.counters.commits, rig.source.counters.commit_failures) == (1, 1)


async def test_09_moved_or_not(rig: Rig) -> None:
    """The interval's commit names every partition, so that a reader can tell STALL from STOP."""
    await rig.assign(A, B)
    assert await rig.source.commit_all() == {A: 0, B: 0}
    assert await rig.source.commit_all() == {A: 0, B: 0}


async def test_10_before_it_forgets_it_tells(rig: Rig) -> None:
    """The recorder gets its last look at partitions that are given up while their progress is still known."""
    seen: list[int] = []
    rig.source.on_hand_back = lambda partitions: seen.extend(
        rig.source.tracker.positions(partitions).values()
    )
    await rig.assign(A)
    await rig.fetch({A: of(A, 0)})
    work_off(rig.a.claims[0])
    await rig.source.on_partitions_revoked([A])
    assert seen == [1]


async def test_11_a_broker_that_answers_errors_is_asked_again(rig: Rig) -> None:
    """A fetch that fails is counted and repeated."""
    await rig.assign(A)
    await rig.fetch(KafkaConnectionError())
    rig.consumer.fetches.put_nowait({A: of(A, 0)})
    async with asyncio.timeout(5):
        while not rig.a.claims:  # noqa: ASYNC110  # the source has no event for it, and needs none
            await asyncio.sleep(0.01)
    assert rig.source.counters.fetch_failures == 1
    assert rig.faults == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [(OffsetOutOfRangeError({A: 5_000}), "offset_lost"), (RuntimeError("boom"), "internal")],
)
async def test_12_what_ends_the_fetching_stops_the_worker(rig: Rig, error: Exception, reason: str) -> None:
    """Nothing dies unseen: a lost offset or a fault becomes the worker's fault."""
    await rig.assign(A)
    await rig.fetch(error)
    assert [fault.reason for fault in rig.faults] == [reason]


async def test_13_a_commit_overtaken_by_retention_stops_the_worker(rig: Rig) -> None:
    """It is noticed at the assignment, before anything is read."""
    rig.consumer.stored, rig.consumer.earliest = {A: commit(3)}, 5
    await rig.assign(A)
    assert [fault.reason for fault in rig.faults] == ["offset_lost"]
    assert rig.consumer.seeks == {}


async def test_14_the_stop_has_a_limit_for_each_step() -> None:
    """With a broker that answers nothing and a handler that hangs, the stop still ends."""
    rig = Rig()
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1), B: of(B, 0)})
    rig.a.claims[0].begin()
    rig.a.claims[0].advance(1)
    rig.consumer.hangs = True
    async with asyncio.timeout(8):
        await rig.source.stop()
    assert rig.consumer.made == []


async def test_15_a_record_that_the_client_cannot_read_is_passed(rig: Rig) -> None:
    """Those before it are delivered, it is buried where it stands, and reading goes on behind it."""
    bad = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    rig.consumer.at = {A: 7}
    await rig.assign(A)
    await rig.fetch(bad)
    await rig.fetch({A: of(A, 6)})
    await rig.fetch(bad)
    assert [record.offset for claim in rig.a.claims for record in claim.delivery.records] == [6]
    assert rig.buried == [("a", 0, 7, "unreadable_header")]
    assert rig.consumer.seeks[A] == 8
    await rig.fetch({A: of(A, 8)})
    assert [record.offset for claim in rig.a.claims for record in claim.delivery.records] == [6, 8]
    assert rig.faults == []


async def test_16_a_record_passed_after_a_rebalance_moves_nothing(rig: Rig) -> None:
    """While its dead letter is written the partition may be dealt anew: that position stands."""
    rig.consumer.at = {A: 7}
    await rig.assign(A)

    async def bury(_record: UnreadableRecord, _error: UnreadableHeader) -> None:
        await rig.source.on_partitions_revoked([A])
        rig.consumer.stored = {A: commit(3)}
        await rig.assign(A)
        done.set()

    rig.source._bury = bury
    done = asyncio.Event()
    bad = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    await rig.fetch(bad)
    await rig.fetch(bad)
    await done.wait()
    await rig.fetch({})
    assert rig.consumer.seeks[A] == 3


async def test_17_markers_at_the_end_are_passed(rig: Rig) -> None:
    """A transaction's marker is never delivered; with nothing in flight the position is the client's."""
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1)})
    rig.consumer.at = {A: 3}
    assert await rig.source.commit_all() == {A: 0}, "not while records are in flight"
    work_off(rig.a.claims[0])
    assert await rig.source.commit_all() == {A: 3}


async def test_18_a_spare_member_is_assigned_too(rig: Rig) -> None:
    """A group with more members than partitions gives some of them nothing, and that is an assignment."""
    await rig.assign()
    assert rig.source.unassigned_since_s is None


@pytest.mark.parametrize(("on_offset_lost", "goes_on_at"), [("earliest", 0), ("latest", 1_000)])
async def test_19_a_lost_offset_is_passed_on_request(on_offset_lost: str, goes_on_at: int) -> None:
    """Also where the log was cut behind it, or retention overtook a consumer while it read."""
    rig = Rig(on_offset_lost=on_offset_lost)
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch(OffsetOutOfRangeError({A: 5_000}))
    assert rig.faults == []
    assert rig.consumer.seeks[A] == goes_on_at
    await rig.source.stop()


@pytest.mark.parametrize("reset", ["earliest", "latest"])
async def test_20_where_it_begins_is_committed(reset: str) -> None:
    """A group without a commit has one soon: who reads after it skips nothing that came meanwhile."""
    rig = Rig(auto_offset_reset=reset)
    await rig.source.start()
    await rig.assign(A)
    start = 0 if reset == "earliest" else 1_000
    assert rig.source.tracker.uncommitted() == {A: start}
    await rig.source.on_partitions_revoked([A])
    assert rig.consumer.made == [{A: start}]
    await rig.source.stop()


async def test_21_a_partition_that_came_later_is_read_from_its_beginning() -> None:
    """Also under `latest`: what was written to it before it was discovered is news."""
    rig = Rig(auto_offset_reset="latest")
    rig.consumer.stored = {A: commit(7)}
    await rig.source.start()
    await rig.assign(B, OTHER)
    assert rig.consumer.seeks == {B: 0, OTHER: 1_000}
    await rig.source.stop()


async def test_22_a_topic_that_stays_away_stops_the_worker() -> None:
    """It says which; one that comes back in time does not."""
    rig = Rig(topic_max_age_s=0.05, topic_missing_timeout_s=0.5)
    await rig.source.start()
    await rig.assign(A, OTHER)
    rig.consumer.gone = {"a"}
    await until(lambda: "a" in rig.source.away_since_s, "not missed")
    rig.consumer.gone = set()
    await until(lambda: not rig.source.away_since_s, "not found again")
    assert rig.faults == []
    rig.consumer.gone = {"b"}
    await until(lambda: rig.faults, "not missed")
    assert [fault.reason for fault in rig.faults] == ["topic_missing"]
    assert "'b'" in str(rig.faults[0])
    await rig.source.stop()


async def test_23_a_commit_names_its_topic() -> None:
    """By its id, where the broker tells it."""
    rig = Rig()
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A, OTHER)
    await rig.source.commit_all()
    assert rig.consumer.stored == {A: commit(0, "topic-id=one cluster=east"), OTHER: commit(0)}
    await rig.source.stop()


async def test_24_a_topic_made_anew_between_two_runs_stops_the_worker(rig: Rig) -> None:
    """However many records it has by now; the same again at the next start, since nothing is committed."""
    rig.consumer.ids = {"a": "two"}
    rig.consumer.stored = {A: commit(7, "topic-id=one cluster=east")}
    await rig.assign(A)
    assert [fault.reason for fault in rig.faults] == ["offset_lost"]
    assert "was deleted" in str(rig.faults[0])
    await rig.source.stop()
    assert rig.consumer.made == []


async def test_25_a_topic_made_anew_while_it_is_read_stops_the_worker() -> None:
    """Also where it was not missed for a moment, and has grown past the position. What is committed on the
    way out still names the topic that it was read from."""
    rig = Rig(topic_max_age_s=0.05)
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1)})
    work_off(rig.a.claims[0])
    rig.consumer.ids = {"a": "two"}
    await until(lambda: rig.faults, "not noticed")
    assert rig.faults[0].reason == "offset_lost"
    await rig.source.stop()
    assert rig.consumer.stored == {A: commit(2, "topic-id=one cluster=east")}


@pytest.mark.parametrize(("on_offset_lost", "goes_on_at"), [("earliest", 0), ("latest", 1_000)])
async def test_26_or_it_goes_on_in_the_new_one(on_offset_lost: str, goes_on_at: int) -> None:
    """What was in flight is of no log any more: it moves nothing, and the new place is committed."""
    rig = Rig(topic_max_age_s=0.05, on_offset_lost=on_offset_lost)
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: of(A, 0, 1)})
    rig.a.claims[0].begin()
    rig.consumer.ids = {"a": "two"}
    await until(lambda: rig.consumer.seeks[A] == goes_on_at and rig.source.tracker.idle(), "not noticed")
    rig.a.claims[0].advance(2)
    rig.a.claims[0].release()
    assert await rig.source.commit_all() == {A: goes_on_at}
    assert rig.consumer.stored == {A: commit(goes_on_at, "topic-id=two cluster=east")}
    assert rig.faults == []
    await rig.source.stop()


async def test_27_a_topic_that_comes_back_as_another_stops_the_worker() -> None:
    """Though Kafka has forgotten the group's commits on it, and the partitions were dealt anew meanwhile."""
    rig = Rig(topic_max_age_s=5)
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A, OTHER)
    await rig.source.on_partitions_revoked([A, OTHER])
    rig.consumer.gone = {"a"}
    await rig.assign(OTHER)
    await rig.source.on_partitions_revoked([OTHER])
    rig.consumer.gone, rig.consumer.ids, rig.consumer.stored = set(), {"a": "two"}, {}
    await rig.assign(A, OTHER)
    assert [fault.reason for fault in rig.faults] == ["offset_lost"]
    await rig.source.stop()


@pytest.mark.parametrize(("on_offset_lost", "goes_on_at"), [("earliest", 0), ("latest", 1_000)])
async def test_28_each_partition_of_a_topic_made_anew_is_begun_anew(
    on_offset_lost: str, goes_on_at: int
) -> None:
    """Though one of them is found out before the others: an offset and the id of its log never part."""
    rig = Rig(topic_max_age_s=0.05, on_offset_lost=on_offset_lost)
    rig.consumer.ids = {"a": "one"}
    rig.consumer.stored = {
        A: commit(700, "topic-id=one cluster=east"),
        B: commit(5_000, "topic-id=one cluster=east"),
    }
    await rig.source.start()
    await rig.assign(A, B)
    rig.consumer.ids = {"a": "two"}
    await rig.fetch(OffsetOutOfRangeError({B: 5_000}))
    await until(lambda: rig.consumer.seeks == {A: goes_on_at, B: goes_on_at}, "A goes on in the middle")
    await rig.source.commit_all()
    assert rig.consumer.stored == dict.fromkeys((A, B), commit(goes_on_at, "topic-id=two cluster=east"))
    assert rig.faults == []
    await rig.source.stop()


async def test_29_a_rebalance_while_it_is_asked_leaves_the_old_id() -> None:
    """What is done of the old topic is committed as of the old one, and whoever is given it finds out."""
    rig = Rig(topic_max_age_s=0.05, on_offset_lost="earliest", drain_timeout_s=5)
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: of(A, *range(500))})
    rig.a.claims[0].begin()
    rig.consumer.ends_known.clear()
    rig.consumer.ids = {"a": "two"}
    await until(lambda: rig.consumer.ends_asked, "not noticed")
    revoke = asyncio.create_task(rig.source.on_partitions_revoked([A]))
    await asyncio.sleep(0)
    rig.consumer.ends_known.set()
    await until(lambda: rig.consumer.ends_told, "not answered")
    rig.a.claims[0].advance(500)
    rig.a.claims[0].release()
    await revoke
    assert rig.consumer.stored == {A: commit(500, "topic-id=one cluster=east")}
    await rig.assign(A)
    assert rig.consumer.seeks == {A: 0}
    await rig.source.stop()


@pytest.mark.parametrize("callback", ["assigned", "revoked"])
async def test_30_a_fault_in_a_rebalance_stops_the_worker(rig: Rig, callback: str) -> None:
    """The client would log it, and go on with a member that holds partitions and reads nothing."""
    await rig.assign(A)
    if callback == "assigned":
        await rig.assign(A)  # never without a revoke between
    else:

        def fail(_partitions: list[TopicPartition]) -> None:
            raise RuntimeError("boom")

        rig.source.on_hand_back = fail
        await rig.source.on_partitions_revoked([A])
        rig.source.on_hand_back = None
    assert [fault.reason for fault in rig.faults] == ["internal"]
    assert str(rig.faults[0]).startswith("group 'g': ")


async def test_31_a_commit_without_metadata_is_an_offset(rig: Rig) -> None:
    """The protocol lets it be null."""
    rig.consumer.ids = {"a": "one"}
    rig.consumer.stored = {A: commit(7, None)}  # type: ignore[arg-type]  # aiokafka's type knows no null
    await rig.assign(A)
    assert rig.faults == []
    assert rig.consumer.seeks == {A: 7}


@pytest.mark.parametrize("is_answered", [True, False])
async def test_32_a_stop_while_it_finds_out_where_to_begin_is_no_fault(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, is_answered: bool
) -> None:
    """Nothing is begun any more, and the worker ends as one that was asked to stop."""
    monkeypatch.setattr(whereabouts, "_AGAIN_S", 0.001)
    if not is_answered:
        monkeypatch.setattr(whereabouts, "_PATIENCE_S", 0.01)
        rig.consumer.ids_error = KafkaConnectionError()
    rig.consumer.ends_known.clear()
    assigned = asyncio.create_task(rig.assign(A))
    await asyncio.sleep(0)
    await rig.source.stop()
    rig.consumer.ends_known.set()
    await assigned
    assert rig.faults == []
    assert rig.source.tracker.partitions() == []


async def test_33_a_broker_that_is_away_is_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that refuses connections fails at once: what counts is how long it does, not how often."""
    monkeypatch.setattr(whereabouts, "_AGAIN_S", 0.001)
    rig.consumer.ids_error = KafkaConnectionError()
    assigned = asyncio.create_task(rig.assign(A))
    await until(lambda: rig.consumer.ids_asked > 20, "not asked again")
    assert rig.faults == []
    rig.consumer.ids_error = None
    await assigned
    assert rig.consumer.seeks == {A: 0}


async def test_34_and_then_given_up(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what was not found out, and for how long."""
    monkeypatch.setattr(whereabouts, "_AGAIN_S", 0.001)
    monkeypatch.setattr(whereabouts, "_PATIENCE_S", 0.05)
    rig.consumer.ids_error = KafkaConnectionError()
    await rig.assign(A)
    assert [fault.reason for fault in rig.faults] == ["broker_unavailable"]
    assert "0.05 s" in str(rig.faults[0])


async def test_35_what_it_may_not_see_is_not_waited_for(rig: Rig) -> None:
    """Asking again would not help: a right is missing."""
    rig.consumer.ids_error = TopicAuthorizationFailedError("a")
    await rig.assign(A)
    assert [fault.reason for fault in rig.faults] == ["access_denied"]
    assert rig.consumer.ids_asked == 1


async def test_36_access_that_is_taken_away_stops_the_worker(rig: Rig) -> None:
    """As what it is: the topic is there."""
    await rig.assign(A)
    await rig.fetch(TopicAuthorizationFailedError("a"))
    assert [fault.reason for fault in rig.faults] == ["access_denied"]


async def test_37_also_where_only_the_watch_is_told() -> None:
    """A topic that may not be described is not gone."""
    rig = Rig(topic_max_age_s=0.05)
    await rig.source.start()
    await rig.assign(A)
    rig.consumer.ids_error = TopicAuthorizationFailedError("a")
    await until(lambda: rig.faults, "not noticed")
    assert [fault.reason for fault in rig.faults] == ["access_denied"]
    await rig.source.stop()


async def test_38_commits_copied_from_another_cluster_are_gone_on_from(rig: Rig) -> None:
    """A group that fails over: its offsets were translated, the ids of their topics were not."""
    rig.consumer.ids = {"a": "two"}
    rig.consumer.stored = {A: commit(700, "topic-id=one cluster=west")}
    await rig.assign(A)
    assert rig.faults == []
    assert rig.consumer.seeks == {A: 700}
    await rig.source.commit_all()
    assert rig.consumer.stored == {A: commit(700, "topic-id=two cluster=east")}


@pytest.mark.parametrize(
    "stored", ["topic-id=one cluster=east", "topic-id=one cluster=west", ""], ids=["old", "copied", "bare"]
)
async def test_39_an_offset_that_is_committed_of_another_topic_is_due(stored: str) -> None:
    """Though it is the same number: else the next start would find the old topic's id again."""
    rig = Rig(on_offset_lost="latest")
    rig.consumer.ids = {"a": "two"}
    rig.consumer.stored = {A: commit(1_000, stored)}
    await rig.source.start()
    await rig.assign(A)
    await rig.source.stop()
    assert rig.consumer.stored == {A: commit(1_000, "topic-id=two cluster=east")}


async def test_40_where_it_goes_back_it_begins_anew() -> None:
    """A log that was cut may have grown behind the offset again by the time it is asked: what was read of it
    is no more, and so is the position."""
    rig = Rig(on_offset_lost="earliest")
    await rig.source.start()
    await rig.assign(A)
    await rig.fetch({A: of(A, *range(500))})
    work_off(rig.a.claims[0])
    await rig.fetch(OffsetOutOfRangeError({A: 500}))
    assert rig.consumer.seeks == {A: 0}
    assert await rig.source.commit_all() == {A: 0}
    await rig.source.stop()


async def test_41_what_is_committed_late_does_not_count_for_the_new_topic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A commit that waits for its turn, while its partition begins anew, is of the old topic, and leaves the
    new place due."""
    monkeypatch.setattr(commits, "_TIMEOUT_S", 60.0)
    rig = Rig(topic_max_age_s=0.05, on_offset_lost="earliest")
    rig.consumer.ids = {"a": "one"}
    await rig.source.start()
    await rig.assign(A)
    async with rig.source._commits._lock:
        late = asyncio.create_task(rig.source.commit_all())
        await asyncio.sleep(0)
        rig.consumer.ids = {"a": "two"}
        rig.consumer.seeks.clear()
        await until(lambda: rig.consumer.seeks == {A: 0}, "not noticed")
    assert await late == {A: 0}
    assert rig.consumer.stored == {A: commit(0, "topic-id=one cluster=east")}
    assert rig.source.tracker.uncommitted() == {A: 0}
    await rig.source.stop()
    assert rig.consumer.stored == {A: commit(0, "topic-id=two cluster=east")}
