"""What a Document is made of, below its public face: a shape, one value a key, and how deep it goes."""

from typing import Any

from stream_pool.pool._shapes import Shape


class Record:
    """The storage of a Document. Values are Records, tuples and JSON's scalars."""

    __slots__ = ("_height", "_shape", "_values")

    _shape: Shape
    _values: tuple[Any, ...]
    _height: int
    """Containers on the longest way down, this one included."""


def shallow_dict(record: Record) -> dict[str, Any]:
    """Its members, one level."""
    return dict(zip(record._shape.keys, record._values, strict=True))
