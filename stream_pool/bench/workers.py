"""What a second worker of the same group is worth: records a second of all, while all are at work.

Workers are started together and drain one backlog. Each notes every so many records how far it is, on the
machine's one monotonic clock; what counts is the time in which each of them had something to note. What the
first does alone, before the second has joined or after it ran dry, so is no part of the figure.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from stream_pool.bench.client import Client, Program, started

STEP_RECORDS = 5_000
WATCH_INTERVAL_S = 0.1

Note = tuple[float, int]
"""Seconds of the monotonic clock, and the records done by then."""


class Tally:
    """The writing side: one process, one file, a line by one `write` call."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, records: int) -> None:
        """So many are done now."""
        os.write(self._file, f"{time.monotonic():.6f} {records}\n".encode())


def read_tally(path: Path) -> list[Note]:
    """Every note so far; nothing where there is no file yet."""
    if not path.exists():
        return []
    lines = (line.split() for line in path.read_text().splitlines())
    return [(float(at_s), int(records)) for at_s, records in lines]


def rate_together(tallies: Sequence[Sequence[Note]]) -> float:
    """Records a second of all, between the latest first note and the earliest last.

    Raises `ValueError` where there is no such time: they were never at work together.
    """
    if not all(tallies):
        raise ValueError("a worker noted nothing")
    begin_s = max(notes[0][0] for notes in tallies)
    end_s = min(notes[-1][0] for notes in tallies)
    if end_s <= begin_s:
        raise ValueError("the workers were never at work together")
    done = sum(_done_at(notes, end_s) - _done_at(notes, begin_s) for notes in tallies)
    return done / (end_s - begin_s)


def _done_at(notes: Sequence[Note], at_s: float) -> float:
    """Records done at a time within the notes, on a line between the two around it."""
    for (before_s, before), (after_s, after) in pairwise(notes):
        if before_s <= at_s <= after_s:
            return before + (after - before) * (at_s - before_s) / (after_s - before_s)
    return notes[0][1]


def drain_together(
    program: Program, workers: int, *, broker: str, topic: str, group: str, records: int, timeout_s: float
) -> list[list[Note]]:
    """What so many workers noted while they drained `records`. Raises `BenchClientError`."""
    give_up_s = time.monotonic() + timeout_s
    with ExitStack() as stack:
        clients = [
            stack.enter_context(started(program, broker=broker, topic=topic, group=group))
            for _ in range(workers)
        ]
        while True:
            tallies = [read_tally(client.results) for client in clients]
            # The last few of each are fewer than a step, and noted by nobody.
            if sum(notes[-1][1] for notes in tallies if notes) > records - workers * STEP_RECORDS:
                return tallies
            _watch(clients, give_up_s)


def _watch(clients: Sequence[Client], give_up_s: float) -> None:
    for client in clients:
        if client.process.poll() is not None or time.monotonic() > give_up_s:
            raise client.failed("a worker did not drain its share in time")
    time.sleep(WATCH_INTERVAL_S)
