"""The inside of a client process: what it has cost when it has done so many records.

Cost is CPU time of the whole process, user and system, all threads (`getrusage`): the broker shares the
cores, so wall time says as much about the broker as about the client. The first mark ends the warm-up (start,
join, first fetches, late imports); what lies between two marks is what is judged.

The peak of memory is the kernel's `VmHWM`. `getrusage` does not do for it: its peak is kept across fork and
exec, so a child starts with what its parent held. Where there is no `/proc` (macOS) it has to.
"""

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stream_pool.telemetry.memory import MemoryProbe

VARIABLE = "BENCH_JOB"
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Reading:
    """The process at one mark: records done, CPU and wall seconds so far, memory now and at its highest."""

    records: int
    cpu_s: float
    wall_s: float
    rss_bytes: int
    peak_rss_bytes: int


@dataclass(frozen=True, slots=True)
class Job:
    """What a client process is told, through its environment.

    `marks` rise; at the last the process writes its readings to the file `results` and ends.
    """

    broker: str
    topic: str
    group: str
    marks: tuple[int, ...]
    results: str

    def to_environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> "Job":
        told = json.loads(os.environ[VARIABLE])
        return cls(**{**told, "marks": tuple(told["marks"])})


class Meter:
    """Counts to the marks: the hot path compares its count with `next_mark` and calls `read` when there."""

    def __init__(self, job: Job) -> None:
        self._marks = list(job.marks)
        self._results = Path(job.results)
        self._readings: list[Reading] = []
        self.next_mark = self._marks.pop(0)

    def read(self, records: int) -> None:
        """Take a reading; at the last mark write them all, and end.

        The process ends at once, without an orderly stop: stopping is measured by another bench.
        """
        self._readings.append(_reading(records))
        if self._marks:
            self.next_mark = self._marks.pop(0)
            return
        self._results.write_text(json.dumps([asdict(reading) for reading in self._readings]))
        os._exit(0)


def read_results(results: Path) -> tuple[Reading, ...]:
    """What a client process wrote; nothing where it did not come so far."""
    if not results.exists():
        return ()
    return tuple(Reading(**reading) for reading in json.loads(results.read_text()))


def _reading(records: int) -> Reading:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = peak_rss_bytes()
    rss = MemoryProbe().sample().rss_bytes or peak
    return Reading(records, usage.ru_utime + usage.ru_stime, time.monotonic(), rss, max(peak, rss))


def peak_rss_bytes(status: Path = STATUS) -> int:
    """The most that this process has held since it began to run its program."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
