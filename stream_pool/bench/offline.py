"""`bench offline`: the reference incident in full, twice, in processes whose strings hash differently.

What is measured is the whole process, its start and the verification of its log included, against the
story's 47 minutes alone. The two logs must be the same file, to the byte.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_pool.bench.interval import Interval, exactly
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.errors import StreamPoolError
from stream_pool.incident.reference import ENDS_S, LAG_STORY_S, ORDERS

HASH_SEEDS = ("1", "2")
LEAST_SPEED = 15.0

Say = Callable[[str], None]


class OfflineRunFailed(StreamPoolError):
    """A run ended without a result; the message has its last words."""

    reason = "offline_run_failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One process: the object that it printed, the log that it wrote, and what it took."""

    told: Mapping[str, Any]
    log_sha256: str
    wall_s: float
    cpu_s: float
    peak_bytes: int

    @property
    def speed(self) -> float:
        """The story's minutes as a multiple of the process's whole time."""
        return (ENDS_S - LAG_STORY_S) / self.wall_s


def bench_offline(*, say: Say, scale: float = 1.0) -> Report:
    """Run the bench; with a `scale` under 1, a small one. Raises `OfflineRunFailed`."""
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
                "orders since T+00:00", exactly(min(run.told["orders"] for run in runs)), ">=", ORDERS * scale
            ),
            Bar(
                "equal logs",
                exactly(sum(run.log_sha256 == runs[0].log_sha256 for run in runs)),
                ">=",
                len(runs),
            ),
            Bar("complete runs", exactly(sum(run.told["complete"] for run in runs)), ">=", len(runs)),
        ),
    )


def _run(folder: Path, hash_seed: str, scale: float, say: Say) -> Run:
    out, log = folder / f"{hash_seed}.out", folder / f"{hash_seed}.ndjson"
    command = [sys.executable, "-m", "stream_pool.cli.main", "demo", "--offline", "--json"]
    command += ["--scale", f"{scale:g}", "--out", str(log)]
    began_s = time.perf_counter()
    seeded = os.environ | {"PYTHONHASHSEED": hash_seed}
    with (
        out.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, env=seeded) as process,
    ):
        assert process.stderr is not None, "a pipe was asked for"
        words = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - began_s
    try:
        told = json.loads(out.read_bytes())
    except ValueError as error:
        raise OfflineRunFailed(f"exit code {process.returncode}: {words.decode(errors='replace')}") from error
    run = Run(
        told=told,
        log_sha256=hashlib.sha256(log.read_bytes()).hexdigest(),
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * (1 if sys.platform == "darwin" else 1_024),
    )
    say(
        f"hash seed {hash_seed}: {run.told['handled']:,} orders in {wall_s:.0f} s,"
        f" {run.speed:.1f} x real time, log {run.log_sha256[:12]}"
    )
    return run


def _figures(run: Run) -> dict[str, float]:
    ahead = {
        row["rule"]: row["ahead_s"] for row in run.told["rows"] if row["rule"] and row["ahead_s"] is not None
    }
    return {
        "wall_s": run.wall_s,
        "cpu_s": run.cpu_s,
        "times_real_time": run.speed,
        "cpu_us_an_order": 1e6 * run.cpu_s / run.told["handled"],
        "peak_mb": run.peak_bytes / 1e6,
        "orders_decoded": run.told["handled"],
        "orders_since_t0": run.told["orders"],
        **{f"{rule}_ahead_s": ahead_s for rule, ahead_s in ahead.items()},
    }
