"""A random world from one number: workers, traffic, latencies, and what goes wrong when.

The idea: everything is drawn once, from one seed, before anything runs. So a schedule is plain data that can
be read, and its seed is all that is needed to see a failure again. Latency is drawn over three orders of
magnitude, since what goes wrong at 2 ms is not what goes wrong at 1 s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

LATENCIES_S = (0.002, 0.02, 0.2, 1.0)
TICK_S = 1.0

FAULTS: Mapping[str, tuple[float, float]] = {
    # what goes wrong, and for how long at least and at most, in seconds
    "crash": (0.0, 8.0),
    "stop": (0.0, 6.0),
    "join": (6.0, 25.0),
    "deploy": (0.0, 2.0),
    "freeze": (1.0, 20.0),
    "rebalance": (0.0, 0.0),
    "commit_refused": (1.0, 8.0),
    "commit_answer_lost": (1.0, 8.0),
    "read_late": (1.0, 8.0),
    "events_fail": (1.0, 8.0),
    "events_answer_lost": (1.0, 8.0),
    "events_away": (4.0, 20.0),
    "events_slow": (2.0, 10.0),
    "events_refuse": (2.0, 10.0),
    "events_repeated": (1.0, 8.0),
    "letters_away": (2.0, 10.0),
    "letters_answer_lost": (1.0, 8.0),
    "letters_refuse": (1.0, 5.0),
    "broker_away": (1.0, 12.0),
    "snapshots_away": (4.0, 20.0),
    "snapshot_garbage": (0.0, 0.0),
    "trim_events": (0.0, 0.0),
    "trim_orders": (0.0, 0.0),
}
ON_A_WORKER = ("crash", "stop", "freeze")
OFTEN = ("rebalance", "rebalance", "crash", "crash", "events_fail", "events_away")
"""Drawn more often: what hands work over while it is under way finds most."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at `at_s`, for `for_s`, with the worker `target` where it is about one."""

    at_s: float
    kind: str
    for_s: float
    target: str | None = None

    def __str__(self) -> str:
        whom = f" {self.target}" if self.target else ""
        return f"{self.at_s:.2f} s: {self.kind}{whom} for {self.for_s:.2f} s"


@dataclass(frozen=True, slots=True)
class Message:
    """A record that is produced at a tick. `kind` is what becomes of it: see `Schedule`."""

    partition: int
    kind: str
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Tick:
    """What is produced at one moment, and the resident bytes that every worker has from then on."""

    at_s: float
    messages: tuple[Message, ...]
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """One world. Every field follows from `seed`.

    Kinds of messages: `fine`, `slow` (for `seconds` of its value), `flaky` (its handler raises at the first
    call of each worker's life), `failing` (always raises), `rejected`, `poison`, `tombstone`.
    `later_settings` are of lives that begin after a `deploy`: with other rules, so that it opens an epoch.
    """

    seed: int
    workers: tuple[str, ...]
    detectors: tuple[str, ...]
    partitions: int
    latency_s: float
    duration_s: float
    on_error: str
    batch_agent: bool
    settings: Mapping[str, Any]
    later_settings: Mapping[str, Any]
    ticks: tuple[Tick, ...]
    faults: tuple[Fault, ...]

    @classmethod
    def random(cls, seed: int) -> "Schedule":
        """The schedule of a seed."""
        chance = Random(f"schedule {seed}")
        latency_s = chance.choice(LATENCIES_S)
        workers = tuple(f"worker-{n + 1}" for n in range(chance.choice((1, 2, 2, 2, 3))))
        detectors = ("detector",) if chance.random() < 0.3 else ()
        partitions = chance.randint(2, 4)
        duration_s = float(chance.randint(25, 40))
        faults = tuple(_faults(chance, (*workers, *detectors), duration_s))
        settings = _settings(chance, latency_s)
        if any(fault.kind == "trim_orders" for fault in faults):
            settings["on_offset_lost"] = "earliest"
        return cls(
            seed=seed,
            workers=workers,
            detectors=detectors,
            partitions=partitions,
            latency_s=latency_s,
            duration_s=duration_s,
            on_error=chance.choice(("dead_letter", "dead_letter", "skip")),
            batch_agent=chance.random() < 0.25,
            settings=settings,
            later_settings={**settings, **_other_rules(chance)},
            ticks=tuple(_ticks(chance, partitions, duration_s, settings["drain_timeout_s"])),
            faults=faults,
        )

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {len(self.workers)} workers, {len(self.detectors)} detectors alone, "
            f"{self.partitions} partitions, {self.latency_s * 1_000:g} ms, {self.duration_s:g} s of traffic, "
            f"{sum(len(tick.messages) for tick in self.ticks)} records, on_error={self.on_error}"
            + (", and an agent of whole batches" if self.batch_agent else ""),
            ", ".join(f"{name}={value}" for name, value in self.settings.items()),
        ]
        return "\n".join([*lines, *(f"  {fault}" for fault in self.faults)])


def _faults(chance: Random, names: tuple[str, ...], duration_s: float) -> Iterator[Fault]:
    drawn = []
    for _ in range(chance.randint(1, 7)):
        kind = chance.choice((*FAULTS, *OFTEN))
        shortest_s, longest_s = FAULTS[kind]
        target = chance.choice(names) if kind in ON_A_WORKER else None
        drawn.append(
            Fault(
                at_s=round(chance.uniform(2.0, duration_s), 3),
                kind=kind,
                for_s=round(chance.uniform(shortest_s, longest_s), 3),
                target=target,
            )
        )
    return iter(sorted(drawn, key=lambda fault: fault.at_s))


def _settings(chance: Random, latency_s: float) -> dict[str, Any]:
    slow = latency_s > 0.5
    window_s = chance.choice((2.0, 3.0)) if not slow else 4.0
    return {
        "interval_s": window_s,
        "commit_interval_s": chance.choice((0.5, 1.0, 2.0)),
        "poll_timeout_ms": chance.choice((200, 1_000, 3_000)),
        "max_poll_records": chance.choice((5, 20)),
        "session_timeout_ms": 12_000 if slow else chance.choice((3_000, 6_000)),
        "rebalance_timeout_ms": 15_000 if slow else 8_000,
        "drain_timeout_s": chance.choice((0.5, 0.5, 2.0, 6.0)),
        "buffer_records": chance.choice((10, 40)),
        "event_buffer": chance.choice((8, 20, 1_000)),
        "dead_letter_budget_ratio": 1.0,
        "pool_capacity": 64,
        "pool_capacity_min": 16,
        "pool_base_window_s": 10.0,
        "detector_window_s": window_s,
        "detector_snapshot_interval_s": chance.choice((2.0, 4.0, 200.0)) * window_s,
        "detector_open_after": chance.choice((1, 2)),
        "detector_resolve_after": 2,
        "detector_expire_after_s": chance.choice((5.0, 20.0, 300.0)) * window_s,
        "detector_status_windows": 4,
        "detector_lag_threshold_records": chance.choice((5, 20)),
        "detector_error_ratio_threshold": 0.1,
        "detector_error_min_records": 5,
        "detector_latency_p99_limit_s": 0.5,
        "detector_memory_for_s": 2 * window_s,
    }


def _other_rules(chance: Random) -> dict[str, Any]:
    return {
        "detector_open_after": chance.choice((1, 2, 3)),
        "detector_lag_threshold_records": chance.choice((3, 10, 40)),
        "detector_status_windows": chance.choice((4, 5)),
        "detector_signal_windows": chance.choice((1, 2)),
    }


def _ticks(chance: Random, partitions: int, duration_s: float, drain_timeout_s: float) -> Iterator[Tick]:
    """Traffic of a second each: mostly steady, with a burst, a pause and a bad spell somewhere."""
    burst_at, pause_at, bad_at, fat_at = (chance.uniform(0, duration_s) for _ in range(4))
    bad_share = chance.choice((0.02, 0.1, 0.4))
    slow_share = chance.choice((0.0, 0.02, 0.05))
    rate = chance.choice((1, 2, 3))
    at_s = 0.5
    while at_s < duration_s:
        count = (
            rate
            * (0 if pause_at <= at_s < pause_at + 8 else 1)
            * (6 if burst_at <= at_s < burst_at + 3 else 1)
        )
        share = bad_share if bad_at <= at_s < bad_at + 10 else bad_share / 10
        messages = tuple(
            _message(chance, partition, share, slow_share, drain_timeout_s)
            for partition in range(partitions)
            for _ in range(count)
        )
        rss_bytes = 400_000_000 if fat_at <= at_s < fat_at + 15 else 100_000_000
        yield Tick(at_s, messages, rss_bytes)
        at_s += TICK_S


def _message(
    chance: Random, partition: int, bad_share: float, slow_share: float, drain_timeout_s: float
) -> Message:
    drawn = chance.random()
    if drawn < bad_share:
        kind = chance.choice(("poison", "poison", "failing", "flaky", "rejected", "tombstone"))
        if kind == "poison":
            return Message(partition, kind, b'{"kind": "poison", ')
        if kind == "tombstone":
            return Message(partition, kind, None)
        return Message(partition, kind, orjson.dumps({"kind": kind}))
    if drawn < bad_share + slow_share:
        seconds = round(chance.choice((0.2, 0.8, drain_timeout_s * 1.5, drain_timeout_s * 2.5)), 3)
        return Message(partition, "slow", orjson.dumps({"kind": "slow", "seconds": seconds}))
    return Message(partition, "fine", b'{"kind":"fine","sku":"a-1","lines":[{"n":1}]}')
