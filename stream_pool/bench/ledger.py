"""Who handled what, written through to the file at every record: it survives whatever ends the process.

An entry is a partition and an offset, appended by one `write` call; a process that dies between two calls
leaves whole entries. `lost` compares what was committed with what was handled or buried.
"""

import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

_ENTRY = struct.Struct("<IQ")

Place = tuple[int, int]
"""Partition and offset."""


class Ledger:
    """The writing side: one process, one file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, partition: int, offset: int) -> None:
        """This record has been handled."""
        os.write(self._file, _ENTRY.pack(partition, offset))

    def close(self) -> None:
        os.close(self._file)


def entries(path: Path) -> int:
    """How many records the file has by now."""
    return path.stat().st_size // _ENTRY.size if path.exists() else 0


def read_ledger(path: Path) -> list[Place]:
    """Every record that was handled, in order, repeats included."""
    return LedgerReader(path).read_more()


class LedgerReader:
    """Reads a file as it grows; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def read_more(self) -> list[Place]:
        """The entries that have come since the last time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            more = file.read()
        whole = more[: len(more) // _ENTRY.size * _ENTRY.size]
        self._at += len(whole)
        return list(_ENTRY.iter_unpack(whole))


def lost(committed: Mapping[int, int], done: Iterable[Place]) -> list[Place]:
    """Records below their partition's committed offset that are not among `done`: nobody will see them again.

    Offsets are taken to begin at 0 and to have no holes, as in a topic that was written without transactions.
    """
    covered = set(done)
    return [
        (partition, offset)
        for partition, position in sorted(committed.items())
        for offset in range(position)
        if (partition, offset) not in covered
    ]
