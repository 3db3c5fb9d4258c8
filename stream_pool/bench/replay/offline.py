"""The reference incident's capture through its app in memory: how fast, and whether always the same.

A run is the command that the tutorial has, in a process whose strings hash as in no other. It ends a minute
after the last record, as the incident did, with most orders unread; a few further runs go on until all are
read. Both are judged by the time that the capture covers against the CPU time of the whole process, its start
among it: it has one thread.
"""

import hashlib
import statistics
from collections.abc import Sequence
from typing import Final

from stream_pool.bench.command import Ended, run_command
from stream_pool.bench.interval import exactly, spread
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.report import Bar
from stream_pool.incident.captures import reference_capture, reference_settings

OPTIONS: Final = ("-A", "topologies.orders", "--workers", "4", "--service-factor", "100")
AS_IT_ENDED: Final = ("--drain", "1m")
READ_ROUNDS: Final = 3
"""Runs at most that go on until all is read: each takes three times as long."""
LEAST_SPEED: Final = 60.0


def offline(setup: Setup) -> Figure:
    """Replay it, a run a round. Raises `BenchClientError`."""
    digests: list[str] = []
    ended: list[Ended] = []
    read: list[Ended] = []
    for seed in range(1, setup.rounds + 1):
        with setup.file("log.ndjson") as log:
            ended.append(_run(seed, *AS_IT_ENDED, "--out", str(log)))
            digests.append(hashlib.sha256(log.read_bytes()).hexdigest())
        setup.say(f"offline: hash seed {seed}, {_speed(ended[-1]):.0f} x real time, log {digests[-1][:12]}")
    for seed in range(1, min(setup.rounds, READ_ROUNDS) + 1):
        read.append(_run(seed))
        setup.say(f"offline: until all is read, {_speed(read[-1]):.0f} x real time")
    return Figure(
        candidates={"offline": _figures(ended), "offline, all read": _figures(read)},
        bars=(
            Bar("offline: times real time", spread([*map(_speed, ended)]), ">=", LEAST_SPEED),
            Bar("offline, all read: times real time", spread([*map(_speed, read)]), ">=", LEAST_SPEED),
            Bar("offline: equal logs", exactly(digests.count(digests[0])), ">=", len(digests)),
        ),
    )


def _run(seed: int, *more: str) -> Ended:
    return run_command(
        *("replay", reference_capture(), "--offline", *OPTIONS, "--config", reference_settings(), *more),
        settings={"PYTHONHASHSEED": str(seed)},
    )


def _speed(ended: Ended) -> float:
    span_s: float = ended.told["span_s"]
    return span_s / ended.cpu_s


def _figures(runs: Sequence[Ended]) -> dict[str, float]:
    return {
        "times_real_time": statistics.median(map(_speed, runs)),
        "cpu_s": statistics.median(run.cpu_s for run in runs),
        "wall_s": statistics.median(run.wall_s for run in runs),
        "records": runs[0].told["records"],
        "records_finished": runs[0].told["figures"]["records"],
        "peak_mb": max(run.peak_bytes for run in runs) / 1e6,
    }
