"""One pass over a sample of payloads, in bounded memory.

Each document is decoded once through a pool of each capacity, as a worker would, so that hits, misses and
evictions are the pools' own counts and no model of them. What the decoder refuses is counted by reason and
goes nowhere else; one that is only over a limit is decoded once more with limits as wide as the settings
allow, to tell how far over it is. Pure: time and memory are measured elsewhere (`measure.py`).
"""

from collections.abc import Sequence

from stream_pool.documents import DecodeError, Decoder, Document, LimitExceeded, Limits
from stream_pool.documents.limits import DEPTH_CEILING, NUMBER_DIGITS_CEILING
from stream_pool.incident.estimate.cardinality import Cardinality
from stream_pool.incident.estimate.census import Census
from stream_pool.incident.estimate.extent import Extent
from stream_pool.incident.estimate.misses import MissLedger
from stream_pool.incident.estimate.path_tree import Node
from stream_pool.incident.estimate.profile import AtCapacity, Distinct, PathCost, Profile, Refusal
from stream_pool.incident.estimate.sizes import Sizes
from stream_pool.pool import Pool
from stream_pool.pool.pool import CAPACITY_DEFAULT

CAPACITIES = (256, 1_024, 4_096, 16_384, 65_536)
SEED = 1
"""Of the pools' hash: the same sample gives the same estimate."""
DOCUMENTS_A_SLICE = 256
"""A pool's reading takes longer the more root layouts it has counted since its last tick."""
SIZES = ("document_bytes", "depth", "keys", "items")
TOMBSTONE = "tombstone"
WIDEST = Limits(
    document_bytes=1 << 30,
    depth=DEPTH_CEILING,
    keys=100_000_000,
    items=100_000_000,
    key_bytes=1 << 30,
    string_bytes=1 << 30,
    number_digits=NUMBER_DIGITS_CEILING,
)


class Profiler:
    """Takes documents one after the other, and tells their profile.

    `capacities` are those of the pools; misses are told by path for the default one, where it is among them,
    else for the first. `limits` are those that documents are refused by.
    """

    def __init__(self, capacities: Sequence[int] = CAPACITIES, limits: Limits | None = None) -> None:
        self._pools = {capacity: Pool(capacity, seed=SEED) for capacity in sorted(capacities)}
        booked = CAPACITY_DEFAULT if CAPACITY_DEFAULT in self._pools else min(self._pools)
        self._booked = self._pools[booked]
        self._booked_misses = 0
        self._first = Decoder(pool=self._booked, limits=limits)
        self._others = [
            Decoder(pool=pool, limits=limits) for pool in self._pools.values() if pool is not self._booked
        ]
        self._census = Census()
        self._ledger = MissLedger()
        self._refused: dict[str, Refusal] = {}
        self._over: Extent | None = None
        self._largest = Extent()
        self._sizes = {name: Sizes() for name in SIZES}
        self._accepted = 0
        self._accepted_bytes = 0
        self._not_objects = 0
        self.seen = 0
        """Values taken so far."""

    def take(self, place: str, raw: bytes | None) -> bool:
        """Take the value at this place, None for none. Returns whether it is a document within the limits."""
        self.seen += 1
        if raw is None:
            self._refuse(TOMBSTONE, place, None)
            return False
        try:
            document = self._first.decode(raw)
        except DecodeError as error:
            self._refuse(_reason(error, raw), place, error.offset)
            if isinstance(error, LimitExceeded):
                self._measure_over(raw)
            return False
        for decoder in self._others:
            decoder.decode(raw)
        self._not_objects += not isinstance(document, Document)
        self._count(raw)
        return True

    def profile(self) -> Profile:
        """Everything so far. Asked for once, at the end: rare paths are folded for good."""
        census = self._census
        census.tree.finish()
        return Profile(
            seen=self.seen,
            accepted=self._accepted,
            accepted_bytes=self._accepted_bytes,
            not_objects=self._not_objects,
            refused=tuple(sorted(self._refused.values(), key=lambda refusal: -refusal.number)),
            over=self._over,
            largest=self._largest,
            sizes={name: told for name, sizes in self._sizes.items() if (told := sizes.summary())},
            bytes=census.bytes,
            keys=_distinct(census.keys),
            layouts=_distinct(census.layouts),
            short_strings=_distinct(census.short_strings),
            short_strings_met=census.short_strings_met,
            capacities=tuple(_at_capacity(pool) for pool in self._pools.values()),
            booked_capacity=self._booked.stats().capacity,
            paths=self._paths(),
        )

    def _count(self, raw: bytes) -> None:
        self._accepted += 1
        self._accepted_bytes += len(raw)
        walked = self._census.take(raw)
        self._largest.widen(walked.extent)
        for name, sizes in self._sizes.items():
            sizes.add(getattr(walked.extent, name))
        misses = self._booked.stats().misses
        self._ledger.book(walked.keys, misses - self._booked_misses)
        self._booked_misses = misses
        self._census.tree.tidy()
        if self._accepted % DOCUMENTS_A_SLICE == 0:
            self._booked.tick(self._accepted)

    def _refuse(self, reason: str, place: str, offset: int | None) -> None:
        first = self._refused.get(reason)
        if first is None:
            self._refused[reason] = Refusal(reason, 1, place, offset)
        else:
            self._refused[reason] = Refusal(reason, first.number + 1, first.place, first.offset)

    def _measure_over(self, raw: bytes) -> None:
        try:
            Decoder(pool=Pool(), limits=WIDEST).decode(raw)
        except DecodeError:
            return  # no JSON either, behind the place where the limit stopped it
        over = Census().take(raw).extent
        if self._over is None:
            self._over = over
        else:
            self._over.widen(over)

    def _paths(self) -> tuple[PathCost, ...]:
        costs = [_cost(path, node) for path, node in self._census.tree.paths() if node.bytes]
        return tuple(sorted(costs, key=lambda cost: (-cost.bytes, cost.path)))


def _reason(error: DecodeError, raw: bytes) -> str:
    from stream_pool.stream.runtime import poison_reason  # loads Faust, which few samples need

    return poison_reason(error, raw)


def _distinct(counted: Cardinality) -> Distinct:
    return Distinct(counted.count, counted.error_ratio)


def _at_capacity(pool: Pool) -> AtCapacity:
    told = pool.stats()
    return AtCapacity(told.capacity, told.hits, told.misses, told.evictions, told.size, told.shapes)


def _cost(path: str, node: Node) -> PathCost:
    keys = None if node.keys is None else _distinct(node.keys)
    return PathCost(path, node.number, node.bytes, node.misses, _distinct(node.values), keys)
