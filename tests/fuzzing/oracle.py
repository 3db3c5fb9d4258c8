"""What a document ought to give, by means other than the core's.

The standard library has the first word, held to RFC 8259 by its hooks; where the limits may matter, or it
refuses, the twin's exact scanner has the last: slow, and the specification itself.
"""

import marshal
from dataclasses import dataclass
from functools import partial
from json import JSONDecoder, JSONEncoder
from math import isinf
from typing import Any, Final, NoReturn

from fuzzing.sequence import Settings
from stream_pool.documents import reasons
from stream_pool.documents._exact import ExactScanner
from stream_pool.documents.errors import DecodeError, LimitExceeded
from stream_pool.documents.limits import Limits

_DEFAULTS: Final = Limits()
_PROVABLE_BYTES: Final = 1000
"""So short a text can exceed no default limit but the depth."""

_write = JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Accepted:
    """The value as dicts and lists, its compact text, and the members of all objects as written."""

    plain: Any
    text: bytes
    members: int

    @property
    def fingerprint(self) -> bytes:
        return fingerprint(self.plain)


@dataclass(frozen=True, slots=True)
class Refused:
    """The error that is due."""

    kind: type[DecodeError]
    reason: str
    offset: int

    @classmethod
    def of(cls, error: DecodeError) -> "Refused":
        return cls(type(error), error.reason, error.offset)


class _Doubtful(ValueError):
    """Nothing that the standard library can be trusted with."""


def fingerprint(plain: Any) -> bytes:
    """Bytes that are equal where values, types and the order of keys are: 1, 1.0, True, -0.0 all differ."""
    return marshal.dumps(plain, 2)


def expected(raw: bytes | bytearray | memoryview | str, settings: Settings) -> Accepted | Refused:
    """What decoding this must give, or raise."""
    limits = settings.limits
    if isinstance(raw, str):
        if len(raw) > limits.document_bytes:  # before it is made bytes of
            return Refused(LimitExceeded, reasons.DOCUMENT_BYTES_LIMIT, limits.document_bytes)
        raw = raw.encode("utf-8", "surrogatepass")
    raw = bytes(raw)
    if len(raw) > limits.document_bytes:
        return Refused(LimitExceeded, reasons.DOCUMENT_BYTES_LIMIT, limits.document_bytes)
    counter = _Members(refuse_duplicates=settings.duplicate_keys == "error")
    try:
        plain = _by_library(raw, limits, counter)
    except (ValueError, RecursionError):
        counter = _Members(refuse_duplicates=False)
        scanner = ExactScanner(
            raw, limits, counter.object_pairs, refuse_duplicates=settings.duplicate_keys == "error"
        )
        try:
            plain = scanner.scan()
        except DecodeError as error:
            return Refused.of(error)
    return Accepted(plain, _write(plain).encode(), counter.members)


class _Members:
    """Makes dicts, counts members."""

    __slots__ = ("_refuse_duplicates", "members")

    def __init__(self, *, refuse_duplicates: bool) -> None:
        self._refuse_duplicates = refuse_duplicates
        self.members = 0

    def object_pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.members += len(pairs)
        made = dict(pairs)
        if self._refuse_duplicates and len(made) != len(pairs):
            raise _Doubtful
        return made


def _by_library(raw: bytes, limits: Limits, counter: _Members) -> Any:
    if (
        limits != _DEFAULTS
        or len(raw) > _PROVABLE_BYTES
        or raw.count(b"[") + raw.count(b"{") > limits.depth
        or b"\\ud" in raw
        or b"\\uD" in raw
    ):
        raise _Doubtful
    decode = partial(JSONDecoder, object_pairs_hook=counter.object_pairs)
    return decode(parse_float=_finite, parse_constant=_refuse).decode(raw.decode())


def _finite(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise _Doubtful
    return value


def _refuse(name: str) -> NoReturn:
    raise _Doubtful
