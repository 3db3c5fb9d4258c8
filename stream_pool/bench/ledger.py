"""Who handled what, written through to the file at every record: it survives whatever ends the process.

An entry is a run: a partition, and offsets that were handled one after the other. The run that a record
continues is written anew in its place, by one `pwrite` call, so that the file grows with what breaks a run
(poison, a rebalance, a record that comes again) and not with the traffic. A process that dies between two
calls leaves whole entries. `lost` compares what was committed with what was handled or buried.
"""

import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_ENTRY = struct.Struct("<QQQ")  # aligned, so that a reader never sees half of a member

Place = tuple[int, int]
"""Partition and offset."""


class Run(NamedTuple):
    """The offsets [start, end) of a partition."""

    partition: int
    start: int
    end: int


class Ledger:
    """The writing side: one process, one file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o600)
        self._places = 0
        self._going_on: dict[int, tuple[int, int, int]] = {}

    def note(self, partition: int, offset: int) -> None:
        """This record has been handled."""
        place, start, end = self._going_on.get(partition, (0, 0, -1))
        if offset != end:
            place, start = self._places, offset
            self._places += 1
        self._going_on[partition] = (place, start, offset + 1)
        os.pwrite(self._file, _ENTRY.pack(partition, start, offset + 1), place * _ENTRY.size)

    def close(self) -> None:
        os.close(self._file)


def read_ledger(path: Path) -> list[Run]:
    """Every run that was handled, repeats included; nothing where there is no file yet."""
    if not path.exists():
        return []
    whole = path.read_bytes()
    return list(map(Run._make, _ENTRY.iter_unpack(whole[: len(whole) // _ENTRY.size * _ENTRY.size])))


class LedgerReader:
    """Reads a file as it grows; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends: list[int] = []

    def read_more(self) -> list[Place]:
        """The records that have come since the last time, by runs."""
        more: list[Place] = []
        for number, run in enumerate(read_ledger(self._path)):
            known = self._ends[number] if number < len(self._ends) else run.start
            more += [(run.partition, offset) for offset in range(known, run.end)]
            self._ends[number : number + 1] = [run.end]
        return more


def records(runs: Iterable[Run]) -> int:
    """How many records the runs have; one that is in two of them counts twice."""
    return sum(run.end - run.start for run in runs)


def merged(runs: Iterable[Run]) -> list[Run]:
    """The same offsets in as few runs as can be, each offset once, in order."""
    whole: list[Run] = []
    for run in sorted(runs):
        last = whole[-1] if whole else None
        if last is not None and last.partition == run.partition and last.end >= run.start:
            whole[-1] = Run(run.partition, last.start, max(last.end, run.end))
        else:
            whole.append(run)
    return whole


def lost(committed: Mapping[int, int], done: Iterable[Run]) -> list[Run]:
    """Records below their partition's committed offset that are not among `done`: nobody will see them again.

    Offsets are taken to begin at 0 and to have no holes, as in a topic that was written without transactions.
    """
    position = dict.fromkeys(committed, 0)
    holes: list[Run] = []
    for partition, start, end in merged(done):
        if partition in committed:
            holes.append(Run(partition, position[partition], min(start, committed[partition])))
            position[partition] = end
    holes += [Run(partition, position[partition], end) for partition, end in committed.items()]
    return sorted(hole for hole in holes if hole.start < hole.end)
