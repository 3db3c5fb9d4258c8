"""The ledger: what the handlers of all workers of a test did, one line a record, written as it was done.

`worker what topic partition offset`, appended by one `write`, so that a killed worker leaves whole lines.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

Place: TypeAlias = tuple[str, int, int]
"""Topic, partition, offset."""


class Entry(NamedTuple):
    """One thing that a handler did: `what` is `handled`, `began`, `tried`, or a word of the app's own."""

    worker: str
    what: str
    topic: str
    partition: int
    offset: int

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Account:
    """What was to be handled, against what was."""

    missing: tuple[Place, ...]
    repeated: Mapping[Place, int]
    strangers: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """The reading side of the file."""

    path: Path

    def entries(self, what: str | None = None) -> list[Entry]:
        """Every whole line so far, in order; with `what`, only those."""
        if not self.path.exists():
            return []
        lines = self.path.read_text().split("\n")[:-1]
        found = [self._entry(line) for line in lines]
        return [entry for entry in found if what is None or entry.what == what]

    def places(self, what: str = "handled") -> Counter[Place]:
        """How often each record was `what`."""
        return Counter(entry.place for entry in self.entries(what))

    def by(self, worker: str) -> list[Entry]:
        """What one worker handled."""
        return [entry for entry in self.entries("handled") if entry.worker == worker]

    def account(self, expected: Iterable[Place], what: str = "handled") -> Account:
        """The difference to what should stand here."""
        places, wanted = self.places(what), set(expected)
        return Account(
            missing=tuple(sorted(wanted - places.keys())),
            repeated={place: times for place, times in sorted(places.items()) if times > 1},
            strangers=tuple(sorted(places.keys() - wanted)),
        )

    def __str__(self) -> str:
        """All of it, runs of offsets of one worker and partition in one line: for the failure's report."""
        runs: list[tuple[Entry, int]] = []
        for entry in self.entries():
            if runs and runs[-1][0][:4] == entry[:4] and runs[-1][1] + 1 == entry.offset:
                runs[-1] = (runs[-1][0], entry.offset)
            else:
                runs.append((entry, entry.offset))
        return "\n".join(
            f"{first.worker} {first.what} {first.topic}-{first.partition} {first.offset}..{last}"
            for first, last in runs
        )

    @staticmethod
    def _entry(line: str) -> Entry:
        worker, what, topic, partition, offset = line.split(" ")
        return Entry(worker, what, topic, int(partition), int(offset))
