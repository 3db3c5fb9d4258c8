"""The fold's own values as JSON's types and back, derived from their annotations, so that none can be
forgotten.

Writing is canonical: members in the order of their declaration, a `dict` by its keys, a `Counter` without its
zeros, an `OrderedDict` in its order, since that is part of its value. Reading takes only what writing gives;
it checks types, not meaning. Annotations that are not understood are a TypeError at import.
"""

import dataclasses
import types
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from stream_pool.events import Scalar


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """`write` turns a value into JSON's types; `read` turns these into an equal one.

    `read` raises ValueError, TypeError or LookupError where they are not what `write` gives.
    """

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@cache
def plain_of(hint: Any) -> Plain:
    """How values of a type hint are written and read. Raises TypeError where that is not known."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == Scalar:
        return _same(str, int, float, bool, type(None))
    if hint in (str, int, bool):
        return _same(hint)
    if hint is float:
        return _same(float, int)
    if hint is bytes:
        return Plain(bytes.hex, bytes.fromhex)
    if origin is Annotated:
        return plain_of(arguments[0])
    if origin is Literal:
        return _same(str)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is list:
        return _list(plain_of(arguments[0]))
    if origin is tuple and Ellipsis not in arguments:
        return _row(tuple(plain_of(each) for each in arguments))
    if origin in (dict, OrderedDict, Counter):
        return _mapping(origin, plain_of(arguments[0]), plain_of(arguments[-1] if arguments[1:] else int))
    if dataclasses.is_dataclass(origin or hint):
        return _members(origin or hint, arguments)
    raise TypeError(f"not known how to write {hint!r}")


def _same(*allowed: type[Any]) -> Plain:
    def read(value: Any) -> Any:
        if type(value) not in allowed:
            raise TypeError(f"{type(value).__name__} for {allowed[0].__name__}")
        return value

    return Plain(_as_is, read)


def _as_is(value: Any) -> Any:
    return value


def _list(item: Plain) -> Plain:
    write, read = item.write, item.read
    return Plain(
        lambda values: [write(each) for each in values],
        lambda values: [read(each) for each in _checked(list, values)],
    )


def _row(items: tuple[Plain, ...]) -> Plain:
    return Plain(
        lambda row: [item.write(each) for item, each in zip(items, row, strict=True)],
        lambda row: tuple(item.read(each) for item, each in zip(items, _checked(list, row), strict=True)),
    )


def _mapping(cls: type[Any], key: Plain, value: Plain) -> Plain:
    def write(mapping: Any) -> list[Any]:
        items = mapping.items() if cls is OrderedDict else sorted(mapping.items(), key=_key)
        return [[key.write(k), value.write(v)] for k, v in items if v or cls is not Counter]

    def read(pairs: Any) -> Any:
        return cls({key.read(k): value.read(v) for k, v in _checked(list, pairs)})

    return Plain(write, read)


def _key(item: tuple[Any, Any]) -> Any:
    return item[0]


def _union(hints: tuple[Any, ...]) -> Plain:
    """A value or None; or one of several dataclasses, told apart by name."""
    others = [each for each in hints if each is not type(None)]
    if len(others) == 1:
        only = plain_of(others[0])
        return Plain(
            lambda value: None if value is None else only.write(value),
            lambda value: None if value is None else only.read(value),
        )
    named = {cls.__name__: plain_of(cls) for cls in others}
    return Plain(
        lambda value: [type(value).__name__, named[type(value).__name__].write(value)],
        lambda pair: named[_checked(list, pair)[0]].read(pair[1]),
    )


def _members(cls: type[Any], arguments: tuple[Any, ...]) -> Plain:
    hints = get_type_hints(cls, include_extras=True)
    bound = dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=True))
    fields = [(field, plain_of(_bind(hints[field.name], bound))) for field in dataclasses.fields(cls)]
    names = [field.name for field, _ in fields]
    writers = [(field.name, None if plain.write is _as_is else plain.write) for field, plain in fields]
    given = [(field.name, plain.read) for field, plain in fields if field.init]
    made = [(field.name, plain.read) for field, plain in fields if not field.init]

    def write(value: Any) -> dict[str, Any]:
        return {
            name: getattr(value, name) if convert is None else convert(getattr(value, name))
            for name, convert in writers
        }

    def read(members: Any) -> Any:
        if list(_checked(dict, members)) != names:
            raise KeyError(f"{cls.__name__} has other members")
        value = cls(**{name: convert(members[name]) for name, convert in given})
        for name, convert in made:
            setattr(value, name, convert(members[name]))
        return value

    return Plain(write, read)


def _bind(hint: Any, bound: dict[Any, Any]) -> Any:
    """A hint with the type variables of a generic dataclass filled in."""
    if isinstance(hint, TypeVar):
        return bound[hint]
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(bound[each] for each in parameters)] if parameters else hint


def _checked(cls: type[Any], value: Any) -> Any:
    if type(value) is not cls:
        raise TypeError(f"{type(value).__name__} for {cls.__name__}")
    return value
