"""One pass over the bytes of a document that a decoder has accepted: what is in it, where, and how large.

The text is valid, so tokens are all that has to be told apart: no grammar is checked here. Everything is
measured as `Limits` measures it: lengths in bytes as written, before unescaping. Bounded memory: the paths
(`path_tree.py`), the cardinalities, and a table of fingerprints that is emptied when it is full.
"""

import json
import re
from array import array
from dataclasses import dataclass, field
from typing import Final

from stream_pool.incident.estimate.cardinality import Cardinality, fingerprint
from stream_pool.incident.estimate.extent import Extent
from stream_pool.incident.estimate.path_tree import Node, PathTree
from stream_pool.pool.pool import VALUE_BYTES_MAX

CARDINALITIES_KEPT = 1_024
FINGERPRINTS_MAX = 65_536
QUOTES_BYTES = 2
COLON_BYTES = 1
BRACKETS_BYTES = 2
ESCAPE_BYTES = 6

_TOKEN: Final = re.compile(
    rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")([ \t\n\r]*+:)?|([{\[])|([}\]])|([^ \t\n\r{}\[\],:"]++)', re.DOTALL
)
_STRING, _KEY, _OPEN, _CLOSE = (
    1,
    2,
    3,
    4,
)  # else a number or a literal; commas are counted by their neighbours
_NUMBER_BEGINNINGS: Final = frozenset(b"-0123456789")
_NOT_DIGITS: Final = b"+-.eE"


@dataclass(slots=True)
class Walked:
    """One document: how large it is, and its keys."""

    extent: Extent = field(default_factory=Extent)
    keys: list[tuple[int, Node]] = field(default_factory=list)
    """Of each member, in order: its key's fingerprint, and its place. For use until the next `tidy`."""


@dataclass(slots=True)
class BytesByKind:
    """What the bytes of all documents are; together they are all of them."""

    keys: int = 0
    """With quotes and colons."""
    short_strings: int = 0
    """Values that a pool may hold."""
    long_strings: int = 0
    numbers: int = 0
    """But for those in arrays."""
    numbers_in_arrays: int = 0
    literals: int = 0
    brackets_and_commas: int = 0
    white_space: int = 0


class Census:
    """Counts documents, one after the other."""

    def __init__(self) -> None:
        self.tree = PathTree()
        self.bytes = BytesByKind()
        self.keys = Cardinality(CARDINALITIES_KEPT)
        self.layouts = Cardinality(CARDINALITIES_KEPT)
        self.short_strings = Cardinality(CARDINALITIES_KEPT)
        self.short_strings_met = 0
        self._fingerprints: dict[bytes, int] = {}

    def take(self, raw: bytes) -> Walked:
        """Walk one document, which must be valid JSON. Call `tree.tidy` when its places are done with."""
        walked = Walked()
        extent = walked.extent
        extent.document_bytes = len(raw)
        tree, kinds = self.tree, self.bytes
        node = tree.root  # where the next value stands
        holder: Node | None = None  # the container that is open, and the keys so far where it is an object
        layout: list[int] | None = None
        count = 0  # of what is in it
        stack: list[tuple[Node | None, list[int] | None, int]] = []
        spelled_bytes = 0
        for match in _TOKEN.finditer(raw):
            kind = match.lastindex
            if kind == _KEY:
                assert holder is not None
                assert layout is not None
                key = match[1]
                hashed = self._string(key)
                node = tree.child(holder, key)
                layout.append(hashed)
                self.keys.add(hashed)
                walked.keys.append((hashed, node))
                size = len(key) + COLON_BYTES
                extent.key_bytes = max(extent.key_bytes, len(key) - QUOTES_BYTES)
                kinds.keys += size
            elif kind == _CLOSE:
                assert holder is not None
                if layout is None:
                    extent.items += count
                else:
                    count = len(layout)
                    extent.keys += count
                    self.layouts.add(fingerprint(array("Q", layout).tobytes()))
                size = BRACKETS_BYTES + max(0, count - 1)
                kinds.brackets_and_commas += size
                node = holder
                holder, layout, count = stack.pop()
            else:
                node.number += 1
                count += 1
                if kind == _OPEN:
                    stack.append((holder, layout, count))
                    extent.depth = max(extent.depth, len(stack))
                    holder, layout, count = node, [] if match[0] == b"{" else None, 0
                    size = 0
                elif kind == _STRING:
                    size = self._string_value(match[0], node, extent)
                else:
                    size = self._number_or_literal(match[0], node, extent, bool(stack) and layout is None)
            node.bytes += size
            spelled_bytes += size
            if holder is not None and layout is None:
                node = tree.element(holder)
        kinds.white_space += len(raw) - spelled_bytes
        return walked

    def _string_value(self, token: bytes, node: Node, extent: Extent) -> int:
        size = len(token)
        extent.string_bytes = max(extent.string_bytes, size - QUOTES_BYTES)
        hashed = self._string(token)
        node.values.add(hashed)
        if _is_short(token):
            self.short_strings_met += 1
            self.short_strings.add(hashed)
            self.bytes.short_strings += size
        else:
            self.bytes.long_strings += size
        return size

    def _number_or_literal(self, token: bytes, node: Node, extent: Extent, in_array: bool) -> int:
        size = len(token)
        node.values.add(fingerprint(token))
        if token[0] not in _NUMBER_BEGINNINGS:
            self.bytes.literals += size
        else:
            if size > extent.number_digits:
                extent.number_digits = max(extent.number_digits, len(token.translate(None, _NOT_DIGITS)))
            if in_array:
                self.bytes.numbers_in_arrays += size
            else:
                self.bytes.numbers += size
        return size

    def _string(self, token: bytes) -> int:
        """The fingerprint of a string, which is the same however it is escaped."""
        known = self._fingerprints.get(token)
        if known is None:
            known = fingerprint(_unescaped(token) if b"\\" in token else token[1:-1])
            if len(token) <= VALUE_BYTES_MAX + QUOTES_BYTES:
                if len(self._fingerprints) == FINGERPRINTS_MAX:
                    self._fingerprints.clear()
                self._fingerprints[token] = known
        return known


def _is_short(token: bytes) -> bool:
    """Whether a pool may hold this string value."""
    size = len(token) - QUOTES_BYTES
    return size <= VALUE_BYTES_MAX or (
        b"\\" in token
        and size <= VALUE_BYTES_MAX * ESCAPE_BYTES
        and len(_unescaped(token)) <= VALUE_BYTES_MAX
    )


def _unescaped(token: bytes) -> bytes:
    text: str = json.loads(token)
    return text.encode()
