"""What became of each record: the books that `lost` is read from.

Four independent witnesses are compared: the broker's acknowledgements to the producer, the ranges that the
worker's own log says are finished, the dead letters that can be read, and the group's commits. A record is
lost when its offset is committed and no range covers it, so that nobody will read it again, or when the log
calls it failed and no dead letter shows it. One that is neither finished nor committed is only unfinished.
"""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """The books: `sent` is always `processed + dead_letters + lost + unfinished`."""

    sent: int
    processed: int
    dead_letters: int
    lost: int = 0
    unfinished: int = 0
    repeated: int = 0

    @property
    def settled(self) -> bool:
        """Whether everything that was sent has been processed or put to the dead letters."""
        return self.sent == self.processed + self.dead_letters


class Ledger:
    """Books of one topic: sets of offsets by partition, as many as `plan.ORDERS_MAX` at most."""

    def __init__(self) -> None:
        self._sent: defaultdict[int, set[int]] = defaultdict(set)
        self._finished: defaultdict[int, set[int]] = defaultdict(set)
        self._letters: defaultdict[int, set[int]] = defaultdict(set)
        self._committed: dict[int, int] = {}
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

    def committed(self, partition: int, offset: int) -> None:
        """The group will go on from this offset: it never reads those below it again."""
        self._committed[partition] = offset

    def account(self) -> Account:
        """The books as they stand."""
        sent = sum(map(len, self._sent.values()))
        letters = sum(
            len(offsets & self._letters[partition]) for partition, offsets in self._finished.items()
        )
        failed = max(self._failed, letters)
        finished = gone = 0
        for partition, offsets in self._sent.items():
            finished += len(offsets & self._finished[partition])
            committed = self._committed.get(partition, 0)
            gone += sum(offset < committed for offset in offsets - self._finished[partition])
        return Account(
            sent=sent,
            processed=finished - failed,
            dead_letters=letters,
            lost=gone + failed - letters,
            unfinished=sent - finished - gone,
            repeated=self._repeated,
        )
