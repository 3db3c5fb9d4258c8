"""A client program in a process of its own: started, watched, and gone when the block ends."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_pool.bench.meter import Job, Reading, read_results
from stream_pool.errors import StreamPoolError
from stream_pool.settings import variable

TAIL_CHARACTERS = 2_000
LOOK_S = 0.02
ANY_PORT = {variable("web_port"): "0"}
"""A worker of ours serves its metrics; two benches on one machine must not want the same port."""


class BenchClientError(StreamPoolError):
    """A client process did not do what was expected in time. Says the end of what it wrote."""

    reason = "bench_client_failed"


@dataclass(frozen=True, slots=True)
class Program:
    """What `python -m` is given, and the environment variables above those of this process."""

    arguments: Sequence[str]
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A running client. `results` is the file that it writes, `log` what it says."""

    process: subprocess.Popen[bytes]
    results: Path
    log: Path

    def said(self, event: str) -> list[dict[str, Any]]:
        """The whole lines of its log so far that are JSON objects and say this."""
        lines = self.log.read_text(errors="replace").split("\n")[:-1]
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in told if line.get("event") == event]

    def wait(self, timeout_s: float) -> None:
        """Until it has ended well. Raises `BenchClientError` where it does not, or not in time."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self.failed(f"it was not done after {timeout_s:g} s") from None
        if code != 0:
            raise self.failed("it should have ended with 0")

    def failed(self, expected: str) -> BenchClientError:
        """The error that says what was expected of the process, and its last words."""
        tail = self.log.read_text(errors="replace")[-TAIL_CHARACTERS:]
        return BenchClientError(f"{expected}; exit code {self.process.poll()}:\n{tail}")


@contextmanager
def started(
    program: Program, *, broker: str, topic: str, group: str, marks: tuple[int, ...] = ()
) -> Iterator[Client]:
    """The program at work on `topic`. At the end of the block it is killed, if it still runs."""
    with tempfile.TemporaryDirectory(prefix="stream-pool-bench-") as directory:
        results, log = Path(directory, "results"), Path(directory, "log")
        job = Job(broker, topic, group, marks, str(results))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *program.arguments],
                env={**os.environ, **ANY_PORT, **program.settings, **job.to_environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield Client(process, results, log)
        finally:
            process.kill()
            process.wait()


async def until(holds: Callable[[], object], clients: Sequence[Client], what: str, timeout_s: float) -> None:
    """Look until something `holds`. Raises `BenchClientError`, which says `what` does not, where one of the
    clients ends before that or the time is up."""
    give_up_s = time.monotonic() + timeout_s
    while not holds():
        for client in clients:
            if client.process.poll() is not None or time.monotonic() > give_up_s:
                raise client.failed(f"{what}, within {timeout_s:g} s")
        await asyncio.sleep(LOOK_S)


def run_to_marks(
    program: Program, *, broker: str, topic: str, group: str, marks: tuple[int, ...], timeout_s: float
) -> tuple[Reading, ...]:
    """The readings of a program that ends at its last mark. Raises `BenchClientError`."""
    with started(program, broker=broker, topic=topic, group=group, marks=marks) as client:
        try:
            client.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise client.failed(f"{group} was not done after {timeout_s:g} s") from None
        readings = read_results(client.results)
        if not readings:
            raise client.failed(f"{group} ended before its last mark")
        return readings
