"""One of our own commands, run to its end as a process of its own: what it printed, and what it took."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from stream_pool.bench.client import TAIL_CHARACTERS, BenchClientError
from stream_pool.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Ended:
    """The object that a command printed, and what the whole process took, its start included."""

    told: Mapping[str, Any]
    wall_s: float
    cpu_s: float
    peak_bytes: int


def run_command(
    *arguments: object, settings: Mapping[str, str] | None = None, exits: Collection[int] = (ExitCode.OK,)
) -> Ended:
    """Run `stream-pool` with these arguments and `--json`, with `settings` for its environment.

    Raises `BenchClientError` where it ends in another way than it `exits`, or prints no object.
    """
    command = [sys.executable, "-m", "stream_pool.cli.main", *map(str, arguments), "--json"]
    began_s = time.perf_counter()
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.PIPE, env=os.environ | (settings or {})
        ) as process,
    ):
        assert process.stderr is not None, "a pipe was asked for"
        words = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began_s
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        try:
            told = json.loads(output.read())
        except ValueError:
            told = None
    if told is None or process.returncode not in exits:
        raise BenchClientError(
            f"stream-pool {arguments[0]} ended with {process.returncode}: {words[-TAIL_CHARACTERS:]}"
        )
    return Ended(
        told=told,
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * (1 if sys.platform == "darwin" else 1_024),
    )
