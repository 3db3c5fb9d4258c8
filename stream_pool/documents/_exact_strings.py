"""One JSON string, from its opening quote: measured first, then read piece by piece up to its first fault."""

import re
from typing import Final, NoReturn

from stream_pool.documents import reasons
from stream_pool.documents.errors import DecodeError, LimitExceeded

_MEASURED: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_PLAIN: Final = re.compile(rb"[^\\\x00-\x1f]*+")
_HEX: Final = re.compile(rb"[0-9a-fA-F]{0,4}")
_LOW_SURROGATE: Final = re.compile(rb"\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_BEGUN_LOW_SURROGATE: Final = re.compile(rb"(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?\Z")
_ESCAPES: Final = {
    ord('"'): '"',
    ord("\\"): "\\",
    ord("/"): "/",
    ord("b"): "\b",
    ord("f"): "\f",
    ord("n"): "\n",
    ord("r"): "\r",
    ord("t"): "\t",
}
_BACKSLASH, _UNICODE = b"\\u"
_UTF8_BYTES_MAX = 4


def read_string(raw: bytes, opening: int, bytes_max: int, limit_reason: str) -> tuple[str, int]:
    """The string whose opening quote stands at `opening`, and the offset after its closing one.

    Raises `LimitExceeded` with `limit_reason` where it is longer as written than `bytes_max`, else
    `DecodeError`.
    """
    measured = _MEASURED.match(raw, opening + 1)
    assert measured, "the pattern matches the empty string"
    end = measured.end()
    is_closed = raw[end : end + 1] == b'"'
    if not is_closed:
        end = len(raw)
    if end - opening - 1 > bytes_max:
        raise LimitExceeded(limit_reason, opening)
    string = _content(raw, opening + 1, end)
    if not is_closed:
        raise DecodeError(reasons.UNEXPECTED_END, end)
    return string, end + 1


def is_utf8_at(raw: bytes, at: int) -> bool:
    """Whether one whole character in UTF-8 begins here."""
    return any(_is_utf8(raw[at : at + size]) for size in range(1, _UTF8_BYTES_MAX + 1))


def _is_utf8(sequence: bytes) -> bool:
    try:
        sequence.decode()
    except UnicodeDecodeError:
        return False
    return True


def _content(raw: bytes, start: int, end: int) -> str:
    pieces: list[str] = []
    at = start
    while True:
        plain = _PLAIN.match(raw, at, end)
        assert plain, "the pattern matches the empty string"
        if plain.group():
            pieces.append(_utf8(raw, at, plain.end()))
        at = plain.end()
        if at == end:
            return "".join(pieces)
        if raw[at] != _BACKSLASH:
            raise DecodeError(reasons.CONTROL_CHARACTER, at)
        character, at = _escape(raw, at)
        pieces.append(character)


def _utf8(raw: bytes, start: int, end: int) -> str:
    try:
        return raw[start:end].decode()
    except UnicodeDecodeError as error:
        fault = start + error.start
        if end == len(raw) and _could_go_on(raw[fault:end]):
            raise DecodeError(reasons.UNEXPECTED_END, end) from None
        raise DecodeError(reasons.INVALID_UTF8, fault) from None


def _could_go_on(sequence: bytes) -> bool:
    """Whether bytes that are no UTF-8 would be, if the lowest or the highest continuation bytes came."""
    return any(
        _is_utf8(sequence + filler * missing)
        for filler in (b"\x80", b"\xbf")
        for missing in range(1, _UTF8_BYTES_MAX)
    )


def _escape(raw: bytes, at: int) -> tuple[str, int]:
    """The character of the escape whose backslash stands at `at`, and the offset after it."""
    if at + 1 == len(raw):
        raise DecodeError(reasons.UNEXPECTED_END, len(raw))
    letter = raw[at + 1]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 2
    if letter != _UNICODE:
        raise DecodeError(reasons.INVALID_ESCAPE, at)
    unit = _code_unit(raw, at)
    if 0xDC00 <= unit <= 0xDFFF:
        raise DecodeError(reasons.LONE_SURROGATE, at)
    if 0xD800 <= unit <= 0xDBFF:
        low = _LOW_SURROGATE.match(raw, at + 6)
        if low is None:
            _refuse_lone(raw, at)
        return chr(0x10000 + ((unit - 0xD800) << 10) + (int(low.group(1), 16) - 0xDC00)), at + 12
    return chr(unit), at + 6


def _code_unit(raw: bytes, at: int) -> int:
    digits = _HEX.match(raw, at + 2)
    assert digits, "the pattern matches the empty string"
    if len(digits.group()) < 4:
        if digits.end() == len(raw):
            raise DecodeError(reasons.UNEXPECTED_END, len(raw))
        raise DecodeError(reasons.INVALID_ESCAPE, at)
    return int(digits.group(), 16)


def _refuse_lone(raw: bytes, high_at: int) -> NoReturn:
    if _BEGUN_LOW_SURROGATE.match(raw, high_at + 6):
        raise DecodeError(reasons.UNEXPECTED_END, len(raw))
    raise DecodeError(reasons.LONE_SURROGATE, high_at)
