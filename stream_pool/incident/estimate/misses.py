"""Whose keys miss: the misses that a pool counted for a document, told by path.

A pool counts its misses and does not say of which keys. A key that was never seen must have missed; of those
that were seen, the ones that were seen longest ago are most likely to have been evicted since. So the misses
of a document go to its keys in that order. The sum over all paths is the pool's own; where nothing was
evicted so is each path's share. The keys seen last are kept by fingerprint, `KEYS_KEPT` of them.
"""

from collections import OrderedDict
from collections.abc import Sequence

from stream_pool.incident.estimate.path_tree import Node

KEYS_KEPT = 65_536


class MissLedger:
    """Tells misses by place."""

    def __init__(self) -> None:
        self._last_met: OrderedDict[int, int] = OrderedDict()
        self._documents = 0

    def book(self, keys: Sequence[tuple[int, Node]], misses: int) -> None:
        """Book the misses of one document with these keys, in their order, at their places."""
        if misses:
            self._book(keys, misses)
        self._documents += 1
        for hashed, _ in keys:
            self._last_met[hashed] = self._documents
            self._last_met.move_to_end(hashed)
        while len(self._last_met) > KEYS_KEPT:
            self._last_met.popitem(last=False)

    def _book(self, keys: Sequence[tuple[int, Node]], misses: int) -> None:
        first_places: dict[int, Node] = {}
        for hashed, node in keys:
            first_places.setdefault(hashed, node)
        by_age = sorted(first_places.items(), key=lambda met: self._last_met.get(met[0], 0))
        for _, node in by_age[:misses]:
            node.misses += 1
        # More misses than keys: some were evicted, or too long to be kept, and missed again.
        for number in range(misses - len(by_age)):
            keys[number % len(keys)][1].misses += 1
