"""Quiet on quiet traffic: healthy workers on uneven traffic open nothing, by the rules as they come."""

import random

import pytest
from log_script import START_MS, LogScript, fold_all

from stream_pool.detection import Rules
from stream_pool.events import (
    LagSampled,
    Latency,
    MemorySampled,
    OffsetsCommitted,
    PartitionCommit,
    PartitionLag,
    PartitionSignals,
    SignalsSampled,
)
from stream_pool.lag import Status

TRAFFIC = [("01 a trickle", 0.05), ("02 one a second", 1.0), ("03 a thousand a second", 1000.0)]


def healthy_hours(rate_per_s: float, windows: int, seed: int) -> LogScript:
    """Two workers with two partitions each, a second or so behind, polled out of step with their commits."""
    chance, log = random.Random(seed), LogScript()
    log.configure(Rules())
    ends, done = [1000.0] * 4, [1000] * 4
    for _ in range(windows):
        log.tick(chance.uniform(9.8, 10.2))
        for worker in range(2):
            commits, signals = [], []
            for partition in (2 * worker, 2 * worker + 1):
                ends[partition] += chance.uniform(0, 2) * 10 * rate_per_s
                begin, behind = done[partition], chance.uniform(0, 2) * rate_per_s
                done[partition] = end = max(begin, int(ends[partition] - behind))
                commits.append(PartitionCommit("orders", partition, end, START_MS, None))
                latency = Latency(((40, end - begin),), 0.04 * (end - begin), 0.05)
                errors = (end - begin) // 100
                signals.append(
                    PartitionSignals(
                        "orders", partition, begin, end, end - begin, 0, errors, errors, 0, latency
                    )
                )
            log.add(OffsetsCommitted(f"w{worker}", "i", log.next(), 10.0, tuple(commits)))
            log.add(SignalsSampled(f"w{worker}", "i", log.next(), 10.0, tuple(signals)))
            log.add(MemorySampled(f"w{worker}", "i", log.next(), 150_000_000, None))
        polls = tuple(
            PartitionLag("orders", partition, int(ends[partition]), done[partition], None, None, Status.OK)
            for partition in range(4)
        )
        log.add(LagSampled("d", "i", log.next(), "g", "detector", polls))
    return log


@pytest.mark.parametrize("rate_per_s", [row[1] for row in TRAFFIC], ids=[row[0] for row in TRAFFIC])
def test_quiet_traffic_opens_nothing(rate_per_s: float) -> None:
    """Three hours of it."""
    _, conclusions = fold_all(healthy_hours(rate_per_s, windows=1080, seed=7).events)
    assert [(each.event.rule, each.event.subject) for each in conclusions] == []
