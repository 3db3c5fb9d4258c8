"""Reading a page as a browser would, for the tests of what stands in it."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br"}
NAMES = {"head", "script", "nav", "footer", "th", "dt"}


@dataclass
class Node:
    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, *names: str) -> list["Node"]:
        """This element and all in it, in order, that have one of these names."""
        own = [self] if not names or self.name in names else []
        return own + [found for child in self.children for found in child.all(*names)]

    @property
    def content(self) -> str:
        return self.text + "".join(child.content for child in self.children)

    @property
    def ids(self) -> list[str]:
        return list(json.loads(self.attributes.get("data-event", "[]")))


class Page(HTMLParser):
    """`root` has the elements; each that was opened must be closed, in order, or this raises."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root], f"not closed: {[node.name for node in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].name == tag, f"{tag} closes {self._open[-1].name}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(Node("#text", {}, data))


def untraced(node: Node, is_traced: bool = False) -> list[str]:
    """Texts with a digit in them that no element round them gives an origin for. Names are no numbers: those
    of columns, figures, lines and times on an axis."""
    if node.name in NAMES or node.attributes.get("class") in ("key", "axis"):
        return []
    is_traced |= "data-event" in node.attributes or "data-record" in node.attributes
    own = [node.text] if not is_traced and any(map(str.isdigit, node.text)) else []
    return own + [found for child in node.children for found in untraced(child, is_traced)]
