"""What a number rests on: the events of the log that it was read from, by offset and id.

A number that sums up many events names the first of them and the last, and says how many there were: whoever
doubts it reads the log between these two.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

NAMED = 8
"""Events that one number names at most."""


class EventRef(NamedTuple):
    """An event at its place in the log."""

    offset: int
    id: str


@dataclass(frozen=True, slots=True)
class Cited:
    """Events in the order of the log. `count` is how many there were; where these are more than are named,
    those that are left out stand before the last."""

    events: tuple[EventRef, ...]
    count: int

    @classmethod
    def one(cls, ref: EventRef) -> "Cited":
        return cls((ref,), 1)

    def __or__(self, other: "Cited") -> "Cited":
        """Both, each event once where it is named."""
        named = sorted({*self.events, *other.events})
        shared = len(self.events) + len(other.events) - len(named)
        count = max(len(named), self.count + other.count - shared)
        return Cited((*named[: NAMED - 1], named[-1]) if len(named) > NAMED else tuple(named), count)


NOTHING = Cited((), 0)


def together(every: Iterable[Cited]) -> Cited:
    """All that several numbers rest on."""
    whole = NOTHING
    for cited in every:
        whole = whole | cited
    return whole


class Point(NamedTuple):
    """A value at a time of the log (ms, Unix epoch), with what it rests on."""

    at_ms: int
    value: float
    cited: Cited


@dataclass(slots=True)
class Citing:
    """Gathers the events of one number."""

    first: list[EventRef] = field(default_factory=list)
    last: EventRef | None = None
    count: int = 0

    def add(self, ref: EventRef) -> None:
        self.count += 1
        if len(self.first) < NAMED - 1:
            self.first.append(ref)
        else:
            self.last = ref

    def cited(self) -> Cited:
        return Cited((*self.first, *([] if self.last is None else [self.last])), self.count)
