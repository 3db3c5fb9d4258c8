"""A table that remembers what was touched lately, and has a bound: the fold's only way to keep something by
key.

Entries leave when they were not touched for a given time, or, once the table is full, when they are the
longest untouched. Times must not go back, which the fold's clock guarantees.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Touched(Generic[V]):
    """A value, and when it was last asked for."""

    value: V
    touched_ms: int


@dataclass(slots=True)
class Lately(Generic[K, V]):
    """At most `limit` values by key, the longest untouched first. The order is part of what it is."""

    limit: int
    entries: OrderedDict[K, Touched[V]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self.entries)

    def items(self) -> Iterator[tuple[K, V]]:
        """Keys and values, the longest untouched first."""
        return ((key, entry.value) for key, entry in self.entries.items())

    def values(self) -> Iterator[V]:
        """Values, the longest untouched first."""
        return (entry.value for entry in self.entries.values())

    def touch(self, key: K, at_ms: int, make: Callable[[], V]) -> V:
        """The value of a key, made where there is none; it counts as touched at `at_ms`."""
        entry = self.entries.get(key)
        if entry is None:
            if len(self.entries) >= self.limit:
                self.entries.popitem(last=False)
            entry = self.entries[key] = Touched(make(), at_ms)
        else:
            entry.touched_ms = at_ms
            self.entries.move_to_end(key)
        return entry.value

    def expire(self, before_ms: int) -> None:
        """Forgets what was last touched before `before_ms`."""
        while self.entries:
            oldest = next(iter(self.entries))
            if self.entries[oldest].touched_ms >= before_ms:
                return
            del self.entries[oldest]
