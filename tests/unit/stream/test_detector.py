"""The detector at work: when it owns the log, what it appends, and what a new owner makes up for."""

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from fakes import FakeClock, FakeRecord

from stream_pool.detection import Rules, State, fold
from stream_pool.detection.snapshot import dump_state, load_state
from stream_pool.events import (
    AnomalyOpened,
    ClockTicked,
    DetectorConfigured,
    EncodedEvent,
    LagSampled,
    LoggedEvent,
    Observation,
    encode,
    event_id,
    read_record,
)
from stream_pool.lag import PartitionState, Status
from stream_pool.stream.detector import Detector
from stream_pool.stream.event_writer import Stamp

LOG = TopicPartition("g.events", 0)
ORDERS = TopicPartition("orders", 0)
RULES = Rules(window_s=1.0, open_after=1, resolve_after=1, lag_limit_records=100)


class Log:
    """The event log in memory, and the writer to it."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.messages: list[tuple[int, EncodedEvent]] = []
        self.sequence = 0
        self.loses_anomalies = False
        self.room = 1_000
        self.first = 0

    @property
    def has_room(self) -> bool:
        return self.room > 0

    def stamp(self) -> Stamp:
        self.sequence += 1
        return Stamp("w", "i", self.sequence)

    def append(self, event: Observation) -> None:
        now_ms = self.clock.now_ms()
        self.append_encoded(event.TYPE, encode(event, id=event_id(event), source="/w", time_ms=now_ms))

    def append_encoded(self, event_type: str, encoded: EncodedEvent) -> None:
        self.room -= "anomaly" in event_type
        if not (self.loses_anomalies and "anomaly" in event_type):
            self.messages.append((self.clock.now_ms(), encoded))

    def records(self) -> list[FakeRecord]:
        """What the log has, from the oldest kept on."""
        return [
            FakeRecord(offset, m.value, m.key, "g.events", timestamp=at, headers=m.headers)
            for offset, (at, m) in enumerate(self.messages)
            if offset >= self.first
        ]

    def logged(self) -> list[LoggedEvent]:
        return [
            read_record(r.offset, r.timestamp, r.headers, r.value, r.key, r.timestamp_type)
            for r in self.records()
        ]

    def events(self) -> list[Any]:
        return [each.event for each in self.logged()]

    def folded(self, stop: int | None = None) -> State:
        """The state of who folds the log from the oldest kept to before `stop`."""
        state = State()
        for each in self.logged():
            if stop is None or each.offset < stop:
                state, _ = fold(state, each)
        return state

    def anomalies(self) -> list[tuple[bytes, bytes, Any]]:
        """Every anomaly's message, as bytes."""
        return [
            (m.key, m.value, m.headers) for _, m in self.messages if b"anomaly" in dict(m.headers)["ce_type"]
        ]

    def opened(self) -> list[str]:
        """The ids of the lag anomalies that the log has."""
        return [
            each.id
            for each in self.logged()
            if isinstance(each.event, AnomalyOpened) and each.event.rule == "lag"
        ]


class Poller:
    """Says what lag there is."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.lag = 0
        self.group_topics: set[str] = set()

    async def partitions_of_group(self, topics: Collection[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, 0) for topic in sorted({*topics, *self.group_topics})]

    async def beginning_of(self, partition: TopicPartition) -> int:
        return self.log.first

    async def end_of(self, partition: TopicPartition) -> int:
        return len(self.log.messages)

    async def poll(
        self, partitions: list[TopicPartition], commits: Any
    ) -> dict[TopicPartition, PartitionState]:
        state = PartitionState(1_000, 1_000 - self.lag, self.lag, None, Status.OK, False, False)
        return dict.fromkeys(partitions, state)


class Snapshots:
    """Keeps dumps, as the store does."""

    def __init__(self) -> None:
        self.written_offset: int | None = None
        self.written_at_s: float | None = None
        self.kept: list[tuple[int, bytes]] = []
        self.faulty = False

    async def newest(self, earliest: int, end: int) -> State | None:
        if self.faulty:
            raise RuntimeError("a fault of ours")
        self.written_offset = None
        usable = [(offset, dump) for offset, dump in self.kept if earliest <= offset <= end]
        if not usable:
            return None
        self.written_offset, dump = usable[-1]
        return load_state(dump)

    async def write(self, state: State, *, timeout_s: float) -> bool:
        self.written_offset = state.chain.folded_to
        self.written_at_s = 0.0
        self.kept.append((state.chain.folded_to, dump_state(state)))
        return True

    async def stop(self) -> None:
        pass


class Owner:
    """One process with a detector, on a shared log."""

    def __init__(self, log: Log, snapshots: Snapshots | None = None) -> None:
        self.log = log
        self.poller = Poller(log)
        self.snapshots = snapshots or Snapshots()
        self.assigned: list[TopicPartition] = [LOG]
        self.joined = True
        self.topics = ["orders"]
        self.read_to = 0
        self.detector = Detector(
            group="g",
            events_topic="g.events",
            rules=RULES,
            topics=lambda: self.topics,
            source=self.source,  # type: ignore[arg-type]  # what is asked of a source
            writer=lambda: log,  # type: ignore[arg-type, return-value]  # what is asked of a writer
            poller=self.poller,  # type: ignore[arg-type]  # what is asked of a poller
            snapshots=self.snapshots,  # type: ignore[arg-type]  # what is asked of a store
            snapshot_interval_s=60.0,
            clock=log.clock,
        )

    def source(self) -> SimpleNamespace | None:
        if not self.joined:
            return None
        return SimpleNamespace(tracker=SimpleNamespace(partitions=lambda: self.assigned))

    @property
    def state(self) -> State:
        return self.detector._state

    async def assign(self) -> int:
        """The log is assigned anew: where the owner begins to read."""
        self.read_to = await self.detector.resume(LOG, self.log.first, len(self.log.messages))
        return self.read_to

    async def read(self) -> None:
        """Let the agent fold what the log has by now."""
        fresh = [record for record in self.log.records() if record.offset >= self.read_to]
        if fresh:
            self.read_to = fresh[-1].offset + 1
            await self.detector._fold(batch(fresh))

    async def window(self, lag: int) -> None:
        """One window: read, tick, read what was appended."""
        self.poller.lag = lag
        self.log.clock.at_s += 1.0
        await self.read()
        await self.detector._tick()
        await self.read()


def batch(records: list[FakeRecord], yield_interval_s: float = 1.0) -> Any:
    """A batch's members that are used."""
    return SimpleNamespace(records=records, yield_interval_s=yield_interval_s, dropped=False)


async def test_01_catches_up_before_it_speaks() -> None:
    """The first tick finds out where the log ends; the detector is live when it has folded that far."""
    log = Log(FakeClock())
    log.append(ClockTicked(*log.stamp(), 1.0))
    owner = Owner(log)
    await owner.detector._tick()
    assert not owner.detector.is_live
    assert len(log.messages) == 1
    await owner.read()
    assert owner.detector.is_live


async def test_02_opens_an_epoch_then_polls_and_ticks() -> None:
    """An epoch where the rules are new, once; then lag and a tick a window, in this order."""
    owner = Owner(Log(FakeClock()))
    await owner.window(0)
    await owner.window(0)
    assert [type(event) for event in owner.log.events()] == [
        DetectorConfigured,
        LagSampled,
        ClockTicked,
        LagSampled,
        ClockTicked,
    ]


async def test_03_an_anomaly_is_appended_once() -> None:
    """Lag over its limit opens an anomaly; the open ones are known by rule and severity."""
    owner = Owner(Log(FakeClock()))
    for lag in (0, 0, 500, 500, 500):
        await owner.window(lag)
    assert len(owner.log.opened()) == 1
    assert owner.detector.open() == {("lag", "P2"): 1}


async def test_04_without_the_log_it_says_nothing() -> None:
    """A detector that stands by neither ticks nor claims to know what is open."""
    owner = Owner(Log(FakeClock()))
    owner.assigned = []
    await owner.window(500)
    assert owner.log.messages == []
    assert owner.detector.open() is None


async def test_05_a_new_owner_appends_what_is_missing() -> None:
    """The old owner died between its conclusion and the log.

    The next one concludes the same, under the same id.
    """
    log = Log(FakeClock())
    first = Owner(log)
    for lag in (0, 0, 500, 500):
        await first.window(lag)
    (opened,) = log.opened()
    log.messages = [each for each in log.messages if dict(each[1].headers)["ce_id"].decode() != opened]
    second = Owner(log)
    for _ in range(3):
        await second.window(500)
    assert log.opened() == [opened]


async def test_06_a_conclusion_that_was_lost_is_appended_again() -> None:
    """What the log does not show after three windows is written again, until it does."""
    log = Log(FakeClock())
    owner = Owner(log)
    log.loses_anomalies = True
    for lag in (0, 0, 500, 500):
        await owner.window(lag)
    assert log.opened() == []
    log.loses_anomalies = False
    for _ in range(6):
        await owner.window(500)
    assert len(log.opened()) == 1


async def test_07_reading_the_log_anew_forgets_the_old_state() -> None:
    """Assigned again, the agent reads from the beginning and arrives at the same state, not at twice it."""
    owner = Owner(Log(FakeClock()))
    for lag in (0, 0, 500, 500):
        await owner.window(lag)
    before = owner.detector.open()
    owner.read_to = 0
    await owner.read()
    await owner.window(500)
    assert owner.detector.open() == before == {("lag", "P2"): 1}
    assert len(owner.log.opened()) == 1


async def test_08_the_rules_are_told_again_every_hour() -> None:
    """Retention must not leave a log without the rules that it is judged by."""
    owner = Owner(Log(FakeClock()))
    for _ in range(3):
        await owner.window(0)
    owner.log.clock.at_s += 3_600
    for _ in range(3):
        await owner.window(0)
    told = [type(event) for event in owner.log.events()].count(DetectorConfigured)
    assert told == 2


async def test_09_a_new_owner_goes_on_from_a_snapshot() -> None:
    """It begins where the snapshot stands, and arrives at the state of who folds all."""
    log, snapshots = Log(FakeClock()), Snapshots()
    first = Owner(log, snapshots)
    for lag in (0, 0, 500, 500):
        await first.window(lag)
    await first.detector._write_snapshot()
    kept = first.state.chain.folded_to
    for _ in range(3):
        await first.window(500)
    second = Owner(log, snapshots)
    assert await second.assign() == kept
    assert not second.detector.is_live
    await second.read()
    assert second.detector.is_live
    assert dump_state(second.state) == dump_state(log.folded())
    assert second.detector.open() == {("lag", "P2"): 1}
    assert second.detector.snapshot_offset == kept


async def test_10_what_a_snapshot_left_pending_is_appended() -> None:
    """The old owner died after its snapshot and before its conclusion reached the log."""
    log, snapshots = Log(FakeClock()), Snapshots()
    first = Owner(log, snapshots)
    log.loses_anomalies = True
    for lag in (0, 0, 500, 500):
        await first.window(lag)
    await first.detector._write_snapshot()
    log.loses_anomalies = False
    assert log.opened() == []
    second = Owner(log, snapshots)
    await second.assign()
    await second.window(500)
    assert len(log.opened()) == 1


async def test_11_without_a_snapshot_from_the_oldest_event_kept() -> None:
    """Also where looking for one fails in a way that nobody has thought of."""
    log = Log(FakeClock())
    first = Owner(log)
    for _ in range(4):
        await first.window(0)
    log.first = 3
    for faulty in (False, True):
        second = Owner(log)
        second.snapshots.faulty = faulty
        assert await second.assign() == 3
        await second.read()
        assert second.detector.is_live
        assert second.state.chain.since == 3


async def test_12_a_claim_that_was_dropped_is_not_folded_on() -> None:
    """The log is assigned anew in the middle of a batch: the old one's records do not touch the new state."""
    log = Log(FakeClock())
    owner = Owner(log)
    for lag in (0, 0, 500, 500, 500):
        await owner.window(lag)
    slow = Owner(log)
    old = batch(log.records(), yield_interval_s=-1.0)  # hands over to the event loop after every record
    folding = asyncio.create_task(slow.detector._fold(old))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < slow.state.chain.folded_to < len(log.messages)
    old.dropped = True
    await slow.assign()
    await slow.read()
    await folding
    assert dump_state(slow.state) == dump_state(log.folded())


async def test_13_an_owner_that_wakes_repeats_to_the_byte() -> None:
    """Frozen with a conclusion in hand while another takes over: what it appends then is there already."""
    log = Log(FakeClock())
    frozen = Owner(log)
    log.loses_anomalies = True
    for lag in (0, 0, 500, 500):
        await frozen.window(lag)
    log.loses_anomalies = False
    other = Owner(log)
    await other.assign()
    for lag in (500, 500, 500, 0, 0, 0):
        await other.window(lag)
    before = log.anomalies()
    await frozen.detector._tick()
    frozen.detector._window += 3
    frozen.detector._append_again()
    repeats = log.anomalies()[len(before) :]
    assert repeats
    assert set(repeats) <= set(before)
    await other.read()
    assert dump_state(other.state) == dump_state(log.folded())


async def test_14_a_tick_vouches_for_what_was_folded() -> None:
    """Offset and digest as of the moment that it is made, those of who folds the log so far."""
    owner = Owner(Log(FakeClock()))
    for lag in (0, 0, 500, 500, 0):
        await owner.window(lag)
    ticks = [event for event in owner.log.events() if isinstance(event, ClockTicked)]
    assert (ticks[0].folded_to, ticks[0].chain) == (None, None), "nothing was folded before the first"
    for tick in ticks[1:]:
        chain = owner.log.folded(stop=tick.folded_to).chain
        assert (tick.folded_to, tick.chain_since, tick.chain) == (chain.folded_to, chain.since, chain.hex)


async def test_15_an_epoch_names_its_group() -> None:
    """Who verifies the log makes the same messages from it."""
    owner = Owner(Log(FakeClock()))
    await owner.window(0)
    (configured,) = [each for each in owner.log.events() if isinstance(each, DetectorConfigured)]
    assert configured.group == "g"


async def test_16_a_log_that_was_cut_is_folded_anew_and_a_hole_is_not() -> None:
    """What retention took from under it nobody can fold again; a hole in the offsets was never anything."""
    log = Log(FakeClock())
    for sequence in range(20):
        log.append(ClockTicked("w", "i", sequence, 1.0))
    records = log.records()
    for first, since in ((0, 0), (6, 10)):
        log.first = first
        owner = Owner(log)
        await owner.detector._fold(batch(records[:5]))
        await owner.detector._fold(batch(records[10:]))
        assert owner.state.chain.since == since


async def test_16b_a_broker_that_does_not_say_whether_it_is_a_hole_costs_no_state() -> None:
    """The state goes on: whoever folds the whole log has no reason to begin anew there."""
    log = Log(FakeClock())
    for sequence in range(20):
        log.append(ClockTicked("w", "i", sequence, 1.0))
    owner = Owner(log)

    async def beginning_of(partition: TopicPartition) -> int:
        raise TimeoutError

    owner.poller.beginning_of = beginning_of  # type: ignore[method-assign]  # it does not answer
    records = log.records()
    await owner.detector._fold(batch(records[:5]))
    await owner.detector._fold(batch(records[10:]))
    assert (owner.state.chain.since, owner.state.chain.folded_to) == (0, 20)


async def test_17_a_snapshot_only_of_news() -> None:
    """While live, at the end, and at a hand-over: once each, and none where nothing was folded since."""
    log, snapshots = Log(FakeClock()), Snapshots()
    owner = Owner(log, snapshots)
    log.append(ClockTicked("w", "i", 1, 1.0))
    await owner.read()
    await owner.detector._write_snapshot()
    assert snapshots.kept == [], "not live yet"
    await owner.window(0)
    for _ in range(3):
        await owner.detector._write_snapshot()
    assert len(snapshots.kept) == 1
    await owner.window(0)
    await owner.detector._write_last_snapshot()
    assert [offset for offset, _ in snapshots.kept][1:] == [len(log.messages)]
    await owner.window(0)
    owner.assigned = []
    await owner.detector._write_last_snapshot()
    assert len(snapshots.kept) == 2, "the log is another's"
    owner.detector.hand_back([LOG])
    await asyncio.gather(*owner.detector._futures)
    assert len(snapshots.kept) == 3


async def test_18_alone_it_knows_the_topics_by_the_commits_of_the_group() -> None:
    """With no agent and an empty log, the group's lag is polled all the same."""
    owner = Owner(Log(FakeClock()))
    owner.topics = []
    owner.poller.group_topics = {"refunds"}
    await owner.window(0)
    (lag,) = [each for each in owner.log.events() if isinstance(each, LagSampled)]
    assert [entry.topic for entry in lag.partitions] == ["refunds"]


async def test_19_before_it_has_joined_it_knows_nothing() -> None:
    """A scrape, or a stop, before there is a source."""
    owner = Owner(Log(FakeClock()))
    owner.joined = False
    assert owner.detector.open() is None
    assert owner.detector.unobserved() is None
    assert owner.detector.snapshot_age_s is None
    await owner.detector._tick()
    await owner.detector._write_last_snapshot()
    assert (owner.log.messages, owner.snapshots.kept) == ([], [])


async def test_20_a_batch_that_is_dropped_while_a_gap_is_asked_about_touches_nothing() -> None:
    """The log was cut and assigned anew at once: the new state stays as it is."""
    log = Log(FakeClock())
    for sequence in range(20):
        log.append(ClockTicked("w", "i", sequence, 1.0))
    owner = Owner(log)
    records = log.records()
    await owner.detector._fold(batch(records[:5]))
    old = batch(records[10:])
    log.first = 8

    async def beginning_of(partition: TopicPartition) -> int:
        old.dropped = True
        await owner.assign()
        return log.first

    owner.poller.beginning_of = beginning_of  # type: ignore[method-assign]  # the moment of the rebalance
    await owner.detector._fold(old)
    assert owner.state.chain.since is None
    await owner.read()
    assert dump_state(owner.state) == dump_state(log.folded())


async def about_to_open(count: int) -> Owner:
    """An owner that will open so many anomalies in its next window."""
    owner = Owner(Log(FakeClock()))
    owner.topics = [f"orders-{number:02}" for number in range(count)]
    for lag in (0, 0, 500):
        await owner.window(lag)
    assert owner.log.opened() == []
    return owner


async def test_21_no_more_conclusions_at_once_than_the_writer_has_room_for() -> None:
    """The oldest first, each once; the others follow as those come back from the log, or a window later."""
    whole, slow = await about_to_open(40), await about_to_open(40)
    await whole.window(500)
    expected = whole.log.opened()
    assert len(expected) == 40
    slow.log.room = 5
    await slow.window(500)
    assert slow.log.opened() == expected[:5]
    slow.log.room = 5
    await slow.detector._tick()
    assert slow.log.opened() == expected[:10], "a window later"
    for stop in range(15, 45, 5):
        slow.log.room = 5
        await slow.read()
        assert slow.log.opened() == expected[:stop], "come back"
    for _ in range(8):
        slow.log.room = 100
        await slow.window(500)
    assert slow.log.opened() == expected


async def test_22_conclusions_follow_without_waiting_for_a_window() -> None:
    """So that a verifier, who counts windows, misses none."""
    owner = await about_to_open(40)
    owner.log.room = 5
    await owner.window(500)
    while len(owner.log.opened()) < 40:
        before = len(owner.log.messages)
        owner.log.room = 5
        await owner.read()
        assert len(owner.log.messages) == before + 5
    assert len(set(owner.log.opened())) == 40


async def test_23_what_another_owner_appended_meanwhile_is_not_appended() -> None:
    """It came into the log before there was room for it."""
    first = await about_to_open(1)
    log = first.log
    second = Owner(log)
    await second.assign()
    await second.read()
    assert second.detector.is_live
    log.room = 0
    await first.window(500)
    await second.read()
    assert len(second.detector._due) == 1
    log.room = 1
    first.detector._append_due()
    await second.read()
    log.room = 5
    second.detector._append_due()
    assert len(log.opened()) == 1
