"""Documents that are nearly the one before: a tree changed in one place, or its bytes broken in a few.

What a decoder predicts rests on what it saw last, so a document says little by itself; those that follow one
another closely say much. All chance comes from the generator that is given.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from fuzzing.grammar import Array, Object, Tree, containers, key, pick, scalar, written

ObjectChange = Callable[[Random, Object, list[Object | Array]], None]
ArrayChange = Callable[[Random, Array, list[Object | Array]], None]
ByteChange = Callable[[Random, bytes, bytes], bytes]

_SNIPPETS: Final[tuple[bytes, ...]] = (
    b'"', b'""', b"\\", b'\\"', b"{", b"}", b"[", b"]", b"{}", b"[]", b",", b":", b",,", b"0", b"-", b".",
    b"e5", b"E+", b" ", b"\n", b"\t", b"\r", b"\x0b", b"\x00", b"\x1f", b"\x7f", b"\x80", b"\xbf",
    b"\xc0\x80", b"\xc3", b"\xc3\xa9", b"\xe2\x82", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xed\xbf\xbf",
    b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5", b"\xfe", b"\xff",
    b"\\ud83d\\ude00", b"\\ud83d", b"\\ude00", b"\\ud83d\\u0041", b"\\ud83d\\", b"\\u", b"\\u00", b"\\u0061",
    b"\\u0000", b"\\/", b"\\x", b"true", b"tru", b"nul", b"null", b"NaN", b"Infinity", b"//", b"/**/", b"'",
    b'"a":1', b'"a":1,', b',"a":1', b"1" * 20, b"9" * 310, b"1e5", b".5", b"0" * 17,
)  # fmt: skip


def nearly(rng: Random, tree: Tree) -> Tree:
    """The tree with one to three changes, made in place where it is a container."""
    for _ in range(1 if rng.random() < 0.7 else 1 + int(rng.random() * 3)):
        found = containers(tree)
        if not found:
            return scalar(rng)
        container = pick(rng, found)
        if isinstance(container, Object):
            pick(rng, _OBJECT_CHANGES)(rng, container, found)
        else:
            pick(rng, _ARRAY_CHANGES)(rng, container, found)
    return tree


def broken(rng: Random, raw: bytes, other: bytes) -> bytes:
    """The bytes with one to four changes; `other` lends a piece to some."""
    for _ in range(1 if rng.random() < 0.75 else 1 + int(rng.random() * 4)):
        raw = pick(rng, _BYTE_CHANGES)(rng, raw, other)
    return raw


def spelled(rng: Random, tree: Tree) -> bytes:
    """The text of a tree, most of the time without white space."""
    style = rng.random()
    if style < 0.86:
        return written(tree)
    if style < 0.93:
        return written(tree, b", ", b": ")
    spaces = (b"", b" ", b"\n", b"\t ", b"\r\n  ", b"         ")
    comma = pick(rng, spaces) + b"," + pick(rng, spaces)
    text = written(tree, comma, pick(rng, spaces) + b":" + pick(rng, spaces))
    return pick(rng, spaces) + text + pick(rng, spaces)


def escaped(rng: Random, text: bytes) -> bytes:
    """A string's text with one plain character written as an escape; any other text as it is."""
    if len(text) < 3 or text[0] != 0x22:
        return text
    at = 1 + int(rng.random() * (len(text) - 2))
    if not (0x20 <= text[at] < 0x7F) or b"\\" in text:
        return text
    return text[:at] + b"\\u%04x" % text[at] + text[at + 1 :]


# Changes of a tree, each of one container.


def _set_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    if target.members:
        at = int(rng.random() * len(target.members))
        target.members[at] = target.members[at][0], scalar(rng)


def _drop_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    if target.members:
        del target.members[int(rng.random() * len(target.members))]


def _add_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    target.members.insert(int(rng.random() * (len(target.members) + 1)), (key(rng), scalar(rng)))


def _swap_members(rng: Random, target: Object, _: list[Object | Array]) -> None:
    members = target.members
    if len(members) > 1:
        at = int(rng.random() * (len(members) - 1))
        members[at], members[at + 1] = members[at + 1], members[at]


def _rename_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    if target.members:
        at = int(rng.random() * len(target.members))
        target.members[at] = key(rng), target.members[at][1]


def _respell_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    if target.members:
        at = int(rng.random() * len(target.members))
        name, value = target.members[at]
        target.members[at] = escaped(rng, name), escaped(rng, value) if isinstance(value, bytes) else value


def _repeat_member(rng: Random, target: Object, _: list[Object | Array]) -> None:
    """A key twice: with its value, or with another."""
    if target.members and rng.random() < 0.3:
        name, value = pick(rng, target.members)
        at = int(rng.random() * (len(target.members) + 1))
        target.members.insert(at, (name, value if rng.random() < 0.5 else scalar(rng)))


def _exchange_keys(rng: Random, target: Object, found: list[Object | Array]) -> None:
    other = pick(rng, found)
    if isinstance(other, Object) and other.members and target.members:
        mine, theirs = int(rng.random() * len(target.members)), int(rng.random() * len(other.members))
        my_key, their_key = target.members[mine][0], other.members[theirs][0]
        target.members[mine] = their_key, target.members[mine][1]
        other.members[theirs] = my_key, other.members[theirs][1]


def _graft_member(rng: Random, target: Object, found: list[Object | Array]) -> None:
    """A copy of some container, as text, in place of a value: nothing of it is changed later."""
    if target.members:
        at = int(rng.random() * len(target.members))
        target.members[at] = target.members[at][0], _cutting(rng, found)


def _empty_object(rng: Random, target: Object, _: list[Object | Array]) -> None:
    if rng.random() < 0.3:
        target.members.clear()


def _set_item(rng: Random, target: Array, _: list[Object | Array]) -> None:
    if target.items:
        target.items[int(rng.random() * len(target.items))] = scalar(rng)


def _drop_item(rng: Random, target: Array, _: list[Object | Array]) -> None:
    if target.items:
        del target.items[int(rng.random() * len(target.items))]


def _repeat_item(rng: Random, target: Array, _: list[Object | Array]) -> None:
    if target.items:
        at = int(rng.random() * len(target.items))
        target.items[at:at] = [target.items[at]] * (1 + int(rng.random() * 3))


def _add_item(rng: Random, target: Array, found: list[Object | Array]) -> None:
    item = scalar(rng) if rng.random() < 0.7 else _cutting(rng, found)
    target.items.insert(int(rng.random() * (len(target.items) + 1)), item)


def _empty_array(rng: Random, target: Array, _: list[Object | Array]) -> None:
    if rng.random() < 0.3:
        target.items.clear()


def _cutting(rng: Random, found: list[Object | Array]) -> bytes:
    text = written(pick(rng, found))
    if len(text) > 300:
        return pick(rng, (b"{}", b"[]", b"[{}]", b'{"a":{}}'))
    return text if rng.random() < 0.7 else b"[" + text + b"]"


_OBJECT_CHANGES: Final[tuple[ObjectChange, ...]] = (
    _set_member, _set_member, _set_member, _set_member, _drop_member, _add_member, _swap_members,
    _rename_member, _respell_member, _repeat_member, _exchange_keys, _graft_member, _empty_object,
)  # fmt: skip
_ARRAY_CHANGES: Final[tuple[ArrayChange, ...]] = (
    _set_item,
    _set_item,
    _drop_item,
    _repeat_item,
    _add_item,
    _empty_array,
)


# Changes of bytes.


def _flip_bit(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * len(raw))
    return raw[:at] + bytes((raw[at] ^ 1 << int(rng.random() * 8),)) + raw[at + 1 :] if raw else raw


def _set_byte(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * len(raw))
    return raw[:at] + bytes((int(rng.random() * 256),)) + raw[at + 1 :]


def _insert_snippet(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * (len(raw) + 1))
    return raw[:at] + pick(rng, _SNIPPETS) + raw[at:]


def _overwrite_with_snippet(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * (len(raw) + 1))
    snippet = pick(rng, _SNIPPETS)
    return raw[:at] + snippet + raw[at + len(snippet) :]


def _delete_some(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * (len(raw) + 1))
    return raw[:at] + raw[at + 1 + int(rng.random() ** 3 * 30) :]


def _repeat_some(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = int(rng.random() * (len(raw) + 1))
    end = at + 1 + int(rng.random() ** 3 * 40)
    return raw[:end] + raw[at:end] + raw[end:]


def _truncate(rng: Random, raw: bytes, _: bytes) -> bytes:
    return raw[: int(rng.random() * (len(raw) + 1))]


def _splice(rng: Random, raw: bytes, other: bytes) -> bytes:
    """The beginning of one and the end of the other."""
    return raw[: int(rng.random() * (len(raw) + 1))] + other[int(rng.random() * (len(other) + 1)) :]


def _transplant(rng: Random, raw: bytes, other: bytes) -> bytes:
    at, theirs = int(rng.random() * (len(raw) + 1)), int(rng.random() * (len(other) + 1))
    size = 1 + int(rng.random() ** 2 * 40)
    return raw[:at] + other[theirs : theirs + size] + raw[at + size :]


def _lengthen_number(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = next((n for n, byte in enumerate(raw, 1) if 0x30 <= byte <= 0x39 and rng.random() < 0.2), 0)
    digits = pick(
        rng, (b"0", b"1", b"9", b"0000000", b"1234567", b".5", b"e1", b"e-7", b"9" * 17, b"3" * 300)
    )
    return raw[:at] + digits + raw[at:]


def _surround(rng: Random, raw: bytes, _: bytes) -> bytes:
    before, after = pick(rng, _SURROUNDINGS)
    return before + raw + after


_SURROUNDINGS: Final = (
    (b"", b"x"), (b"", b" "), (b"", b"\x00"), (b"", b"{}"), (b"", b"]"), (b"\xef\xbb\xbf", b""),
    (b"\xef\xbb", b""), (b"[", b"]"), (b'{"a":', b"}"), (b"\n", b"\n"), (b"[" * 70, b"]" * 70),
    (b'{"a":' * 66, b"}" * 66), (b"[" * 63, b"]" * 63), (b"", b"\xff"), (b"", b"/"), (b"", b","),
)  # fmt: skip
_BYTE_CHANGES: Final[tuple[ByteChange, ...]] = (
    _flip_bit, _flip_bit, _set_byte, _insert_snippet, _insert_snippet, _overwrite_with_snippet, _delete_some,
    _repeat_some, _truncate, _splice, _transplant, _lengthen_number, _surround,
)  # fmt: skip
