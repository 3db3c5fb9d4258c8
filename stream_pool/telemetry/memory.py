"""What the process holds of the machine's memory, and what it may hold: read from the kernel, never guessed.

Resident bytes come from `/proc/self/statm`; where there is no `/proc` (macOS) the peak that `getrusage` knows
stands in for it, which never falls. The limit is the smallest of the control groups that the process is in
(version 2, else 1), from its own up to the root that it can see; no limit, or no such files, is None.
"""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from stream_pool.telemetry.snapshot import MemorySample

UNLIMITED_BYTES = 1 << 60
"""Version 1 says "no limit" as a number near 2^63; nobody has so much memory."""


class MemoryProbe:
    """Samples this process. The roots are arguments so that a test can bring its own."""

    def __init__(self, proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> None:
        self._statm = proc / "self" / "statm"
        self._membership = proc / "self" / "cgroup"
        self._cgroup = cgroup

    def sample(self) -> MemorySample:
        """The memory of this moment: a few small reads, no more than 0.1 ms."""
        return MemorySample(self._resident_bytes(), self._limit_bytes())

    def _resident_bytes(self) -> int:
        try:
            pages = int(self._statm.read_text().split()[1])
        except OSError:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 1024
        return pages * resource.getpagesize()

    def _limit_bytes(self) -> int | None:
        limits = [limit for file in self._limit_files() if (limit := _limit(file)) is not None]
        return min(limits, default=None)

    def _limit_files(self) -> Iterator[Path]:
        try:
            lines = self._membership.read_text().splitlines()
        except OSError:
            return
        for line in lines:
            hierarchy, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if hierarchy == "0" and not controllers:
                yield from _upwards(self._cgroup, path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _upwards(self._cgroup / "memory", path, "memory.limit_in_bytes")


def _upwards(root: Path, path: str, name: str) -> Iterator[Path]:
    own = Path(path.lstrip("/"))
    return (root / group / name for group in (own, *own.parents))


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    if not text.isdigit() or int(text) >= UNLIMITED_BYTES:
        return None
    return int(text)
