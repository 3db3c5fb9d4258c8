"""`bench offline`: the reference incident in full, twice, in processes whose strings hash differently.

What is measured is the whole process, its start and the verification of its log included, against the
story's 47 minutes alone. The two logs must be the same file, to the byte.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stream_pool.bench.command import Ended, run_command
from stream_pool.bench.interval import Interval, exactly
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.errors import ExitCode
from stream_pool.incident.reference import ENDS_S, LAG_STORY_S, ORDERS

HASH_SEEDS = ("1", "2")
LEAST_SPEED = 15.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One process, and the log that it wrote."""

    ended: Ended
    log_sha256: str

    @property
    def speed(self) -> float:
        """The story's minutes as a multiple of the process's whole time."""
        return (ENDS_S - LAG_STORY_S) / self.ended.wall_s


def bench_offline(*, say: Say, scale: float = 1.0) -> Report:
    """Run the bench; with a `scale` under 1, a small one. Raises `BenchClientError`."""
    where = environment("none", scale=scale)
    with tempfile.TemporaryDirectory() as folder:
        runs = [_run(Path(folder), seed, scale, say) for seed in HASH_SEEDS]
    speeds = [run.speed for run in runs]
    return Report(
        bench="offline",
        environment=where,
        candidates={f"hash seed {seed}": _figures(run) for seed, run in zip(HASH_SEEDS, runs, strict=True)},
        ratios={},
        bars=(
            Bar(
                "times real time",
                Interval(sum(speeds) / len(speeds), min(speeds), max(speeds)),
                ">=",
                LEAST_SPEED,
            ),
            Bar(
                "orders since T+00:00",
                exactly(min(run.ended.told["orders"] for run in runs)),
                ">=",
                ORDERS * scale,
            ),
            Bar(
                "equal logs",
                exactly(sum(run.log_sha256 == runs[0].log_sha256 for run in runs)),
                ">=",
                len(runs),
            ),
            Bar("complete runs", exactly(sum(run.ended.told["complete"] for run in runs)), ">=", len(runs)),
        ),
    )


def _run(folder: Path, hash_seed: str, scale: float, say: Say) -> Run:
    log = folder / f"{hash_seed}.ndjson"
    ended = run_command(
        *("demo", "--offline", "--scale", f"{scale:g}", "--out", log),
        settings={"PYTHONHASHSEED": hash_seed},
        exits=(ExitCode.OK, ExitCode.FINDING),
    )
    run = Run(ended, hashlib.sha256(log.read_bytes()).hexdigest())
    say(
        f"hash seed {hash_seed}: {ended.told['handled']:,} orders in {ended.wall_s:.0f} s,"
        f" {run.speed:.1f} x real time, log {run.log_sha256[:12]}"
    )
    return run


def _figures(run: Run) -> dict[str, float]:
    ended = run.ended
    ahead = {
        row["rule"]: row["ahead_s"]
        for row in ended.told["rows"]
        if row["rule"] and row["ahead_s"] is not None
    }
    return {
        "wall_s": ended.wall_s,
        "cpu_s": ended.cpu_s,
        "times_real_time": run.speed,
        "cpu_us_an_order": 1e6 * ended.cpu_s / ended.told["handled"],
        "peak_mb": ended.peak_bytes / 1e6,
        "orders_decoded": ended.told["handled"],
        "orders_since_t0": ended.told["orders"],
        **{f"{rule}_ahead_s": ahead_s for rule, ahead_s in ahead.items()},
    }
