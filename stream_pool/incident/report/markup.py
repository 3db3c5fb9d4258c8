"""HTML, put together so that nothing from a log can become part of it: text and attributes are escaped."""

import html
import json

from stream_pool.incident.report.cited import NOTHING, Cited
from stream_pool.incident.report.parts import Cell

_VOID = frozenset({"meta", "br"})


def text(content: str) -> str:
    """Text as it is to be read."""
    return html.escape(content, quote=False)


def tag(name: str, inner: str = "", /, **given: str) -> str:
    """An element around markup. Attributes are text."""
    told = "".join(f' {key}="{html.escape(value)}"' for key, value in given.items() if value)
    return f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{inner}</{name}>"


def attributes(cited: Cited, places: tuple[str, ...] = ()) -> dict[str, str]:
    """What says on which events something rests: ids, offsets, and how many where more than are named."""
    told = {}
    if cited != NOTHING:
        told["data-event"] = _json([ref.id for ref in cited.events])
        told["data-offset"] = _json([ref.offset for ref in cited.events])
        if cited.count > len(cited.events):
            told["data-count"] = str(cited.count)
    if places:
        told["data-record"] = _json(list(places))
    return told


def span(cell: Cell, name: str = "span", **given: str) -> str:
    """A cell as an element; as plain text where it needs none."""
    inner = text(cell.text)
    if cell.more:
        inner += tag("span", text(cell.more), **{"class": "more"})
    tones = " ".join(filter(None, (given.pop("class", ""), cell.tone)))
    told = {**given, **({"class": tones} if tones else {}), **attributes(cell.cited, cell.places)}
    return inner if name == "span" and not told else tag(name, inner, **told)


def script_json(content: bytes) -> str:
    """JSON that can stand in a script element: nothing in it can end one, or begin a comment."""
    return content.decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _json(content: list[str] | list[int]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
