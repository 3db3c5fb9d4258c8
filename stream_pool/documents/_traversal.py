"""What looks at a whole tree of records and tuples, in loops, because trees may be deep."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stream_pool.documents._record import Record, shallow_dict

ABRIDGED_LEVELS = 3
ABRIDGED_MEMBERS = 8
ABRIDGED_CHARACTERS = 48
ABRIDGED_BITS = 256

_ABSENT: Final = object()


def plain(root: Record) -> Any:
    """A deep copy as dicts and lists."""
    copies: list[Any] = [root]
    pending: list[tuple[Any, Any]] = [(copies, 0)]
    while pending:
        holder, position = pending.pop()
        value = holder[position]
        members: Iterator[tuple[Any, Any]]
        if isinstance(value, Record):
            copy: Any = shallow_dict(value)
            members = iter(copy.items())
        else:
            copy = list(value)
            members = enumerate(copy)
        pending.extend([(copy, at) for at, member in members if isinstance(member, (Record, tuple))])
        holder[position] = copy
    return copies[0]


def equal(left: Record, right: Mapping[Any, Any]) -> bool:
    """Python's `==` between a record and a mapping, element by element."""
    pending: list[tuple[Any, Any]] = [(left, right)]
    while pending:
        one, other = pending.pop()
        if one is other:
            continue
        if isinstance(one, Record) and isinstance(other, Mapping):
            if len(one._values) != len(other):
                return False
            others = shallow_dict(other) if isinstance(other, Record) else dict(other.items())
            for key, value in zip(one._shape.keys, one._values, strict=True):
                counterpart = others.get(key, _ABSENT)
                if counterpart is _ABSENT:
                    return False
                pending.append((value, counterpart))
        elif type(one) is tuple and type(other) is tuple:
            if len(one) != len(other):
                return False
            pending.extend(zip(one, other, strict=True))
        elif not one == other:  # noqa: SIM201 - `!=` is another operator, and may disagree for foreign types
            return False
    return True


def hash_of(root: Record) -> int:
    """Equal records have equal hashes: members count without their order, numbers by value."""
    containers: list[Any] = [root]
    for container in containers:  # grows as it is walked: parents before children
        containers.extend([value for value in _children(container) if isinstance(value, (Record, tuple))])
    hashes: dict[int, int] = {}
    for container in reversed(containers):
        children = [
            hashes[id(value)] if isinstance(value, (Record, tuple)) else hash(value)
            for value in _children(container)
        ]
        if isinstance(container, Record):
            hashes[id(container)] = hash(frozenset(zip(container._shape.keys, children, strict=True)))
        else:
            hashes[id(container)] = hash(tuple(children))
    return hashes[id(root)]


def _children(container: Any) -> tuple[Any, ...]:
    children: tuple[Any, ...] = container._values if isinstance(container, Record) else container
    return children


def abridged(value: Any, levels: int = ABRIDGED_LEVELS) -> str:
    """For a person's eyes: the first members of the first levels, long strings and numbers cut."""
    if isinstance(value, Record):
        return _abridged_members(
            "{", "}", [(f"{abridged(key)}: ", member) for key, member in _first_members(value)], value, levels
        )
    if isinstance(value, tuple):
        return _abridged_members(
            "(", ")", [("", member) for member in value[:ABRIDGED_MEMBERS]], value, levels
        )
    if isinstance(value, str) and len(value) > ABRIDGED_CHARACTERS:
        return f"{value[:ABRIDGED_CHARACTERS]!r}…"
    if isinstance(value, int) and value.bit_length() > ABRIDGED_BITS:
        return f"<int of {value.bit_length()} bits>"
    return repr(value)


def _first_members(record: Record) -> list[tuple[str, Any]]:
    return list(zip(record._shape.keys[:ABRIDGED_MEMBERS], record._values[:ABRIDGED_MEMBERS], strict=True))


def _abridged_members(
    opening: str, closing: str, first: list[tuple[str, Any]], container: Any, levels: int
) -> str:
    if not levels and first:
        return f"{opening}…{closing}"
    shown = [prefix + abridged(member, levels - 1) for prefix, member in first]
    if len(first) < len(_children(container)):
        shown.append("…")
    elif len(first) == 1 and opening == "(":
        shown.append("")
    return f"{opening}{', '.join(shown).rstrip(' ')}{closing}"
