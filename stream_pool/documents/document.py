"""A decoded JSON object: a read-only mapping that shares its keys and layout with every object of its kind.

Objects are Documents, arrays are tuples, all else is Python's own. It cannot be made by hand, changed, or
caught in a reference cycle. Nothing here recurses with the depth of the data.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, Self, final

from stream_pool.documents import _traversal
from stream_pool.documents._record import Record
from stream_pool.documents.writer import dumps
from stream_pool.pool._shapes import Shape


class _Missing:
    """The type of the mark for an argument that was not given."""


_MISSING: Final = _Missing()


@final
class Document(Record, Mapping[str, Any]):
    """One JSON object, immutable and hashable.

    Members come in the order of the input. `==` is Python's own, element by element, with any `Mapping`;
    arrays are tuples and so differ from lists. Equal documents have equal hashes, whatever their order.
    `copy` and `deepcopy` give the document itself; pickles hold its JSON. `match` takes it for a mapping.
    `document | mapping` gives a `dict`, one level deep.
    """

    __slots__ = ()

    def __new__(cls, *_: object, **__: object) -> Self:
        raise TypeError("a Document comes from a decoder and cannot be made by hand")

    def __init_subclass__(cls) -> None:
        raise TypeError("Document cannot be subclassed")

    def __getitem__(self, key: str) -> Any:
        return self._values[self._shape.index[key]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shape.keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._shape.keys)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._shape.index

    def at(self, *path: str | int, default: Any = _MISSING) -> Any:
        """The value at the end of a path of keys and array positions (negative ones count from the end).

        Where the path leads nowhere, `default` if it was given, else `KeyError` with the path as far as it
        was followed: a key that is not there, a position outside, a key into an array, a step into a scalar.
        """
        value: Any = self
        for followed, step in enumerate(path, start=1):
            try:
                value = _step(value, step)
            except LookupError:
                if default is _MISSING:
                    raise KeyError(path[:followed]) from None
                return default
        return value

    def to_dict(self) -> dict[str, Any]:
        """A deep copy as dicts and lists: what `json.loads` makes of the same bytes."""
        copied: dict[str, Any] = _traversal.plain(self)
        return copied

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return _traversal.equal(self, other)

    def __hash__(self) -> int:
        return _traversal.hash_of(self)

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        if not isinstance(other, Mapping):
            return NotImplemented
        return {**self, **other}

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        if not isinstance(other, Mapping):
            return NotImplemented
        return {**other, **self}

    def __repr__(self) -> str:
        return f"Document({_traversal.abridged(self)})"

    def __copy__(self) -> "Document":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Document":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (dumps(self),)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Document is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Document is immutable: {name!r} cannot be deleted")


def _step(container: Any, step: str | int) -> Any:
    if isinstance(container, Document) and isinstance(step, str):
        return container[step]
    if isinstance(container, tuple) and isinstance(step, int):
        return container[step]
    raise LookupError(step)


class _Draft(Record):
    """A Document in the making, of the same layout in memory: a Document itself refuses to be written to."""

    __slots__ = ()


def make_document(shape: Shape, values: tuple[Any, ...], height: int) -> Document:
    """For the decoder: a document of one value a key of the shape."""
    draft: Any = _Draft()
    draft._shape = shape
    draft._values = values
    draft._height = height
    draft.__class__ = Document
    document: Document = draft
    return document


def _restored(raw: bytes) -> Any:
    """The document of a pickle, the core's or the twin's, as a Document of the implementation in use."""
    from stream_pool.documents._loading import restore  # here, because a decoder needs documents to make them

    return restore(raw)
