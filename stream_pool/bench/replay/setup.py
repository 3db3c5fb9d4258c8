"""What each figure of the bench is given, and what it gives."""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stream_pool.bench.admin import create_topic, delete_topics
from stream_pool.bench.client import Program, run_to_marks
from stream_pool.bench.interval import Interval
from stream_pool.bench.meter import Reading
from stream_pool.bench.report import Bar

KEPT = {"retention.ms": "-1"}
"""Of every topic: replayed records are as old as they were."""

TIMEOUT_S = 1_800.0
"""Of one program, whatever the size that was asked for."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """A broker by its address, a folder for files, and how much of everything.

    `records` is what a turn captures or replays, `gigabytes` what the capture holds whose memory is watched,
    `hostile` the number of records of the round trip.
    """

    servers: str
    folder: Path
    rounds: int
    records: int
    gigabytes: float
    hostile: int
    say: Say

    def run(self, name: str, program: Program, topic: str, marks: tuple[int, ...]) -> tuple[Reading, ...]:
        """The readings of a client program at its marks. Raises `BenchClientError`, which has its `name`."""
        return run_to_marks(
            program, broker=self.servers, topic=topic, group=name, marks=marks, timeout_s=TIMEOUT_S
        )

    @contextmanager
    def topic(self, name: str, partitions: int, config: Mapping[str, str] | None = None) -> Iterator[str]:
        """A new topic for the length of a block."""
        topic = f"bench-replay-{name}-{uuid.uuid4().hex[:8]}"
        asyncio.run(create_topic(self.servers, topic, partitions, KEPT | dict(config or {})))
        try:
            yield topic
        finally:
            asyncio.run(delete_topics(self.servers, [topic]))

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """A name for a new file, which is gone after the block."""
        path = self.folder / f"{uuid.uuid4().hex[:8]}-{name}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure's part of the report."""

    candidates: Mapping[str, Mapping[str, float]]
    bars: tuple[Bar, ...]
    ratios: Mapping[str, Interval] = field(default_factory=dict)
