"""Merges the records of several partitions by time, a block at a time.

What is given keeps the order of offsets within each partition. Across partitions it is in order of the
records' times as far as these rise: a record that is dated back counts as no later than any behind it in its
partition, as far as those have come. A record dated ahead so holds up nothing but itself. Records are given
up to the time that every partition has come to, so that the memory it takes is that of a block of each. Pure.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Generic, Protocol, TypeVar


class Timed(Protocol):
    """What is asked of a record."""

    @property
    def timestamp(self) -> int: ...


P = TypeVar("P", bound=Hashable)
R = TypeVar("R", bound=Timed)

_TIME = attrgetter("timestamp")


class Merge(Generic[P, R]):
    """Takes blocks of records of `partitions`, and gives merged ones."""

    def __init__(self, partitions: Iterable[P]) -> None:
        self._queues: dict[P, _Queue[R]] = {partition: _Queue() for partition in partitions}
        self._open = set(self._queues)

    @property
    def is_done(self) -> bool:
        """Whether every partition has ended and everything was given."""
        return not self._open and not any(queue.left for queue in self._queues.values())

    def hungry(self) -> list[P]:
        """The partitions of which more must come, or better does soon, in the order that they were given in.

        To take more of the others only costs memory.
        """
        return [
            partition for partition, queue in self._queues.items() if partition in self._open and queue.is_low
        ]

    def holds(self, partition: P) -> bool:
        """Whether something of a partition has come that was not given."""
        return self._queues[partition].left > 0

    def add(self, partition: P, records: Sequence[R]) -> None:
        """Take the next records of a partition."""
        self._queues[partition].add(records)

    def end(self, partition: P) -> None:
        """No more will come of a partition."""
        self._open.discard(partition)

    def take(self) -> Sequence[R]:
        """The next records, merged; none where some partition must be heard first."""
        queues = self._queues
        if any(not queues[partition].left for partition in self._open):
            return ()
        until = min((queues[partition].times[-1] for partition in self._open), default=None)
        blocks = [queue.take(until) for queue in queues.values() if queue.left]
        blocks = [block for block in blocks if block[0]]
        if len(blocks) == 1:
            return blocks[0][1]
        times = [time for block in blocks for time in block[0]]
        records = [record for block in blocks for record in block[1]]
        order = sorted(range(len(times)), key=times.__getitem__)
        return [records[number] for number in order]


class _Queue(Generic[R]):
    """What has come of one partition and was not given."""

    __slots__ = ("_at", "_low", "_records", "times")

    def __init__(self) -> None:
        self._records: Sequence[R] = ()
        self.times: list[int] = []  # the earliest from each record on: they rise
        self._at = 0
        self._low = 0

    @property
    def left(self) -> int:
        return len(self.times) - self._at

    @property
    def is_low(self) -> bool:
        return self.left <= self._low

    def add(self, records: Sequence[R]) -> None:
        self._low = len(records) // 2
        self._records = [*self._records[self._at :], *records] if self.left else records
        self._at = 0
        self.times = list(accumulate(map(_TIME, reversed(self._records)), min))
        self.times.reverse()

    def take(self, until: int | None) -> tuple[Sequence[int], Sequence[R]]:
        begin = self._at
        self._at = len(self.times) if until is None else bisect_right(self.times, until, begin)
        if not self.left and begin == 0:
            return self.times, self._records
        return self.times[begin : self._at], self._records[begin : self._at]
