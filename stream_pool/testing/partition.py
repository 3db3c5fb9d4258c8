"""One partition of the in-memory log: records one behind the other, by their offsets.

The idea: offsets are counted from the first one kept, and nothing is remembered of them, as long as they have
no gaps. A copy of another log may have some (compaction, a transaction's markers); from the first gap on each
record's offset stands beside it, so that a gap costs nothing however wide it is.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from stream_pool.testing.records import Stored


class Partition:
    """Records from offset `base` to before `end`. `watchers` are called after something was appended."""

    __slots__ = ("_offsets", "base", "end", "records", "watchers")

    def __init__(self) -> None:
        self.base = 0
        self.end = 0
        self.records: list[Stored] = []
        self.watchers: list[Callable[[], None]] = []
        self._offsets: list[int] | None = None

    def append(self, kept: Stored) -> None:
        """Write one record; nobody is woken."""
        self.records.append(kept)
        if self._offsets is not None:
            self._offsets.append(self.end)
        self.end += 1

    def extend(self, kept: Iterable[Stored]) -> None:
        """Write records, one behind the other; nobody is woken."""
        before = len(self.records)
        self.records.extend(kept)
        begin, self.end = self.end, self.end + len(self.records) - before
        if self._offsets is not None:
            self._offsets.extend(range(begin, self.end))

    def begin(self, offset: int) -> None:
        """Let an empty partition begin at an offset. Raises ValueError where something has stood in it."""
        if self.end:
            raise ValueError(f"the partition has begun at {self.base}")
        self.base = self.end = offset

    def skip(self, to_offset: int) -> None:
        """Let the next record stand at an offset; a gap with nothing behind it is never passed by a consumer.

        Raises ValueError where the log is beyond.
        """
        if to_offset < self.end:
            raise ValueError(f"offset {to_offset} is not free: the partition ends at {self.end}")
        if to_offset > self.end and self._offsets is None:
            self._offsets = list(range(self.end - len(self.records), self.end))
        self.end = to_offset

    def trim(self, before: int) -> None:
        """Delete what stands before an offset."""
        number = min(max(self._index(before), 0), len(self.records))
        del self.records[:number]
        if self._offsets is not None:
            del self._offsets[:number]
        self.base = max(self.base, min(before, self.end))

    def read(self, offset: int, max_records: int) -> Iterator[tuple[int, Stored]]:
        """What stands from an offset on, with its offsets."""
        start = self._index(offset)
        stop = start + max_records
        offsets = count(offset) if self._offsets is None else self._offsets[start:stop]
        return zip(offsets, self.records[start:stop], strict=False)

    def wake(self) -> None:
        """Tell the watchers."""
        for woken in tuple(self.watchers):
            woken()

    def _index(self, offset: int) -> int:
        return offset - self.base if self._offsets is None else bisect_left(self._offsets, offset)
