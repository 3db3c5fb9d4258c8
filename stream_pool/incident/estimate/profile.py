"""What a sample of payloads is, and what pools of several capacities made of it: the figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from stream_pool.incident.estimate.census import BytesByKind
from stream_pool.incident.estimate.extent import Extent
from stream_pool.incident.estimate.sizes import SizeSummary


@dataclass(frozen=True, slots=True)
class Refusal:
    """Values refused for one reason: how many, and the first: its place, and the byte in it."""

    reason: str
    number: int
    place: str
    offset: int | None
    """None of a value that is not there."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different ones; `error_ratio` is an estimate's standard error, 0 where it is none."""

    number: int
    error_ratio: float


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """What a pool of this capacity counted, and what it held at the end."""

    capacity: int
    hits: int
    misses: int
    evictions: int
    size: int
    shapes: int

    @property
    def lookups(self) -> int:
        return self.hits + self.misses

    @property
    def hit_ratio(self) -> float | None:
        """None where no document had a key."""
        return self.hits / self.lookups if self.lookups else None


@dataclass(frozen=True, slots=True)
class PathCost:
    """What one path costs. `keys` says how many different keys where several are told together."""

    path: str
    number: int
    bytes: int
    misses: int
    values: Distinct
    keys: Distinct | None


@dataclass(frozen=True, slots=True)
class Profile:
    """All that one pass tells. Whatever is not of `seen` or `refused` is of the accepted documents."""

    seen: int
    accepted: int
    accepted_bytes: int
    not_objects: int
    """Those with a root that is no object: `@app.each` sends them to the dead letters."""
    refused: tuple[Refusal, ...]
    """The most frequent reason first."""
    over: Extent | None
    """Of those that are JSON and only over a limit; None where there were none."""
    largest: Extent
    sizes: Mapping[str, SizeSummary]
    """Of `document_bytes`, `depth`, `keys` and `items`; empty without a document."""
    bytes: BytesByKind
    keys: Distinct
    layouts: Distinct
    short_strings: Distinct
    short_strings_met: int
    capacities: tuple[AtCapacity, ...]
    """In rising order."""
    booked_capacity: int
    """Whose misses stand at the paths."""
    paths: tuple[PathCost, ...]
    """The one of most bytes first."""

    def at(self, capacity: int) -> AtCapacity:
        """The figures of one capacity, which must be among those."""
        return next(figures for figures in self.capacities if figures.capacity == capacity)

    @property
    def lookups(self) -> int:
        """Keys of all documents: what a pool looks up."""
        return self.capacities[0].lookups

    @property
    def best(self) -> AtCapacity:
        """The capacity of the most hits, the smallest of several."""
        return max(self.capacities, key=lambda figures: (figures.hits, -figures.capacity))
