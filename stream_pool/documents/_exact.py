"""The exact scanner: RFC 8259 byte by byte, every limit, and for whatever is wrong the reason and the offset.

One pass over the bytes, one loop, a stack of its own: depth costs no recursion. It gives what the standard
library's scanner gives (lists, scalars, and whatever `make_object` makes of member pairs), or raises the
error with the smallest offset. What `reasons` says about offsets and precedence is settled here.
"""

import re
from collections.abc import Callable
from math import isinf
from typing import Any, Final, NoReturn

from stream_pool.documents import reasons
from stream_pool.documents._exact_strings import is_utf8_at, read_string
from stream_pool.documents._integers import from_decimal
from stream_pool.documents.errors import DecodeError, LimitExceeded
from stream_pool.documents.limits import Limits

MakeObject = Callable[[list[tuple[str, Any]]], Any]

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_WHITE_SPACE_BYTES: Final = b" \t\n\r"
_WHITE_SPACE: Final = re.compile(rb"[ \t\n\r]*+")
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?P<fraction>\.[0-9]++)?(?P<exponent>[eE][+-]?[0-9]++)?")
_BEGUN_EXPONENT: Final = re.compile(rb"[eE][+-]?")
_NOT_DIGITS: Final = b"+-.eE"
_LITERALS: Final[dict[int, tuple[bytes, bool | None]]] = {
    ord("t"): (b"true", True),
    ord("f"): (b"false", False),
    ord("n"): (b"null", None),
}
_QUOTE, _COLON, _COMMA = b'":,'
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"
_DIGITS: Final = b"0123456789"
_VALUE_BEGINNINGS: Final = frozenset(b'{["-tfn' + _DIGITS)
_PENDING: Final = object()
"""In place of a value: a container waits for its next one."""


class _OpenObject:
    """An object that is being read: its members so far, and the key whose value is due."""

    __slots__ = ("key", "pairs", "seen")

    def __init__(self) -> None:
        self.pairs: list[tuple[str, Any]] = []
        self.seen: set[str] = set()
        self.key = ""


class ExactScanner:
    """One pass over one text: a cursor that only goes forward, what it counted, what is open."""

    __slots__ = ("_at", "_items", "_keys", "_limits", "_make_object", "_open", "_raw", "_refuse_duplicates")

    def __init__(
        self, raw: bytes, limits: Limits, make_object: MakeObject, *, refuse_duplicates: bool
    ) -> None:
        self._raw = raw
        self._limits = limits
        self._make_object = make_object
        self._refuse_duplicates = refuse_duplicates
        self._at = 0
        self._keys = 0
        self._items = 0
        self._open: list[_OpenObject | list[Any]] = []

    def scan(self) -> Any:
        """The value of the whole text. Raises `DecodeError`, or `LimitExceeded`."""
        if self._raw.startswith(_BYTE_ORDER_MARK):
            raise DecodeError(reasons.BYTE_ORDER_MARK, 0)
        value = _PENDING
        while value is _PENDING:
            value = self._begin_value()
            if value is not _PENDING:
                value = self._hand_over(value)
        self._skip_white_space()
        if self._at < len(self._raw):
            raise DecodeError(reasons.TRAILING_BYTES, self._at)
        return value

    def _begin_value(self) -> Any:
        """Reads a scalar or an empty container; of any other container only as far as its first value."""
        byte = self._next_byte()
        if byte not in _VALUE_BEGINNINGS:
            self._refuse_byte()
        if self._open and isinstance(self._open[-1], list):
            self._items += 1
            if self._items > self._limits.items:
                raise LimitExceeded(reasons.ITEMS_LIMIT, self._at)
        if byte == _OPEN_OBJECT:
            return self._begin_object()
        if byte == _OPEN_ARRAY:
            return self._begin_array()
        if byte == _QUOTE:
            return self._string(self._limits.string_bytes, reasons.STRING_BYTES_LIMIT)
        if byte in _LITERALS:
            return self._literal(*_LITERALS[byte])
        return self._number()

    def _hand_over(self, value: Any) -> Any:
        """Gives a whole value to its container, and closes all that end with it; the root, once whole."""
        while self._open:
            container = self._open[-1]
            if isinstance(container, list):
                container.append(value)
                closing = _CLOSE_ARRAY
            else:
                container.pairs.append((container.key, value))
                closing = _CLOSE_OBJECT
            byte = self._next_byte()
            if byte == _COMMA:
                self._at += 1
                if isinstance(container, _OpenObject):
                    self._key(container)
                return _PENDING
            if byte != closing:
                self._refuse_byte()
            self._at += 1
            self._open.pop()
            value = container if isinstance(container, list) else self._make_object(container.pairs)
        return value

    def _begin_object(self) -> Any:
        self._check_depth()
        self._at += 1
        if self._next_byte() == _CLOSE_OBJECT:
            self._at += 1
            return self._make_object([])
        opened = _OpenObject()
        self._open.append(opened)
        self._key(opened)
        return _PENDING

    def _begin_array(self) -> Any:
        self._check_depth()
        self._at += 1
        if self._next_byte() == _CLOSE_ARRAY:
            self._at += 1
            return []
        self._open.append([])
        return _PENDING

    def _check_depth(self) -> None:
        if len(self._open) >= self._limits.depth:
            raise LimitExceeded(reasons.DEPTH_LIMIT, self._at)

    def _key(self, opened: _OpenObject) -> None:
        """Reads a key and its colon."""
        if self._next_byte() != _QUOTE:
            self._refuse_byte()
        start = self._at
        self._keys += 1
        if self._keys > self._limits.keys:
            raise LimitExceeded(reasons.KEYS_LIMIT, start)
        key = self._string(self._limits.key_bytes, reasons.KEY_BYTES_LIMIT)
        if self._refuse_duplicates:
            if key in opened.seen:
                raise DecodeError(reasons.DUPLICATE_KEY, start)
            opened.seen.add(key)
        opened.key = key
        if self._next_byte() != _COLON:
            self._refuse_byte()
        self._at += 1

    def _string(self, bytes_max: int, limit_reason: str) -> str:
        string, self._at = read_string(self._raw, self._at, bytes_max, limit_reason)
        return string

    def _literal(self, word: bytes, value: bool | None) -> bool | None:
        for byte in word:
            if self._at == len(self._raw):
                raise DecodeError(reasons.UNEXPECTED_END, self._at)
            if self._raw[self._at] != byte:
                self._refuse_byte()
            self._at += 1
        return value

    def _number(self) -> int | float:
        start = self._at
        well_formed = _NUMBER.match(self._raw, start)
        if well_formed is None:
            self._refuse_number(start, start + 1)
        token = well_formed.group()
        if len(token.translate(None, _NOT_DIGITS)) > self._limits.number_digits:
            raise LimitExceeded(reasons.NUMBER_DIGITS_LIMIT, start)
        self._at = well_formed.end()
        has_fraction, has_exponent = well_formed.group("fraction", "exponent")
        following = self._raw[self._at : self._at + 1]
        if not has_exponent and following in (b"e", b"E"):
            begun = _BEGUN_EXPONENT.match(self._raw, self._at)
            assert begun
            self._refuse_number(start, begun.end())
        if not has_exponent and not has_fraction:
            if following == b".":
                self._refuse_number(start, self._at + 1)
            if following and following in _DIGITS:
                raise DecodeError(reasons.INVALID_NUMBER, start)
            return from_decimal(token)
        value = float(token)
        if isinf(value):
            raise DecodeError(reasons.NUMBER_OUT_OF_RANGE, start)
        return value

    def _refuse_number(self, start: int, digit_due_at: int) -> NoReturn:
        """A digit was due where there is none: something else, or the end."""
        if digit_due_at == len(self._raw):
            raise DecodeError(reasons.UNEXPECTED_END, digit_due_at)
        raise DecodeError(reasons.INVALID_NUMBER, start)

    def _skip_white_space(self) -> None:
        found = _WHITE_SPACE.match(self._raw, self._at)
        assert found, "the pattern matches the empty string"
        self._at = found.end()

    def _next_byte(self) -> int:
        """The byte at the cursor after white space, which must be there."""
        if self._at < len(self._raw):
            byte = self._raw[self._at]
            if byte not in _WHITE_SPACE_BYTES:
                return byte
            self._skip_white_space()
        if self._at == len(self._raw):
            raise DecodeError(reasons.UNEXPECTED_END, self._at)
        return self._raw[self._at]

    def _refuse_byte(self) -> NoReturn:
        is_text = is_utf8_at(self._raw, self._at)
        raise DecodeError(reasons.UNEXPECTED_BYTE if is_text else reasons.INVALID_UTF8, self._at)
