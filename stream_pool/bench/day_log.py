"""A day of one group's event log, as its workers and its detector would have written it: the same seed gives
the same bytes.

Traffic swings over the day. Every `_TROUBLE_EVERY` intervals one of the workers gets into trouble for a
while: it is slow, its records fail, its memory grows, or it is dead. What follows from that stands in the log
as the fold concludes it, and every tick vouches for what was folded before it.

A model, not a simulation: no rebalance, no loss, and a worker writes all its kinds of events every interval.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from stream_pool.detection import FOLD_VERSION, Conclusion, Rules, State, fold, message
from stream_pool.events import (
    ClockTicked,
    DetectorConfigured,
    EncodedEvent,
    Event,
    GcPaused,
    LagSampled,
    Latency,
    LoggedEvent,
    MemorySampled,
    Observation,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    PoolSampled,
    SignalsSampled,
    encode,
    event_id,
)
from stream_pool.events.record_digest import record_digest
from stream_pool.lag import Status

LogRecord: TypeAlias = tuple[int, int, bytes, tuple[tuple[str, bytes], ...], bytes]

GROUP = "bench"
BEGIN_MS = 1_767_225_600_000

_TOPIC = "orders"
_APPENDED_EVERY_MS = 5
_CONFIGURED_EVERY_S = 3_600
_TROUBLE_EVERY = 240
_TROUBLE_FOR = 40
_TROUBLES = ("slow", "failing", "swollen", "dead")
_RATE_PER_S = (20.0, 120.0)


@dataclass(slots=True)
class _Log:
    """The log as it grows, and the detector's state over it."""

    state: State = field(default_factory=State)
    offset: int = 0
    sequence: int = 0
    now_ms: int = BEGIN_MS

    def stamp(self, worker: str) -> tuple[str, str, int]:
        self.sequence += 1
        return worker, "1", self.sequence

    def observe(self, event: Observation) -> Iterator[LogRecord]:
        """Appends an observation, and what follows from it."""
        source = f"/stream-pool/{event.worker}"
        encoded = encode(event, id=event_id(event), source=source, time_ms=self.now_ms)
        conclusions, record = self._append(encoded, event_id(event), event)
        yield record
        for each in conclusions:
            _, record = self._append(message(each, GROUP), each.id, each.event)
            yield record

    def _append(self, made: EncodedEvent, id_: str, event: Event) -> tuple[tuple[Conclusion, ...], LogRecord]:
        self.now_ms += _APPENDED_EVERY_MS
        digest = record_digest(self.offset, self.now_ms, 1, made.key, made.headers, made.value)
        logged = LoggedEvent(self.offset, self.now_ms, id_, None, event, 1, digest)
        record = (self.offset, self.now_ms, made.key, made.headers, made.value)
        self.offset += 1
        self.state, conclusions = fold(self.state, logged)
        return conclusions, record


@dataclass(slots=True)
class _Partition:
    number: int
    end: int = 0
    done: int = 0


@dataclass(slots=True)
class _Worker:
    name: str
    partitions: list[_Partition]
    rss_bytes: int = 120_000_000
    trouble: str = ""


def day_log(
    *, partitions: int = 64, workers: int = 10, hours: float = 24, interval_s: int = 10, seed: int = 0
) -> Iterator[LogRecord]:
    """Records as (offset, timestamp in ms since the epoch, key, headers, value), LogAppendTime."""
    chance, log = random.Random(seed), _Log()
    numbered = [_Partition(number) for number in range(partitions)]
    team = [_Worker(f"worker-{which}:6066", numbered[which::workers]) for which in range(workers)]
    rules = Rules(window_s=float(interval_s))
    for interval in range(int(hours * 3600 / interval_s)):
        log.now_ms = max(log.now_ms, BEGIN_MS + interval * interval_s * 1000)
        _make_trouble(team, interval, chance)
        _produce(numbered, interval, interval_s, chance)
        for worker in team:
            if worker.trouble != "dead":
                yield from _worker_interval(log, worker, interval_s, chance)
        yield from _detector_interval(log, numbered, rules, interval, interval_s)


def _make_trouble(team: list[_Worker], interval: int, chance: random.Random) -> None:
    since = interval % _TROUBLE_EVERY
    if since == _TROUBLE_EVERY - _TROUBLE_FOR:
        chance.choice(team).trouble = _TROUBLES[interval // _TROUBLE_EVERY % len(_TROUBLES)]
    elif since == 0:
        for worker in team:
            worker.trouble = ""


def _produce(partitions: list[_Partition], interval: int, interval_s: int, chance: random.Random) -> None:
    """Few records at midnight, many at noon: a triangle, so that every platform computes the same."""
    low, high = _RATE_PER_S
    day = interval * interval_s % 86_400 / 43_200
    rate = low + (high - low) * min(day, 2 - day)
    for partition in partitions:
        partition.end += int(rate * interval_s * chance.uniform(0.8, 1.2))


def _worker_interval(
    log: _Log, worker: _Worker, interval_s: int, chance: random.Random
) -> Iterator[LogRecord]:
    commits, signals, lags = [], [], []
    for partition in worker.partitions:
        begin, behind = partition.done, partition.end - partition.done
        take = (
            behind // 10 if worker.trouble == "slow" else min(behind, max(1, behind - chance.randrange(50)))
        )
        partition.done = end = begin + take
        commits.append(PartitionCommit(_TOPIC, partition.number, end, log.now_ms, partition.end - end))
        signals.append(_signals(partition.number, begin, end, worker.trouble, chance))
        lags.append(_lag(partition))
    yield from log.observe(OffsetsCommitted(*log.stamp(worker.name), float(interval_s), tuple(commits)))
    yield from log.observe(SignalsSampled(*log.stamp(worker.name), float(interval_s), tuple(signals)))
    yield from log.observe(LagSampled(*log.stamp(worker.name), GROUP, "worker", tuple(lags)))
    yield from log.observe(_pool(log.stamp(worker.name), interval_s, signals))
    worker.rss_bytes += 20_000_000 if worker.trouble == "swollen" else 120_000_000 - worker.rss_bytes
    yield from log.observe(MemorySampled(*log.stamp(worker.name), worker.rss_bytes, 1_000_000_000))
    yield from log.observe(GcPaused(*log.stamp(worker.name), float(interval_s), 9, 0.02, 0.011, (7, 1, 1)))


def _detector_interval(
    log: _Log, partitions: list[_Partition], rules: Rules, interval: int, interval_s: int
) -> Iterator[LogRecord]:
    detector = "worker-0:6066"
    if interval * interval_s % _CONFIGURED_EVERY_S == 0:
        stamp = log.stamp(detector)
        yield from log.observe(DetectorConfigured(*stamp, FOLD_VERSION, rules.to_mapping(), GROUP))
    polled = tuple(_lag(partition) for partition in partitions)
    yield from log.observe(LagSampled(*log.stamp(detector), GROUP, "detector", polled))
    chain = log.state.chain
    yield from log.observe(
        ClockTicked(*log.stamp(detector), float(interval_s), chain.folded_to, chain.since, chain.hex)
    )


def _lag(partition: _Partition) -> PartitionLag:
    behind = partition.end - partition.done
    return PartitionLag(
        _TOPIC, partition.number, partition.end, partition.done, behind, behind / 64, Status.OK, False, False
    )


def _signals(number: int, begin: int, end: int, trouble: str, chance: random.Random) -> PartitionSignals:
    records = end - begin
    errors = records - records // 8 if trouble == "failing" else records // 200
    return PartitionSignals(
        _TOPIC, number, begin, end, records, records * 2_048, errors, errors, errors // 2,
        _latency(records, 90 if trouble == "slow" else chance.randrange(18, 24)),
    )  # fmt: skip  # one line a row of the log


def _latency(records: int, around: int) -> Latency:
    """Seven buckets, most of the records in the one in the middle."""
    share = records // 16
    counts = [share, share, share, records - 6 * share, share, share, share]
    buckets = tuple((around - 3 + place, count) for place, count in enumerate(counts) if count)
    return Latency(buckets, records / 128, 8.0 if around > 50 else 0.0625)


def _pool(stamp: tuple[str, str, int], interval_s: int, signals: list[PartitionSignals]) -> PoolSampled:
    documents = sum(each.records for each in signals)
    return PoolSampled(
        *stamp, float(interval_s), 90 * documents, documents // 8, documents // 16, documents, 4_000, 4_096,
        220_000, 37, 0.9375, 11.25, 91.0 * documents / interval_s,
    )  # fmt: skip  # one line a row of the log
