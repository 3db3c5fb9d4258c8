"""The detector at work: when it owns the log, what it appends, and what a new owner makes up for."""

from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from fakes import FakeClock, FakeRecord

from stream_pool.detection import Rules
from stream_pool.events import (
    AnomalyOpened,
    ClockTicked,
    DetectorConfigured,
    EncodedEvent,
    LagSampled,
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

    def stamp(self) -> Stamp:
        self.sequence += 1
        return Stamp("w", "i", self.sequence)

    def append(self, event: Observation) -> None:
        now_ms = self.clock.now_ms()
        self.append_encoded(event.TYPE, encode(event, id=event_id(event), source="/w", time_ms=now_ms))

    def append_encoded(self, event_type: str, encoded: EncodedEvent) -> None:
        if not (self.loses_anomalies and "anomaly" in event_type):
            self.messages.append((self.clock.now_ms(), encoded))

    def events(self) -> list[Any]:
        return [read_record(n, at, m.headers, m.value).event for n, (at, m) in enumerate(self.messages)]

    def opened(self) -> list[str]:
        """The ids of the lag anomalies that the log has."""
        read = [read_record(n, at, m.headers, m.value) for n, (at, m) in enumerate(self.messages)]
        return [
            each.id for each in read if isinstance(each.event, AnomalyOpened) and each.event.rule == "lag"
        ]


class Poller:
    """Says what lag there is."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.lag = 0

    async def partitions_of(self, topics: list[str]) -> list[TopicPartition]:
        return [TopicPartition(topic, 0) for topic in topics]

    async def end_of(self, partition: TopicPartition) -> int:
        return len(self.log.messages)

    async def poll(
        self, partitions: list[TopicPartition], commits: Any
    ) -> dict[TopicPartition, PartitionState]:
        state = PartitionState(1_000, 1_000 - self.lag, self.lag, None, Status.OK, False, False)
        return dict.fromkeys(partitions, state)


class Owner:
    """One process with a detector, on a shared log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.poller = Poller(log)
        self.assigned: list[TopicPartition] = [LOG]
        self.read_to = 0
        self.detector = Detector(
            group="g",
            events_topic="g.events",
            rules=RULES,
            topics=lambda: ["orders"],
            source=lambda: SimpleNamespace(  # type: ignore[arg-type, return-value]  # what is asked of a source
                tracker=SimpleNamespace(partitions=lambda: self.assigned)
            ),
            writer=lambda: log,  # type: ignore[arg-type, return-value]  # what is asked of a writer
            poller=self.poller,  # type: ignore[arg-type]  # what is asked of a poller
            clock=log.clock,
        )

    async def read(self) -> None:
        """Let the agent fold what the log has by now."""
        fresh = [
            FakeRecord(offset, value=m.value, topic="g.events", timestamp=at, headers=m.headers)
            for offset, (at, m) in enumerate(self.log.messages)
            if offset >= self.read_to
        ]
        self.read_to += len(fresh)
        if fresh:
            await self.detector._fold(SimpleNamespace(records=fresh, yield_interval_s=1.0))  # type: ignore[arg-type]  # a batch's two members that are used

    async def window(self, lag: int) -> None:
        """One window: read, tick, read what was appended."""
        self.poller.lag = lag
        self.log.clock.at_s += 1.0
        await self.read()
        await self.detector._tick()
        await self.read()


async def test_1_catches_up_before_it_speaks() -> None:
    """The first tick finds out where the log ends; the detector is live when it has folded that far."""
    log = Log(FakeClock())
    log.append(ClockTicked(*log.stamp(), 1.0))
    owner = Owner(log)
    await owner.detector._tick()
    assert not owner.detector.is_live
    assert len(log.messages) == 1
    await owner.read()
    assert owner.detector.is_live


async def test_2_opens_an_epoch_then_polls_and_ticks() -> None:
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


async def test_3_an_anomaly_is_appended_once() -> None:
    """Lag over its limit opens an anomaly; the open ones are known by rule and severity."""
    owner = Owner(Log(FakeClock()))
    for lag in (0, 0, 500, 500, 500):
        await owner.window(lag)
    assert len(owner.log.opened()) == 1
    assert owner.detector.open() == {("lag", "P2"): 1}


async def test_4_without_the_log_it_says_nothing() -> None:
    """A detector that stands by neither ticks nor claims to know what is open."""
    owner = Owner(Log(FakeClock()))
    owner.assigned = []
    await owner.window(500)
    assert owner.log.messages == []
    assert owner.detector.open() is None


async def test_5_a_new_owner_appends_what_is_missing() -> None:
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


async def test_6_a_conclusion_that_was_lost_is_appended_again() -> None:
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


async def test_7_reading_the_log_anew_forgets_the_old_state() -> None:
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


async def test_8_the_rules_are_told_again_every_hour() -> None:
    """Retention must not leave a log without the rules that it is judged by."""
    owner = Owner(Log(FakeClock()))
    for _ in range(3):
        await owner.window(0)
    owner.log.clock.at_s += 3_600
    for _ in range(3):
        await owner.window(0)
    told = [type(event) for event in owner.log.events()].count(DetectorConfigured)
    assert told == 2
