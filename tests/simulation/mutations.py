"""Faults put into the production code on purpose, one at a time: the fuzz is worth what it finds of them.

Each is a patch that lives as long as its context. `seed` is one that catches it, for the suite; how many
seeds it takes, counted from 0, is what `scripts/fuzz --mutations` measures. A change of the code or of the
schedules may make another seed the first: the test then searches.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from aiokafka.errors import KafkaError

from simulation.fuzz import collect_less, play
from stream_pool.detection import conclusion, repeats
from stream_pool.stream import (
    detector,
    each,
    event_writer,
    offsets,
    positions,
    pressure,
    signal_sampler,
    source,
)
from stream_pool.stream.batch import Batch
from stream_pool.stream.signal_sampler import _Place

CAP = 500


@dataclass(frozen=True)
class Mutation:
    """One fault: `make` gives the patch. `seed` is the first that catches it: it takes one seed more."""

    name: str
    make: Callable[[], Any]
    seed: int

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The production code with the fault in it."""
        with self.make():
            yield

    def is_caught(self, seed: int) -> str | None:
        """The first rule that the fuzz finds broken with this seed; that something crashed is no proof."""
        with self.applied():
            violations = [each for each in play(seed).violations if each.rule != "crash"]
        return str(violations[0]) if violations else None


def _done_before_acknowledged() -> Any:
    settle = Batch.settle

    async def mutated(self: Batch, count: int) -> None:
        self._claim.advance(count)
        await settle(self, count)

    return patch.object(Batch, "settle", mutated)


def _dead_letter_not_awaited() -> Any:
    async def mutated(self: Batch, count: int) -> None:
        fresh = count - self._claim.count
        self._claim.advance(count)
        rejected, self._rejected = self._rejected, 0
        self._runtime.spend(fresh, rejected)

    return patch.object(Batch, "settle", mutated)


def _no_drop_on_revoke() -> Any:
    async def mutated(self: source.Source, partitions: Any) -> None:
        await self._commit(self.tracker.uncommitted(partitions))

    def assign(self: offsets.OffsetTracker, positions: Any) -> None:
        for partition, position in positions.items():
            self._logs.setdefault(partition, offsets._PartitionLog(position))

    return _both(
        patch.object(source.Source, "_hand_back", mutated),
        patch.object(offsets.OffsetTracker, "assign", assign),
    )


def _refused_taken_as_committed() -> Any:
    async def mutated(self: source.Source, positions: Any) -> bool:
        if not positions or self._from_beginning:
            return False
        try:
            async with asyncio.timeout(2.0), self._commits._lock:
                await self._consumer.commit(positions)
        except (TimeoutError, KafkaError):
            pass
        self.tracker.committed(positions)
        return True

    return patch.object(source.Source, "_commit", mutated)


def _no_epoch_check() -> Any:
    """What is done counts for the partition, whichever assignment it was of."""
    released = offsets.OffsetTracker._released

    def mutated(self: offsets.OffsetTracker, claim: offsets.Claim) -> None:
        log = self._logs.get(claim.delivery.partition)
        if log is not None and log.deliveries and claim.delivery not in log.deliveries:
            head = log.deliveries[0]
            for current in head.claims:
                current.count = max(current.count, min(claim.count, len(head.records)))
        released(self, claim)

    return patch.object(offsets.OffsetTracker, "_released", mutated)


def _add_after_drop() -> Any:
    def drain(self: offsets.OffsetTracker, partitions: Any) -> None:
        for partition in partitions:
            if (log := self._logs.get(partition)) is not None:
                for delivery in list(log.deliveries):
                    for claim in delivery.claims:
                        claim.dropped = True
                    if not any(claim.held for claim in delivery.claims):
                        log.deliveries.remove(delivery)
                        self._add(delivery, -1)

    return patch.object(offsets.OffsetTracker, "drain", drain)


def _commit_past_claim_at_hand() -> Any:
    def mutated(self: offsets._PartitionLog) -> int:
        return self.deliveries[0].end if self.deliveries else self.base

    return patch.object(offsets._PartitionLog, "position", mutated)


def _one_agent_is_enough() -> Any:
    def mutated(self: offsets.Delivery) -> int:
        return max(claim.count for claim in self.claims)

    return patch.object(offsets.Delivery, "done_count", mutated)


def _failed_record_forgotten() -> Any:
    async def mutated(self: each.Each, batch: Batch, order: Any, error: BaseException, runtime: Any) -> bool:
        batch.count_handler_error()
        return True

    return patch.object(each.Each, "_failed", mutated)


def _start_behind_commit() -> Any:
    start = positions.starting_position

    def mutated(partition: Any, committed: int | None, *rest: Any, **told: Any) -> int:
        return start(partition, committed, *rest, **told) + (committed is not None)

    return patch.object(positions, "starting_position", mutated)


def _snapshot_one_off() -> Any:
    resume = detector.Detector.resume

    async def mutated(self: detector.Detector, partition: Any, earliest: int, end: int) -> int:
        offset = await resume(self, partition, earliest, end)
        if offset > earliest and offset < end:
            self._next_offset = offset + 1
            return offset + 1
        return offset

    return patch.object(detector.Detector, "resume", mutated)


def _pending_forgotten() -> Any:
    begin = detector.Detector._begin

    def mutated(self: detector.Detector, state: Any, offset: int, live_from: int | None) -> None:
        state.pending.clear()
        begin(self, state, offset, live_from)

    return patch.object(detector.Detector, "_begin", mutated)


def _missing_not_appended() -> Any:
    return patch.object(detector.Detector, "_append_again", lambda self: None)


def _dropped_claim_folded_on() -> Any:
    async def mutated(self: detector.Detector, batch: Batch) -> None:
        for record in batch.records:
            self._next_offset = record.offset + 1
            self._take(record)
            await asyncio.sleep(0.3)

    return patch.object(detector.Detector, "_fold", mutated)


def _tick_without_ownership() -> Any:
    return patch.object(detector.Detector, "owns_log", property(lambda self: True))


def _repeats_counted() -> Any:
    return patch.object(repeats.Repeats, "is_repeat", lambda self, event, at_ms: False)


def _id_with_wall_time() -> Any:
    made = conclusion.anomaly_id

    def mutated(rule: str, subject: str, cause: str) -> str:
        loop = asyncio._get_running_loop()
        return made(rule, subject, f"{cause} {loop.time() if loop is not None else 0}")

    return patch.object(conclusion, "anomaly_id", mutated)


def _range_from_zero() -> Any:
    entry = signal_sampler.SignalSampler._entry

    def mutated(self: signal_sampler.SignalSampler, partition: Any, progress: Any) -> Any:
        self._places.setdefault(partition, _Place(0, 0, 0))
        return entry(self, partition, progress)

    return patch.object(signal_sampler.SignalSampler, "_entry", mutated)


def _unwritten_events_dropped() -> Any:
    return patch.object(event_writer.EventWriter, "_put_back", lambda self, events: None)


def _losses_not_reported() -> Any:
    return patch.object(event_writer.EventWriter, "_report_lost", lambda self: self._unreported.clear())


def _no_pressure() -> Any:
    return patch.object(pressure.Pressure, "apply", lambda self: None)


@contextmanager
def _both(one: Any, other: Any) -> Iterator[None]:
    with one, other:
        yield


MUTATIONS = (
    Mutation("done before the acknowledgement", _done_before_acknowledged, 4),
    Mutation("dead letter not awaited", _dead_letter_not_awaited, 0),
    Mutation("no drop on revoke", _no_drop_on_revoke, 2),
    Mutation("refused taken as committed", _refused_taken_as_committed, 2),
    Mutation("no epoch check", _no_epoch_check, 39),
    Mutation("add after drop", _add_after_drop, 2),
    Mutation("commit past the record at hand", _commit_past_claim_at_hand, 0),
    Mutation("one agent is enough", _one_agent_is_enough, 1),
    Mutation("failed record forgotten", _failed_record_forgotten, 0),
    Mutation("start one behind the commit", _start_behind_commit, 2),
    Mutation("buffers without pressure", _no_pressure, 2),
    Mutation("snapshot's offset off by one", _snapshot_one_off, 2),
    Mutation("pending conclusions forgotten", _pending_forgotten, 118),
    Mutation("missing conclusions not appended", _missing_not_appended, 6),
    Mutation("dropped claim folded on", _dropped_claim_folded_on, 3),
    Mutation("tick without ownership", _tick_without_ownership, 1),
    Mutation("repeats counted", _repeats_counted, 14),
    Mutation("id with the wall time", _id_with_wall_time, 0),
    Mutation("sampler's range begins at zero", _range_from_zero, 2),
    Mutation("unwritten events dropped", _unwritten_events_dropped, 0),
    Mutation("losses not reported", _losses_not_reported, 2),
)


def first_seed(mutation: Mutation, cap: int = CAP) -> tuple[int | None, str]:
    """The first seed from 0 on that catches a mutation, and how; None below `cap`."""
    for seed in range(cap):
        if (found := mutation.is_caught(seed)) is not None:
            return seed, found
    return None, ""


def _search(name_and_cap: tuple[str, int]) -> tuple[str, int | None, str]:
    name, cap = name_and_cap
    mutation = next(each for each in MUTATIONS if each.name == name)
    return name, *first_seed(mutation, cap)


def search(cap: int, *, jobs: int, only: str = "") -> int:
    """Find the first seed of each mutation, and print it; the exit code."""
    tasks = [(mutation.name, cap) for mutation in MUTATIONS if only in mutation.name]
    survivors = 0
    with multiprocessing.get_context("spawn").Pool(jobs, collect_less) as pool:
        for name, seed, how in pool.imap_unordered(_search, tasks):
            survivors += seed is None
            taken = f"not caught by {cap} seeds" if seed is None else f"{seed + 1} seeds (seed {seed})"
            print(f"{name}: {taken}  {how[:110]}", flush=True)
    return int(survivors > 0)
