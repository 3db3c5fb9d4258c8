"""The pool: the same key, the same short value and the same layout exist once, whatever the traffic does.

Bounded in strings, bytes and shapes, and the bounds win. Full comparison always: the tables are Python's
own, which compare whole strings after a hash match. Strings are never interned for the life of the process
(`sys.intern`).

One lock covers every change, and each call's work under it is bounded, so that none stalls an event loop;
what decoders read without it is one look into one dictionary. A call that breaks into another of the same
thread, from a finalizer, leaves the tables as they are.
"""

from stream_pool.errors import MisuseError
from stream_pool.pool._doorkeeper import Doorkeeper
from stream_pool.pool._shapes import Shape, ShapeTable
from stream_pool.pool._table import StringTable, utf8_bytes
from stream_pool.pool._traffic import Layout, Traffic
from stream_pool.pool._turn import Turn
from stream_pool.pool.stats import PoolStats

CAPACITY_DEFAULT = 4096
CAPACITY_MAX = 1 << 24
BYTES_MAX_DEFAULT = 8 << 20
VALUE_BYTES_MAX = 64
"""Only string values of this many UTF-8 bytes or fewer are pooled."""


class Pool:
    """A bounded home for the strings and layouts that repeat, shared by any number of decoders.

    `capacity` is the number of strings that the pool may hold (1 to 16,777,216), `bytes_max` the UTF-8
    bytes of them all; both are hard. A quarter of the capacity, and 64 at least, is the number of layouts
    that are shared. `seed` is for the compiled core's hash, where runs must repeat; the twin's tables hash as
    Python does. Raises `MisuseError` where one is out of range. Safe under any interleaving of tasks and
    threads.
    """

    def __init__(
        self, capacity: int = CAPACITY_DEFAULT, *, bytes_max: int = BYTES_MAX_DEFAULT, seed: int | None = None
    ) -> None:
        _check_capacity(capacity)
        if bytes_max < 1:
            raise MisuseError(f"bytes_max is {bytes_max}; it must be 1 or more")
        self._turn = Turn()
        self._strings = StringTable(capacity, bytes_max)
        self._values_door = Doorkeeper()
        self._shapes = ShapeTable(capacity)
        self._traffic = Traffic()
        self._shrinking = False

    def intern(self, string: str) -> str:
        """The pooled string that equals this one, which is from now on this one if there was none.

        Counts as one key lookup. Raises `TypeError` for what is no `str`, or of a subclass.
        """
        if type(string) is not str:
            raise TypeError(f"only str can be pooled, not {type(string).__name__}")
        with self._turn as is_mine:
            pooled, misses = self._key(string) if is_mine else (string, 1)
            self._traffic.count(1 - misses, misses)
            return pooled

    def resize(self, capacity: int) -> None:
        """Changes the capacity.

        A smaller one is reached a few entries at a time: some now, some with each document decoded, each new
        string and each tick; until then `stats().size` exceeds `capacity`, and nothing new is let in. Raises
        `MisuseError` where the capacity is out of range.
        """
        _check_capacity(capacity)
        with self._turn as is_mine:
            self._strings.capacity = capacity
            self._shapes.limit(capacity)
            self._shrinking = True
            if is_mine:
                self._shrink()

    def tick(self, at_s: float) -> None:
        """Closes a slice of the window that `stats` looks at: call it once an observation interval.

        `at_s` is the time on any clock that does not go back, in seconds.
        """
        with self._turn as is_mine:
            if is_mine:
                self._traffic.close_slice(at_s)
                self._shrink()

    def stats(self) -> PoolStats:
        """A consistent reading of all figures."""
        with self._turn:
            return PoolStats(
                hits=self._traffic.hits,
                misses=self._traffic.misses,
                evictions=self._strings.evictions,
                size=len(self._strings),
                capacity=self._strings.capacity,
                bytes=self._strings.bytes,
                shapes=len(self._shapes),
                reuse_ratio=self._traffic.reuse_ratio(),
                entropy_bits=self._traffic.entropy_bits(),
            )

    def _key(self, string: str) -> tuple[str, int]:
        """The pooled key, and 1 if it was not there."""
        found = self._strings.find(string)
        if found is not None:
            return found, 0
        self._strings.admit(string)
        return string, 1

    def _layout(self, keys: tuple[str, ...]) -> tuple[Shape, int]:
        """For the decoder: a shape of pooled keys, which must be distinct, and how many were not there."""
        with self._turn as is_mine:
            if not is_mine:
                return Shape(keys), len(keys)
            looked_up = [self._key(key) for key in keys]
            shape = self._shapes.shape(tuple([key for key, _ in looked_up]))
            return shape, sum([missed for _, missed in looked_up])

    def _value(self, string: str) -> str:
        """For the decoder: the pooled string for a value, let in if short and seen before. Not counted."""
        with self._turn as is_mine:
            if not is_mine:
                return string
            found = self._strings.find(string)
            if found is not None:
                return found
            if self._values_door.seen_before(hash(string)) and utf8_bytes(string) <= VALUE_BYTES_MAX:
                self._strings.admit(string)
            return string

    def _try(self) -> None:
        """For the decoder: a try at a document begins, which may prove nothing."""
        with self._turn as is_mine:
            if is_mine:
                self._values_door.mark()
                self._shapes.door.mark()

    def _try_again(self) -> None:
        """For the decoder: it did, so that what it saw is seen again by the next."""
        with self._turn as is_mine:
            if is_mine:
                self._values_door.take_back()
                self._shapes.door.take_back()

    def _count(self, hits: int, misses: int, root: Layout) -> None:
        """For the decoder: one accepted document with its key lookups."""
        with self._turn as is_mine:
            self._traffic.count(hits, misses)
            if is_mine:
                self._traffic.count_root(root)
                if self._shrinking:
                    self._shrink()

    def _shrink(self) -> None:
        roomy = self._strings.make_room(entries=0, size_bytes=0)
        self._shapes.make_room(shapes=0)
        self._shrinking = not roomy or len(self._shapes) > self._shapes.shapes_max


def _check_capacity(capacity: int) -> None:
    if not 1 <= capacity <= CAPACITY_MAX:
        raise MisuseError(f"a pool's capacity is {capacity}; it must be from 1 to {CAPACITY_MAX}")
