"""Places in documents, as a tree of bounded size: what each costs, and what is told together where they are
too many.

A path is written `order.items[].sku`. Where objects at a path have more than `WIDE_KEYS` different keys,
those in fewer than one of `RARE` of them are told together, as `order.by_sku.*`: such keys are identifiers
in truth. A path keeps `KEYS_MAX` keys at most; the others are `*` at once. The whole tree has `NODES_MAX`
places at most; what comes when it is full is told as `ELSEWHERE`. Whatever is folded, sums stay what they
were.
"""

import json
import re
from collections.abc import Iterator

from stream_pool.incident.estimate.cardinality import Cardinality, fingerprint

WIDE_KEYS = 128
RARE = 16
KEYS_MAX = 512
NODES_MAX = 2_048
VALUES_KEPT = 128
NAME_CHARACTERS = 40

ROOT = "$"
REST = "*"
ELSEWHERE = "(elsewhere)"

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Node:
    """One place. `bytes` are those as written of its keys, with their colons, and of its values: all of a
    scalar, of a container the brackets and commas."""

    __slots__ = ("bytes", "children", "element", "keys", "misses", "number", "rest", "values")

    def __init__(self) -> None:
        self.number = 0
        """Values met here."""
        self.bytes = 0
        self.misses = 0
        """Lookups of keys here that the pool did not have."""
        self.values = Cardinality(VALUES_KEPT)
        """Different scalars, as they were written."""
        self.keys: Cardinality | None = None
        """Of what is told together: its different keys."""
        self.children: dict[bytes, Node] = {}
        """By the key as it was written, with its quotes."""
        self.element: Node | None = None
        self.rest: Node | None = None


class PathTree:
    """All places. The caller goes down with `child` and `element`, and calls `tidy` between documents."""

    def __init__(self) -> None:
        self.root = Node()
        self.elsewhere = Node()
        self._size = 1
        self._wide: dict[int, Node] = {}

    def child(self, holder: Node, key: bytes) -> Node:
        """The place of a key, as written with its quotes, in the objects at `holder`."""
        found = holder.children.get(key)
        if found is not None:
            return found
        if holder is self.elsewhere:
            return holder
        if holder.rest is None and len(holder.children) < KEYS_MAX:
            if self._size >= NODES_MAX:
                return self.elsewhere
            self._size += 1
            made = holder.children[key] = Node()
            if len(holder.children) > WIDE_KEYS:
                self._wide[id(holder)] = holder
            return made
        rest = self._rest_of(holder)
        assert rest.keys is not None
        rest.keys.add(fingerprint(key))
        return rest

    def element(self, holder: Node) -> Node:
        """The place of the elements of the arrays at `holder`."""
        if holder.element is not None:
            return holder.element
        if holder is self.elsewhere or self._size >= NODES_MAX:
            return self.elsewhere
        self._size += 1
        holder.element = Node()
        return holder.element

    def tidy(self) -> None:
        """Fold the rare keys of objects that have too many; places handed out before are no longer valid."""
        for holder in self._wide.values():
            rare = [key for key, child in holder.children.items() if child.number * RARE < holder.number]
            self._fold(holder, rare)
        self._wide.clear()

    def finish(self) -> None:
        """The last `tidy`: where keys are told together already, so are those that came but once."""
        self.tidy()
        for holder, _ in list(self._walk()):
            if holder.rest is not None:
                self._fold(holder, [key for key, child in holder.children.items() if child.number == 1])

    def paths(self) -> Iterator[tuple[str, Node]]:
        """Every place with its name."""
        for node, name in self._walk():
            yield name, node
        if self.elsewhere.number:
            yield ELSEWHERE, self.elsewhere

    def _walk(self) -> Iterator[tuple[Node, str]]:
        stack = [(self.root, ROOT)]
        while stack:
            node, name = stack.pop()
            yield node, name
            prefix = "" if node is self.root else name
            if node.rest is not None:
                stack.append((node.rest, _joined(prefix, REST)))
            if node.element is not None:
                stack.append((node.element, f"{prefix or ROOT}[]"))
            stack += [(child, _joined(prefix, _named(key))) for key, child in node.children.items()]

    def _rest_of(self, holder: Node) -> Node:
        if holder.rest is None:
            self._size += 1
            holder.rest = Node()
            holder.rest.keys = Cardinality(VALUES_KEPT)
        return holder.rest

    def _fold(self, holder: Node, keys: list[bytes]) -> None:
        if not keys:
            return
        rest = self._rest_of(holder)
        assert rest.keys is not None
        for key in keys:
            rest.keys.add(fingerprint(key))
            self._merge(rest, holder.children.pop(key))

    def _merge(self, into: Node, gone: Node) -> None:
        """Put one place's figures, and those of all below it, to another's."""
        stack = [(into, gone)]
        while stack:
            into, gone = stack.pop()
            self._size -= 1
            into.number += gone.number
            into.bytes += gone.bytes
            into.misses += gone.misses
            into.values.merge(gone.values)
            if gone.keys is not None and into.keys is not None:
                into.keys.merge(gone.keys)
            for key, child in gone.children.items():
                found = into.children.get(key)
                if found is None and into.rest is None and len(into.children) < KEYS_MAX:
                    into.children[key] = child
                    continue
                if found is None:
                    found = self._rest_of(into)
                    assert found.keys is not None
                    found.keys.add(fingerprint(key))
                stack.append((found, child))
            if gone.element is not None:
                if into.element is None:
                    into.element = gone.element
                else:
                    stack.append((into.element, gone.element))
            if gone.rest is not None:
                stack.append((self._rest_of(into), gone.rest))


def _named(key: bytes) -> str:
    """A key as it stands in a path: alone where it is a plain word, else quoted; cut where it is long."""
    text: str = json.loads(key)
    if len(text) > NAME_CHARACTERS:
        text = text[:NAME_CHARACTERS] + "…"
    return text if _PLAIN.fullmatch(text) else f"[{json.dumps(text, ensure_ascii=False)}]"


def _joined(prefix: str, name: str) -> str:
    if not prefix:
        return name
    return prefix + name if name.startswith("[") else f"{prefix}.{name}"
