"""The reference incident's capture through its app in memory: how fast, and whether always the same.

A run is the command that the tutorial has, in a process whose strings hash as in no other. Judged is the time
of the whole process, its start among it, against the time that the capture covers.
"""

import hashlib
from collections.abc import Mapping

from stream_pool.bench.command import run_command
from stream_pool.bench.interval import exactly, spread
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.report import Bar
from stream_pool.incident.captures import reference_capture, reference_settings

OPTIONS: Mapping[str, object] = {
    "-A": "topologies.orders",
    "--workers": 4,
    "--service-factor": 100,
    "--drain": "1m",
}
LEAST_SPEED = 60.0


def offline(setup: Setup) -> Figure:
    """Replay it, a run a round. Raises `BenchClientError`."""
    speeds: list[float] = []
    digests: list[str] = []
    peaks: list[int] = []
    options = [each for option in OPTIONS.items() for each in option]
    for seed in range(1, setup.rounds + 1):
        with setup.file("log.ndjson") as log:
            ended = run_command(
                *("replay", reference_capture(), "--offline", *options),
                *("--config", reference_settings(), "--out", log),
                settings={"PYTHONHASHSEED": str(seed)},
            )
            digests.append(hashlib.sha256(log.read_bytes()).hexdigest())
        speeds.append(ended.told["span_s"] / ended.wall_s)
        peaks.append(ended.peak_bytes)
        setup.say(f"offline: hash seed {seed}, {speeds[-1]:.0f} x real time, log {digests[-1][:12]}")
    return Figure(
        candidates={
            "offline": {
                "times_real_time": spread(speeds).value,
                "cpu_s": ended.cpu_s,
                "records": ended.told["records"],
                "peak_mb": max(peaks) / 1e6,
            }
        },
        bars=(
            Bar("offline: times real time", spread(speeds), ">=", LEAST_SPEED),
            Bar("offline: equal logs", exactly(digests.count(digests[0])), ">=", len(digests)),
        ),
    )
