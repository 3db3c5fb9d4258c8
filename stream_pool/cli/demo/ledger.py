"""What became of each record: the books that `lost` is read from.

Three independent witnesses are compared: the broker's acknowledgements to the producer, the ranges that the
worker's own log says are finished, and the dead letters that can be read. A record is lost when it was sent
and no range covers it, or when the log calls it failed and no dead letter shows it.
"""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """The books, closed: `sent` is always `processed + dead_letters + lost`."""

    sent: int
    processed: int
    dead_letters: int
    lost: int
    repeated: int


class Ledger:
    """Books of one topic: sets of offsets by partition, as many as `plan.ORDERS_MAX` at most."""

    def __init__(self) -> None:
        self._sent: defaultdict[int, set[int]] = defaultdict(set)
        self._finished: defaultdict[int, set[int]] = defaultdict(set)
        self._letters: defaultdict[int, set[int]] = defaultdict(set)
        self._failed = 0
        self._repeated = 0

    def sent(self, partition: int, offset: int) -> None:
        """The broker acknowledged a record at this offset."""
        self._sent[partition].add(offset)

    def finished(self, partition: int, start: int, end: int, failed: int) -> None:
        """The log says that the offsets [start, end) are done, `failed` of them without success.

        A range that repeats whole brings nothing new, its failures neither.
        """
        known = self._finished[partition]
        before = len(known)
        known.update(range(start, end))
        new = len(known) - before
        self._repeated += end - start - new
        if new:
            self._failed += failed

    def dead_letter(self, partition: int, offset: int) -> bool:
        """A dead letter of the record at this offset was read; whether it is the first one."""
        known = self._letters[partition]
        before = len(known)
        known.add(offset)
        return len(known) > before

    def account(self) -> Account:
        """The books as they stand."""
        sent = sum(map(len, self._sent.values()))
        finished = sum(len(offsets & self._finished[partition]) for partition, offsets in self._sent.items())
        letters = sum(
            len(offsets & self._letters[partition]) for partition, offsets in self._finished.items()
        )
        failed = max(self._failed, letters)
        return Account(
            sent=sent,
            processed=finished - failed,
            dead_letters=letters,
            lost=sent - finished + failed - letters,
            repeated=self._repeated,
        )
