"""Bytes as they stand in a line of JSON, and back: text where they are UTF-8, else base64.

`null` and the empty string differ, as no key and an empty one do on a topic. What is read is checked: each
function raises `TypeError` or `ValueError` for what it was not promised.
"""

import base64
from typing import Any


def text_or_base64(content: bytes | None) -> str | dict[str, str] | None:
    """Bytes as they stand in JSON: as text where they are UTF-8."""
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def bytes_of(told: Any) -> bytes | None:
    """The bytes that `text_or_base64` told."""
    if isinstance(told, str):
        return told.encode()
    if told is None:
        return None
    if isinstance(told, dict):
        return base64.b64decode(string(told["base64"]), validate=True)
    raise TypeError(f"{told!r} is neither text nor base64")


def string(told: Any) -> str:
    """A string, as it is."""
    if not isinstance(told, str):
        raise TypeError(f"{told!r} is no string")
    return told


def integer(told: Any) -> int:
    """An integer, as it is; true is none."""
    if type(told) is not int:
        raise TypeError(f"{told!r} is no integer")
    return told


def count(told: Any) -> int:
    """An integer from 0 on."""
    if integer(told) < 0:
        raise ValueError(f"{told} is below 0")
    return int(told)
