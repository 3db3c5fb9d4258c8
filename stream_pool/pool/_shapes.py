"""Shapes: the layouts of objects, so that a thousand alike objects share one tuple of keys and one index.

A layout is shared from its second sighting on; before that its object has a shape of its own, so a flood of
new layouts costs the table nothing. A full table gives up the oldest shape that was not used since its last
turn, so shapes age, and the table recovers by itself after any flood.
"""

from collections import OrderedDict

from stream_pool.pool._doorkeeper import Doorkeeper

SHAPES_MIN = 64
MEMBERS_MAX = 256
CHARACTERS_MAX = 4096
SECOND_CHANCES = 8


class Shape:
    """The keys of an object in order, and where each one's value stands."""

    __slots__ = ("index", "keys", "longest", "used")

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.index = dict(zip(keys, range(len(keys)), strict=True))
        self.longest = max(map(len, keys), default=0)
        """Characters of the longest key: what a decoder holds against its limit."""
        self.used = True


class ShapeTable:
    """Shared shapes by their keys. Not thread safe: the pool has the lock."""

    __slots__ = ("door", "known", "shapes_max")

    def __init__(self, capacity: int) -> None:
        self.known: OrderedDict[tuple[str, ...], Shape] = OrderedDict()
        self.door = Doorkeeper()
        self.limit(capacity)

    def limit(self, capacity: int) -> None:
        """Bounds the shapes by the capacity of the string table: a quarter of it, and 64 at least."""
        self.shapes_max = max(SHAPES_MIN, capacity // 4)

    def __len__(self) -> int:
        return len(self.known)

    def shape(self, keys: tuple[str, ...]) -> Shape:
        """A shape for a layout not shared yet; it is from now on, if it was seen before and is small."""
        shape = Shape(keys)
        if (
            len(keys) <= MEMBERS_MAX
            and self.door.seen_before(hash(keys))
            and sum(map(len, keys)) <= CHARACTERS_MAX
        ):
            self.make_room(shapes=1)
            if len(self.known) < self.shapes_max:
                self.known[keys] = shape
        return shape

    def make_room(self, shapes: int) -> None:
        """Evicts, in a bounded number of steps, until this many shapes would fit."""
        for chance in range(SECOND_CHANCES, -1, -1):
            if len(self.known) + shapes <= self.shapes_max:
                return
            keys, shape = self.known.popitem(last=False)
            if shape.used and chance:
                shape.used = False
                self.known[keys] = shape
