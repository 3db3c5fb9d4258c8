"""What became of every record that the topic has: the books of a soak, closed at its end. Pure.

The broker's own count is what has to be accounted for, so that a record counts as well whose acknowledgement
was lost; where it has fewer than it acknowledged, what is missing was lost by it, and counts too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stream_pool.bench.dead_letters import Letter
from stream_pool.bench.ledger import Run, lost, merged, records
from stream_pool.bench.soak.traffic import POISON_HEADER, POISON_REASON, Place


@dataclass(frozen=True, slots=True)
class Books:
    """Where the partitions end, what was acknowledged up to where, what was handled, buried, and was poison.

    `handled_records` counts repeats, which `handled` may have joined.
    """

    ends: Mapping[int, int]
    acknowledged: Mapping[int, int]
    handled: Sequence[Run]
    handled_records: int
    letters: Sequence[Letter]
    poison: frozenset[Place]

    @property
    def records(self) -> int:
        """All that has to be accounted for."""
        return sum(self._promised.values())

    @property
    def lost(self) -> list[Run]:
        """Neither handled nor buried."""
        return lost(self._promised, [*self.handled, *(letter.run for letter in self.letters)])

    @property
    def repeats(self) -> int:
        """How often a record was handled again: allowed, since delivery is at least once."""
        return self.handled_records - records(merged(self.handled))

    @property
    def strangers(self) -> list[Letter]:
        """Dead letters of records that were no poison, or that give another reason."""
        return [
            letter
            for letter in self.letters
            if POISON_HEADER not in letter.headers or letter.reason != POISON_REASON
        ]

    @property
    def unburied(self) -> frozenset[Place]:
        """Poison that has no dead letter."""
        return self.poison - {(letter.partition, letter.offset) for letter in self.letters}

    @property
    def _promised(self) -> dict[int, int]:
        return {
            partition: max(self.ends.get(partition, 0), self.acknowledged.get(partition, 0))
            for partition in self.ends.keys() | self.acknowledged.keys()
        }
