"""What must hold in every world, whatever goes wrong in it: watched while it runs, and judged at its end.

| rule | says |
|---|---|
| `committed_not_done` | no commit stands beyond a record that is not done or whose dead letter is missing |
| `buffer` | records in flight and events that wait stay within their bounds |
| `crash` | nothing raises what nobody expects, neither a worker nor a task that nobody looks after |
| `lost` | every record was handled, or went to the dead letters |
| `uncommitted` | once all is well again, everything is committed |
| `log` | the event log is what follows from it: nothing missing, nothing without cause, repeats identical |
| `reports` | what workers report as done is done, and what they report as committed was committed |
| `losses` | every event that a writer stamped stands in the log, or was reported as lost |
| `ticks` | once all is well again, one detector ticks, once a window |
| `account` | of what workers reported, each position is counted once or known to be missing |
| `stop` | an orderly stop ends within its deadline |
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from stream_pool.detection.verdict import Verified
from stream_pool.events import (
    Anomaly,
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    LoggedEvent,
    MalformedEvent,
    ObservationsLost,
    OffsetsCommitted,
    PartitionSignals,
    SignalsSampled,
    UnknownEvent,
    read_record,
)
from stream_pool.stream.app import App
from stream_pool.testing.records import Stored
from stream_pool.testing.simulation import Simulation
from stream_pool.testing.worker import SimWorker

Place = tuple[str, int, int]

_SHOWN = 5
_PREFIX = "stream-pool."


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that did not hold, when, and how."""

    rule: str
    at_s: float
    problem: str

    def __str__(self) -> str:
        return f"{self.at_s:.3f} s: {self.rule}: {self.problem}"


class Witness:
    """Watches the workers of `group` on `topic` in one simulation.

    `is_done` says of a record (partition, offset) whether it may be committed. `letters` counts the dead
    letters by the record that they are of.
    """

    def __init__(self, sim: Simulation, group: str, topic: str, is_done: Callable[[int, int], bool]) -> None:
        self.violations: list[Violation] = []
        self.letters: Counter[Place] = Counter()
        self._sim = sim
        self._group = group
        self._topic = topic
        self.is_done = is_done
        self._done_to: dict[TopicPartition, int] = {}
        self._commits: set[tuple[TopicPartition, int]] = set()
        self._dead_letters = TopicPartition(f"{group}.dead-letters", 0)
        self._events = TopicPartition(f"{group}.events", 0)
        self._written: dict[str, LoggedEvent] = {}
        self._ticks: deque[tuple[float, str]] = deque(maxlen=3)
        sim.log.on_append.append(self._on_append)
        sim.log.on_commit.append(self._on_commit)

    def blame(self, rule: str, problem: str) -> None:
        """Note a violation, the first few of each rule."""
        if sum(violation.rule == rule for violation in self.violations) < _SHOWN:
            self.violations.append(Violation(rule, self._sim.loop.time(), problem))

    def look(self) -> None:
        """Look at every worker that runs: to be called often."""
        for worker in self._sim.workers.values():
            if worker.running and not worker.frozen and worker.app is not None:
                self._look_at(worker, worker.app)

    def ticks_steadily(self, window_s: float) -> bool:
        """Whether the last three ticks are of one owner, and recent."""
        since_s = self._sim.loop.time() - 4 * window_s
        owners = {owner for at_s, owner in self._ticks if at_s >= since_s}
        return len(owners) == 1 and len(self._ticks) == 3 and self._ticks[0][0] >= since_s

    def done_to(self, place: TopicPartition, up_to: int) -> int:
        """The first offset of a partition that is not done, as far as `up_to`."""
        offset = self._done_to.get(place, 0)
        while offset < up_to and self.is_done(place.partition, offset):
            offset += 1
        self._done_to[place] = offset
        return offset

    def events(self) -> list[LoggedEvent]:
        """Every event that was ever written, decoded, also those that retention deleted; without repeats."""
        return list(self._written.values())

    def _on_append(self, place: TopicPartition, offset: int, record: Stored) -> None:
        if place == self._events:
            self._on_event(offset, record)
        elif place == self._dead_letters:
            headers = dict(record.headers)
            topic, number, at = (
                (headers.get(_PREFIX + name) or b"").decode() for name in ("topic", "partition", "offset")
            )
            self.letters[topic, int(number), int(at)] += 1

    def _on_event(self, offset: int, kept: Stored) -> None:
        headers: Any = kept.headers  # names that are no text are never written here
        logged = read_record(offset, kept.timestamp, headers, kept.value, kept.key, kept.timestamp_type)
        event = logged.event
        if logged.id in self._written:
            return
        self._written[logged.id] = logged
        if isinstance(event, ClockTicked):
            self._ticks.append((self._sim.loop.time(), f"{event.worker}/{event.incarnation}"))
        elif isinstance(event, SignalsSampled):
            for entry in event.partitions:
                if entry.topic == self._topic and not self._is_true(entry):
                    self.blame("reports", f"{logged.id} says done, and it is not so: {entry}")
        elif isinstance(event, OffsetsCommitted):
            for commit in event.partitions:
                if (TopicPartition(commit.topic, commit.partition), commit.offset) not in self._commits:
                    self.blame("reports", f"{logged.id} says committed, and it is not so: {commit}")

    def _is_true(self, entry: PartitionSignals) -> bool:
        """Whether what a worker reported as done is done, and is as many records as the range is long."""
        place = TopicPartition(entry.topic, entry.partition)
        whole = entry.records == entry.to_offset - entry.from_offset or self._sim.log.bounds(place)[0] > 0
        return whole and self.done_to(place, entry.to_offset) >= entry.to_offset

    def _on_commit(self, group: str, member: str, offsets: Mapping[TopicPartition, int]) -> None:
        if group != self._group:
            return
        for place, offset in offsets.items():
            self._commits.add((place, offset))
            if place.topic == self._topic and (done := self.done_to(place, offset)) < offset:
                self.blame(
                    "committed_not_done",
                    f"{member} committed {offset} of {place.topic}-{place.partition}, and {done} is not done",
                )

    def _look_at(self, worker: SimWorker, app: App) -> None:
        settings = app.settings
        bound = settings.buffer_records + settings.max_poll_records
        for group, source in app.plant.intake.sources.items():
            for topic in source.topics:
                records, _ = source.tracker.in_flight(topic)
                if records > bound:
                    self.blame("buffer", f"{worker.tag} has {records} records of {topic} in flight ({group})")
        waiting = app.plant.outlet.writer.buffered
        if waiting > settings.event_buffer + 100:  # those that are being written come back at a failure
            self.blame("buffer", f"{worker.tag} has {waiting} events waiting")


def judge_orders(
    witness: Witness, sim: Simulation, group: str, topic: str, kept_from: Mapping[int, int]
) -> None:
    """`lost` and `uncommitted`, once all is well again. `kept_from`: by partition what retention deleted."""
    for partition in range(sim.log.partition_count(topic) or 0):
        place = TopicPartition(topic, partition)
        _, end = sim.log.bounds(place)
        lost = [
            offset
            for offset in range(kept_from.get(partition, 0), end)
            if not witness.is_done(partition, offset)
        ]
        if lost:
            witness.blame("lost", f"{topic}-{partition}: {lost[:_SHOWN]}, {len(lost)} of {end}")
        committed = sim.log.committed(group).get(place)
        if committed != end and (end or committed):
            witness.blame("uncommitted", f"{topic}-{partition}: {committed} of {end}")


def judge_log(witness: Witness, sim: Simulation, group: str) -> Verified | None:
    """`log`. What was verified; None where there is a difference."""
    verdict = sim.verify(group)
    if not isinstance(verdict, Verified):
        witness.blame("log", str(verdict))
        return None
    if verdict.malformed or verdict.unknown:
        witness.blame("log", f"{verdict.malformed} malformed and {verdict.unknown} unknown events")
    return verdict


def judge_account(witness: Witness, events: list[LoggedEvent], verdict: Verified) -> None:
    """`account`, against a plain set of positions made of the same reports, none of them forgotten."""
    if verdict.from_snapshot or verdict.from_offset != 0:
        return
    spans: dict[tuple[str, int], set[int]] = {}
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    reported = 0
    for logged in events:
        if isinstance(logged.event, SignalsSampled):
            for entry in logged.event.partitions:
                key = (entry.topic, entry.partition)
                first.setdefault(key, entry.from_offset)
                positions = range(max(entry.from_offset, first[key]), entry.to_offset)
                reported += entry.to_offset - entry.from_offset
                spans.setdefault(key, set()).update(positions)
                last[key] = max(last.get(key, 0), entry.to_offset)
    counted = sum(len(positions) for positions in spans.values())
    missing = sum(last[key] - first[key] - len(positions) for key, positions in spans.items())
    account = verdict.account
    found = (account.counted, account.unobserved, account.counted + account.repeated)
    if found != (counted, missing, reported):
        witness.blame(
            "account",
            f"counted, unobserved, reported are {found}, and {(counted, missing, reported)} by the events",
        )


def losses(events: list[LoggedEvent], workers: list[SimWorker], until_ms: int) -> list[str]:
    """`losses`: what is wrong with what workers that run had written up to a time."""
    problems = []
    written: dict[tuple[str, str], set[int]] = {}
    stamped: Counter[tuple[str, str]] = Counter()
    reported: Counter[tuple[str, str]] = Counter()
    anomalies: Counter[tuple[str, str]] = Counter()
    for logged in events:
        event = logged.event
        if isinstance(event, Anomaly | UnknownEvent | MalformedEvent):
            continue
        writer = (event.worker, event.incarnation)
        written.setdefault(writer, set()).add(event.sequence)
        if logged.timestamp_ms <= until_ms:
            stamped[writer] = max(stamped[writer], event.sequence)
        if isinstance(event, ObservationsLost):
            reported[writer] += event.lost
            anomalies[writer] += sum(
                event.by_type.get(kind.TYPE, 0) for kind in (AnomalyOpened, AnomalyResolved)
            )
    for worker in workers:
        if worker.app is None or not worker.running:
            continue
        writer = (worker.name, str(worker.incarnation))
        missing = stamped[writer] - sum(number <= stamped[writer] for number in written.get(writer, ()))
        lost = worker.app.plant.outlet.writer.lost
        # An event whose answer was lost stands in the log, and may be counted as lost all the same: if it was
        # a report, what it told is told again.
        if missing > reported[writer] - anomalies[writer] or lost > reported[writer]:
            problems.append(
                f"of the first {stamped[writer]} events of {worker.tag} the log misses {missing}, {lost} "
                f"were lost, {reported[writer]} are reported lost, {anomalies[writer]} of them anomalies"
            )
    return problems


REQUESTS_A_TICK = 3
"""One after the other: the group's commits, its topics' partitions, then ends and commits at once."""


def judge_ticks(
    witness: Witness,
    events: list[LoggedEvent],
    window_s: float,
    latency_s: float,
    since_ms: int,
    until_ms: int,
) -> None:
    """`ticks`, in the log between two times in which all was well.

    Requests that take longer than a window delay the tick behind them, and one that is missed is left out.
    """
    ticks = [
        logged
        for logged in events
        if isinstance(logged.event, ClockTicked) and logged.timestamp_ms >= since_ms
    ]
    owners = Counter(
        f"{logged.event.worker}/{logged.event.incarnation}"
        for logged in ticks
        if isinstance(logged.event, ClockTicked)
    )
    judged_s = (until_ms - since_ms) / 1_000
    wanted = judged_s / window_s
    least = judged_s / max(window_s, REQUESTS_A_TICK * 2 * latency_s)
    if len(owners) != 1 or not least - 2 <= len(ticks) <= wanted + 2:
        witness.blame("ticks", f"{dict(owners)} in {wanted:.1f} windows")
