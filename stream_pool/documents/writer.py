"""Documents back to JSON: compact UTF-8, members in their order, without recursion."""

from collections.abc import Iterator
from json.encoder import encode_basestring as quoted
from math import isfinite
from typing import Any

from stream_pool.documents._integers import to_decimal
from stream_pool.documents._record import Record, shallow_dict


def dumps(value: Any) -> bytes:
    """The JSON text of what a decoder gives: a Document, a tuple or a scalar.

    Decoding the text again gives an equal value. Raises `TypeError` for any other type (lists and dicts
    too: for those, `json.dumps(x, default=stream_pool.documents.default)`), `ValueError` for a float that
    is not finite or a string that is not Unicode text.
    """
    parts: list[str] = []
    open_containers: list[tuple[Iterator[tuple[str, Any]], str]] = []
    while True:
        if isinstance(value, Record):
            parts.append("{")
            open_containers.append((_members(value), "}"))
        elif type(value) is tuple:
            parts.append("[")
            open_containers.append((_elements(value), "]"))
        else:
            parts.append(_scalar(value))
        while open_containers:
            rest, closing = open_containers[-1]
            following = next(rest, None)
            if following is not None:
                prefix, value = following
                parts.append(prefix)
                break
            parts.append(closing)
            open_containers.pop()
        else:
            return "".join(parts).encode()


def default(value: Any) -> dict[str, Any]:
    """One level of a Document as a dict, for the `default` argument of `json.dumps` and `orjson.dumps`.

    Raises `TypeError` for anything else, as they expect.
    """
    if isinstance(value, Record):
        return shallow_dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


def quote(raw: bytes) -> bytes | None:
    """Bytes as the JSON string of their text; None where they are not UTF-8."""
    try:
        return quoted(raw.decode()).encode()
    except UnicodeDecodeError:
        return None


def _members(record: Record) -> Iterator[tuple[str, Any]]:
    comma = ""
    for key, value in zip(record._shape.keys, record._values, strict=True):
        yield f"{comma}{quoted(key)}:", value
        comma = ","


def _elements(array: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    comma = ""
    for value in array:
        yield comma, value
        comma = ","


def _scalar(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return quoted(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return to_decimal(value)
    if kind is float:
        if not isfinite(value):
            raise ValueError("JSON has no text for a float that is not finite")
        return repr(value)
    raise TypeError(f"{kind.__name__} is not what a decoder gives")
