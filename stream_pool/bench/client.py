"""A client program in a process of its own: started, watched, and gone when the block ends."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_pool.bench.meter import Job, Reading, read_results
from stream_pool.broker.probe import free_port
from stream_pool.errors import StreamPoolError
from stream_pool.settings import variable

TAIL_CHARACTERS = 2_000


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
                env={**os.environ, **_port(), **program.settings, **job.to_environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield Client(process, results, log)
        finally:
            process.kill()
            process.wait()


def _port() -> dict[str, str]:
    """A worker of ours serves its metrics; two benches on one machine must not want the same port."""
    return {variable("web_port"): str(free_port())}


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
