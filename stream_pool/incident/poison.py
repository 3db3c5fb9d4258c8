"""Records that no decoder should accept, each wrong in one way of its own.

A poison record is made from a good order by one function, so it carries an order's key and headers and is the
same in every run. The names are ours; the reason under which each ends in the dead letters is in `REASONS`.
"""

from collections.abc import Callable
from typing import Final

LEVELS_TOO_MANY: Final = 80


def not_json(value: bytes) -> bytes:
    """A line of text where a document was expected."""
    return b"order " + value[12:33] + b" was cancelled by telephone"


def truncated(value: bytes) -> bytes:
    """The first half, cut after a colon: never within a character, so that the end is what is missing."""
    return value[: value.rindex(b'":', 0, len(value) // 2) + 2]


def tombstone(value: bytes) -> None:
    """No value at all: what Kafka calls a tombstone."""


def duplicate_keys(value: bytes) -> bytes:
    """The order's id twice in one object."""
    return b'{"orderId":"ord-00000000-00000000",' + value[1:]


def lone_surrogate(value: bytes) -> bytes:
    """Half of a pair of UTF-16 surrogates, written as an escape."""
    return b'{"note":"\\ud83d and nothing after it",' + value[1:]


def invalid_utf8(value: bytes) -> bytes:
    """A producer that wrote Latin-1."""
    return '{"note":"crème brûlée",'.encode("latin-1") + value[1:]


def too_deep(value: bytes) -> bytes:
    """Arrays nested in arrays, more levels than a decoder allows by default."""
    return b'{"nested":' + b"[" * LEVELS_TOO_MANY + b"]" * LEVELS_TOO_MANY + b"," + value[1:]


def root_not_object(value: bytes) -> bytes:
    """A producer that batches: an array of orders where one was expected."""
    return b"[" + value + b"]"


POISONS: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "not_json": not_json,
    "truncated": truncated,
    "tombstone": tombstone,
    "duplicate_keys": duplicate_keys,
    "lone_surrogate": lone_surrogate,
    "invalid_utf8": invalid_utf8,
    "too_deep": too_deep,
    "root_not_object": root_not_object,
}

REASONS: Final = {
    "not_json": "unexpected_byte",
    "truncated": "unexpected_end",
    "tombstone": "tombstone",
    "duplicate_keys": "duplicate_key",
    "lone_surrogate": "lone_surrogate",
    "invalid_utf8": "invalid_utf8",
    "too_deep": "depth_limit",
    "root_not_object": "root_not_object",
}
"""The dead-letter reason of each kind."""
