"""What became of each record, and the sums that the log has: of a worker on a broker, or in memory. Pure.

Two accounts of the same traffic must be the same record by record. Their logs' ranges end where intervals
did, which differ; so each range of either log is held against the other's records in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from stream_pool.events import SignalsSampled, read_raw
from stream_pool.events.raw_record import RawRecord
from stream_pool.testing.dead_letter import DeadLetter, read_dead_letters

DONE = "done"

Place = tuple[int, int]
"""Partition and offset."""

Range = tuple[int, int, int]
"""Partition, the first offset, and the one behind the last."""


class Call(NamedTuple):
    """A handler was called with a record: how deep its document was, and how many bytes its value had."""

    partition: int
    offset: int
    depth: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a record: every call of its handler, and every dead letter."""

    calls: tuple[Call, ...] = ()
    letters: tuple[DeadLetter, ...] = ()

    @property
    def sums(self) -> "Sums":
        """What the log should say of it."""
        letters = len(self.letters)
        size = self.calls[0].bytes if self.calls else len(self.letters[0].value or b"")
        return Sums(1, size, letters, letters, max(len(self.calls) - 1, 0))


class Sums(NamedTuple):
    """What a range of the log says of its records."""

    records: int = 0
    bytes: int = 0
    errors: int = 0
    dead_letters: int = 0
    retries: int = 0

    def plus(self, other: "Sums") -> "Sums":
        return Sums(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Account:
    """Fates by place, and the sums that the log has, by range."""

    fates: Mapping[Place, Fate]
    ranges: Mapping[Range, Sums]

    @property
    def outcomes(self) -> Counter[str]:
        """Records by reason, and those that were done."""
        return Counter(fate.letters[0].reason if fate.letters else DONE for fate in self.fates.values())


def account(calls: str, letters: Sequence[RawRecord], events: Iterable[RawRecord]) -> Account:
    """Of the calls as the witness wrote them, the dead letters, and the event log."""
    called: dict[Place, list[Call]] = defaultdict(list)
    for line in calls.splitlines():
        call = Call(*map(int, line.split()))
        called[call.partition, call.offset].append(call)
    buried: dict[Place, list[DeadLetter]] = defaultdict(list)
    for letter in read_dead_letters(letters):
        buried[letter.partition, letter.offset].append(letter)
    ranges: dict[Range, Sums] = {}
    for event in (read_raw(record).event for record in events):
        for part in event.partitions if isinstance(event, SignalsSampled) else ():
            if part.from_offset < part.to_offset:
                place = part.partition, part.from_offset, part.to_offset
                ranges[place] = Sums(part.records, part.bytes, part.errors, part.dead_letters, part.retries)
    return Account(
        {
            place: Fate(tuple(called.get(place, ())), tuple(buried.get(place, ())))
            for place in called.keys() | buried.keys()
        },
        ranges,
    )


def different_fates(one: Account, other: Account) -> list[Place]:
    """Records that did not come to the same, or that only one of them knows."""
    places = one.fates.keys() | other.fates.keys()
    return sorted(place for place in places if one.fates.get(place) != other.fates.get(place))


def different_ranges(log: Account, other: Account) -> list[Range]:
    """Ranges of one's log that do not add up to the other's records in them, or leave some out before them;
    and the rest of each partition that no range has."""
    wrong: list[Range] = []
    ends: dict[int, int] = {}
    for found, sums in sorted(log.ranges.items()):
        partition, start, end = found
        fates = (other.fates.get((partition, offset)) for offset in range(start, end))
        wanted = reduce(Sums.plus, (fate.sums for fate in fates if fate is not None), Sums())
        if sums != wanted or ends.get(partition, 0) != start:
            wrong.append(found)
        ends[partition] = end
    wanted_ends: dict[int, int] = {}
    for partition, offset in sorted(other.fates):
        wanted_ends[partition] = offset + 1
    return wrong + [
        (partition, ends.get(partition, 0), end)
        for partition, end in wanted_ends.items()
        if ends.get(partition, 0) != end
    ]
