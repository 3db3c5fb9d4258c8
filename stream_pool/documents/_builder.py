"""From what a JSON scanner sees to what a decoder gives: lists and member pairs in, tuples and Documents out.

One builder lives for one try at one document. It looks keys and short values up in the pool, counts, and
holds the document against the limits wherever that is cheap; where it cannot prove that they are kept it
raises `Unproven`, and the exact scanner has the last word.
"""

from collections.abc import Iterable
from sys import maxsize
from typing import Any

from stream_pool.documents.document import Document, make_document
from stream_pool.pool._shapes import Shape
from stream_pool.pool.pool import VALUE_BYTES_MAX, Pool

_NO_ARRAYS: dict[int, tuple[tuple[Any, ...], int]] = {}


class Unproven(Exception):
    """The quick way cannot tell whether the document is good."""


class Builder:
    """`object_pairs` and `root` are given what the scanner made; the rest is read off afterwards."""

    __slots__ = (
        "_depth",
        "_height",
        "_key_characters",
        "_known_shapes",
        "_last_wins",
        "_pool",
        "_pooled",
        "_string_characters",
        "_value_characters",
        "lookups",
        "misses",
    )

    def __init__(
        self,
        pool: Pool,
        *,
        last_wins: bool,
        depth: int = maxsize,
        key_characters: int = maxsize,
        string_characters: int = maxsize,
    ) -> None:
        self._pool = pool
        self._known_shapes = pool._shapes.known
        self._pooled = pool._strings.kept.get
        self._last_wins = last_wins
        self._depth = depth
        self._key_characters = key_characters
        self._string_characters = string_characters
        self._value_characters = min(VALUE_BYTES_MAX, string_characters)
        self._height = 0
        self.lookups = 0
        """Members of all objects so far."""
        self.misses = 0
        """How many of them had a key that was not pooled."""

    def object_pairs(self, pairs: list[tuple[str, Any]]) -> Document:
        """One object, its children being made already."""
        if not pairs:
            if not self._depth:
                raise Unproven
            return _EMPTY
        keys: tuple[str, ...]
        keys, values = zip(*pairs)  # noqa: B905 - the check costs a tenth of decoding, and pairs are pairs
        self.lookups += len(keys)
        settled = self._settled(values, _NO_ARRAYS)
        shape = self._known_shapes.get(keys)
        if shape is None:
            if len(set(keys)) != len(keys):
                if not self._last_wins:
                    raise Unproven
                members = dict(zip(keys, settled, strict=True))
                keys, settled = tuple(members), tuple(members.values())
            shape, misses = self._pool._layout(keys)
            self.misses += misses
        else:
            shape.used = True
        if shape.longest > self._key_characters:
            raise Unproven
        return make_document(shape, settled, self._height)

    def root(self, value: Any) -> Any:
        """The root, once all of it has been scanned."""
        if type(value) is Document:
            return value
        return self._settled((value,), _NO_ARRAYS)[0]

    def _settled(
        self, values: Iterable[Any], arrays: dict[int, tuple[tuple[Any, ...], int]]
    ) -> tuple[Any, ...]:
        """The values of one container as they will stand, strings pooled; leaves its height in `_height`."""
        height = 0
        pooled = self._pooled
        settled = []
        for value in values:
            kind = type(value)
            if kind is str:
                if len(value) <= self._value_characters:
                    value = pooled(value) or self._pool._value(value)
                elif len(value) > self._string_characters:
                    raise Unproven
            elif kind is Document:
                if value._height > height:
                    height = value._height
            elif kind is list:
                value, inner = arrays.get(id(value)) or self._array(value)
                if inner > height:
                    height = inner
            settled.append(value)
        height += 1
        if height > self._depth:
            raise Unproven
        self._height = height
        return tuple(settled)

    def _array(self, array: list[Any]) -> tuple[tuple[Any, ...], int]:
        """A list and the lists in it as tuples, and the height; inner ones first, without recursion."""
        found = [array]
        for outer in found:  # grows as it is walked
            found.extend([value for value in outer if type(value) is list])
        arrays: dict[int, tuple[tuple[Any, ...], int]] = {}
        for inner in reversed(found):
            settled = self._settled(inner, arrays)
            arrays[id(inner)] = settled, self._height
        return arrays[id(array)]


_EMPTY = make_document(Shape(()), (), 1)
