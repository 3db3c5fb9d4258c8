"""Runs one client in a process of its own, and reads what it measured."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from stream_pool.bench.meter import Job, Reading, parse_readings
from stream_pool.errors import StreamPoolError

TAIL_BYTES = 2_000


class BenchClientError(StreamPoolError):
    """A client process ended without its figures, or did not end. Says the end of what it wrote."""

    reason = "bench_client_failed"


def run_client(
    arguments: Sequence[str], job: Job, *, settings: Mapping[str, str], timeout_s: float
) -> tuple[Reading, ...]:
    """Run `python -m …` until it prints its readings. Raises `BenchClientError`."""
    environment = {**os.environ, **settings, **job.to_environment()}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise BenchClientError(
                f"{arguments[-1]} was not done after {timeout_s:g} s:\n{_tail(errors)}"
            ) from None
        finally:
            process.kill()
            process.wait()
        lines = output.splitlines()
        if process.returncode != 0 or not lines:
            raise BenchClientError(f"{arguments[-1]} ended with {process.returncode}:\n{_tail(errors)}")
    return parse_readings(lines[-1])


def _tail(errors: IO[bytes]) -> str:
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - TAIL_BYTES))
    return errors.read().decode(errors="replace")
