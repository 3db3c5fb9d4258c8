"""JSON as it will be written: trees of text, with few keys, so that layouts meet, and values at every edge.

A scalar is its text, and so is a key. What a tree means is nobody's business here: it may hold a key twice or
a number out of range. Half of what a decoder must refuse begins as a tree.
"""

import json
from functools import lru_cache
from random import Random
from typing import Any, Final, TypeVar

from stream_pool.incident.orders import OrderGenerator

Picked = TypeVar("Picked")


class Object:
    """Key texts with their values, in order."""

    __slots__ = ("members",)

    def __init__(self, members: "list[tuple[bytes, Tree]]") -> None:
        self.members = members


class Array:
    """Values in order."""

    __slots__ = ("items",)

    def __init__(self, items: "list[Tree]") -> None:
        self.items = items


Tree = bytes | Object | Array

KEYS: Final[tuple[bytes, ...]] = tuple(
    f'"{key}"'.encode()
    for key in (
        "id", "sku", "skuCode", "sku_code", "a", "aa", "ab", "b", "", "1234567", "12345678", "123456789",
        "customer", "customers", "Customer", "é", "è", "€", "€uro", "😀", r"\u0061", r"a\"b", r"\n",
        r"\u00e9", "a" * 15, "a" * 16, "a" * 17, "k" * 63, "k" * 64, "k" * 65, "é" * 32, "é" * 33, ":",
        "a:1", " ", "{", "null",
    )
)  # fmt: skip

STRINGS: Final[tuple[bytes, ...]] = KEYS + tuple(
    f'"{text}"'.encode()
    for text in (
        "CONFIRMED", "CONFIRMEE", "CONFIRME", "EUR", "USD", "0", "true", "漢字", "漢" * 21, "漢" * 22, "ÿ",
        "Ā", "\x7f", "x" * 7, "x" * 8, "x" * 255, "x" * 256, "x" * 257, "€" * 90, r"\\", r"\/", r"\"",
        r"\b\f\n\r\t", r"\u0000", r"\u20ac", r"\ud83d\ude00", r"\uD83D\uDE00x", r"\uffff", r"\u007f",
        r"x\u0041y", "\U0010ffff", "\ufeff", r"\ud800", r"\udc00", r"\ud800\u0041", r"\ud83d", "tab\there",
        r"\x", r"\u12g4",
    )
)  # fmt: skip

NUMBERS: Final[tuple[bytes, ...]] = (
    b"0", b"-0", b"1", b"7", b"-1", b"10", b"255", b"256", b"257", b"-5", b"-6", b"123456",
    b"999999999999999999", b"1000000000000000000", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775808", b"-9223372036854775809", b"18446744073709551615", b"18446744073709551616",
    b"123456789012345678901234567890", b"0.0", b"-0.0", b"1.0", b"0.1", b"1.5", b"19.99", b"-3.25", b"1e2",
    b"1E+2", b"1e-2", b"0e0", b"-0e1", b"1e22", b"1e23", b"1e16", b"1e15", b"123456789012345678.5",
    b"9007199254740993.0", b"5e-324", b"2e-324", b"1e-400", b"2.2250738585072011e-308",
    b"2.2250738585072014e-308", b"1.7976931348623157e308", b"1.7976931348623158e308", b"0.30000000000000004",
    b"8.5e22", b"0e999", b"1e0000000002", b"0.000001", b"0.00001", b"100000.00000000000000001",
    b"1.7976931348623159e308", b"1e999", b"-1e999", b"01", b"1.", b".5", b"1e", b"1e+", b"-", b"+1", b"NaN",
    b"-Infinity",
)  # fmt: skip

LITERALS: Final = (b"true", b"false", b"null")
_GOOD_STRINGS: Final = len(STRINGS) - 7
_GOOD_NUMBERS: Final = len(NUMBERS) - 12
_BAD_SCALARS: Final = 0.004


def pick(rng: Random, among: "list[Picked] | tuple[Picked, ...]") -> Picked:
    """One of them; quicker than `choice`."""
    return among[int(rng.random() * len(among))]


def scalar(rng: Random) -> bytes:
    """Any scalar; a rare one is none that JSON knows."""
    kind = rng.random()
    if kind < _BAD_SCALARS:
        return pick(rng, STRINGS[_GOOD_STRINGS:] + NUMBERS[_GOOD_NUMBERS:])
    if kind < 0.45:
        return STRINGS[int(rng.random() * _GOOD_STRINGS)]
    if kind < 0.55:
        return b'"id-%d"' % rng.getrandbits(24)
    if kind < 0.80:
        return NUMBERS[int(rng.random() * _GOOD_NUMBERS)]
    if kind < 0.85:
        return b"%d" % (rng.getrandbits(66) - (1 << 65) >> rng.getrandbits(6))
    if kind < 0.90:
        return repr((rng.random() - 0.5) * 10.0 ** rng.randint(-30, 30)).encode()
    return pick(rng, LITERALS)


def key(rng: Random) -> bytes:
    """One of the few, or one that nobody has seen."""
    return pick(rng, KEYS) if rng.random() < 0.92 else b'"k%d"' % rng.getrandbits(20)


def grown(rng: Random, nodes: int, levels: int = 12) -> Tree:
    """A tree of about so many nodes. Keys follow one another as in `KEYS`, so that layouts begin alike."""
    if nodes <= 1 or levels == 0:
        return scalar(rng)
    width = 1 + int(rng.random() * min(nodes, 9))
    share = (nodes - 1) // width
    if rng.random() < 0.3:
        return _grown_array(rng, width, share, levels)
    first = int(rng.random() * 12)
    return Object(
        [
            (KEYS[(first + n) % len(KEYS)], grown(rng, int(2 * share * rng.random()), levels - 1))
            for n in range(width)
        ]
    )


def _grown_array(rng: Random, width: int, share: int, levels: int) -> Array:
    if rng.random() < 0.5:
        return Array([grown(rng, share, levels - 1)] * width)
    return Array([grown(rng, share, levels - 1) for _ in range(width)])


def wide(rng: Random, members: int) -> Object:
    """An object of so many members, all its own keys."""
    first = rng.getrandbits(4)
    return Object([(b'"w%d"' % n, scalar(rng)) for n in range(first, first + members)])


def written(tree: Tree, comma: bytes = b",", colon: bytes = b":") -> bytes:
    """The text of a tree."""
    if isinstance(tree, bytes):
        return tree
    if isinstance(tree, Object):
        members = [name + colon + written(value, comma, colon) for name, value in tree.members]
        return b"{" + comma.join(members) + b"}"
    return b"[" + comma.join([written(item, comma, colon) for item in tree.items]) + b"]"


def copied(tree: Tree) -> Tree:
    """The same tree anew, to be changed in place."""
    if isinstance(tree, bytes):
        return tree
    if isinstance(tree, Object):
        return Object([(name, copied(value)) for name, value in tree.members])
    return Array([copied(item) for item in tree.items])


def order(rng: Random) -> Tree:
    """One of a few hundred real orders, whole."""
    return pick(rng, _orders())


def part_of_order(rng: Random) -> Tree:
    """An object or array out of an order, of 40 to 400 bytes."""
    return pick(rng, _parts())


def containers(tree: Tree) -> list[Object | Array]:
    """Every object and array of a tree, outer ones first."""
    found: list[Object | Array] = [] if isinstance(tree, bytes) else [tree]
    for container in found:  # grows as it is walked
        if isinstance(container, Object):
            found.extend([value for _, value in container.members if not isinstance(value, bytes)])
        else:
            found.extend([item for item in container.items if not isinstance(item, bytes)])
    return found


@lru_cache(maxsize=1)
def _orders() -> list[Tree]:
    generator = OrderGenerator(seed=5)
    return [_parsed(generator.order().value) for _ in range(300)]


@lru_cache(maxsize=1)
def _parts() -> list[Tree]:
    return [part for whole in _orders() for part in containers(whole) if 40 <= len(written(part)) <= 400]


def _parsed(raw: bytes) -> Tree:
    return _tree(json.loads(raw, object_pairs_hook=tuple))


def _tree(value: Any) -> Tree:
    if isinstance(value, tuple):
        return Object(
            [(json.dumps(name, ensure_ascii=False).encode(), _tree(inner)) for name, inner in value]
        )
    if isinstance(value, list):
        return Array([_tree(inner) for inner in value])
    return json.dumps(value, ensure_ascii=False).encode()
