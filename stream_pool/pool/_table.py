"""The table of pooled strings: bounded in entries and bytes, with bounded work a call.

Two queues. A newcomer is on *probation*; found again there, it is *kept*. When room is needed, there leaves

1. the oldest on probation, which was never hit; the newest eighth of the capacity is spared, so that a table
   full of once-wanted strings can still learn new ones;
2. else the oldest kept that nobody outside holds: up to eight that are held go to the back of the queue;
3. else the oldest of those eight.

Making room stops after `EVICTIONS_PER_CALL`, and a string that still does not fit stays outside: the bounds
always win. An evicted string lives on in the documents that hold it.
"""

import sys
from collections import OrderedDict
from itertools import islice

ENTRY_BYTES_MAX = 1024
"""A longer string is never pooled, so that one newcomer cannot push out a whole table."""

EVICTIONS_PER_CALL = 16
HELD_PROBES = 8


class StringTable:
    """Strings by value, each once. Not thread safe: the pool has the lock."""

    __slots__ = ("_probation", "bytes", "bytes_max", "capacity", "evictions", "kept")

    def __init__(self, capacity: int, bytes_max: int) -> None:
        self.capacity = capacity
        self.bytes_max = bytes_max
        self.bytes = 0
        self.evictions = 0
        self.kept: OrderedDict[str, str] = OrderedDict()
        self._probation: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self.kept) + len(self._probation)

    def find(self, string: str) -> str | None:
        """The pooled string that equals this one, or None; being found ends its probation."""
        found = self.kept.get(string)
        if found is None:
            found = self._probation.pop(string, None)
            if found is not None:
                self.kept[found] = found
        return found

    def admit(self, string: str) -> None:
        """Puts in a string that is not in yet, if the bounds let it."""
        size_bytes = utf8_bytes(string)
        if size_bytes > ENTRY_BYTES_MAX:
            return
        if self.make_room(entries=1, size_bytes=size_bytes):
            self._probation[string] = string
            self.bytes += size_bytes

    def make_room(self, entries: int, size_bytes: int) -> bool:
        """Evicts a bounded number until this much would fit, and says whether it now does."""
        for _ in range(EVICTIONS_PER_CALL):
            if self._fits(entries, size_bytes) or not len(self):
                break
            self._evict()
        return self._fits(entries, size_bytes)

    def _fits(self, entries: int, size_bytes: int) -> bool:
        return len(self) + entries <= self.capacity and self.bytes + size_bytes <= self.bytes_max

    def _evict(self) -> None:
        spared = self.capacity // 8
        if len(self._probation) > spared or not self.kept:
            victim, _ = self._probation.popitem(last=False)
        else:
            victim = self._least_wanted()
            del self.kept[victim]
        self.bytes -= utf8_bytes(victim)
        self.evictions += 1

    def _least_wanted(self) -> str:
        probes = min(HELD_PROBES, len(self.kept))
        for _ in range(probes):
            candidate = next(iter(self.kept))
            if sys.getrefcount(candidate) <= _REFERENCES_UNHELD:
                return candidate
            self.kept.move_to_end(candidate)
        return next(islice(reversed(self.kept), probes - 1, None))


def utf8_bytes(string: str) -> int:
    return len(string) if string.isascii() else len(string.encode("utf-8", "surrogatepass"))


def _references_unheld() -> int:
    """What `sys.getrefcount` says of a string that only a table and the local variable at hand refer to.

    Measured, because the count differs between interpreters. Where strings are immortal it is never this low,
    and all count as held.
    """
    table: OrderedDict[str, str] = OrderedDict()
    string = "".join(["pro", "be"])
    table[string] = string
    del string
    candidate = next(iter(table))
    return sys.getrefcount(candidate)


_REFERENCES_UNHELD = _references_unheld()
