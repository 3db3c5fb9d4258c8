"""What becomes of a single value: a token of JSON, or bytes."""

import json
import re
from hashlib import blake2b

from stream_pool.incident.redaction.rules import Action

HASH_BYTES = 8
MASK = "***"

_INTEGERS = 10**15
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_E = re.compile("([eE])")
_DIGIT = re.compile("[0-9]")
_HIGH, _LOW, _OTHER = r"\ud83d", r"\ude00", r"\u0078"


class _Shapes(dict[int, str]):
    """For `str.translate`: each character becomes one of its kind that is as long in UTF-8."""

    def __missing__(self, point: int) -> str:
        if point < 0x80:
            return chr(point)
        if point < 0x800:
            return "\u00f6"
        return "\u5b57" if point < 0x10000 else "\U0001f600"


_SHAPES = _Shapes(
    {
        **dict.fromkeys(range(ord("a"), ord("z") + 1), "x"),
        **dict.fromkeys(range(ord("A"), ord("Z") + 1), "X"),
        **dict.fromkeys(range(ord("0"), ord("9") + 1), "0"),
    }
)


class Leaves:
    """Redacts single values under one salt, of 64 bytes at most."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._flips = self._digest(b"true")[0] & 1 == 1

    def hash(self, content: bytes) -> str:
        """The salted hash of some bytes."""
        return self._digest(content).hex()

    def token(self, token: str, action: int) -> str:
        """What stands for a string, a number, true or false; null is null."""
        if token == "null" or action == Action.DROP:
            return "null"
        if token[0] == '"':
            return self._string(token, action)
        if token in ("true", "false"):
            return self._boolean(token, action)
        return self._number(token, action)

    def content(self, content: bytes | None, action: int) -> bytes | None:
        """What stands for a key or a header's value."""
        if content is None or action == Action.DROP:
            return None
        if action == Action.MASK:
            return MASK.encode()
        if action == Action.HASH:
            return self.hash(content).encode()
        try:
            return content.decode().translate(_SHAPES).encode()
        except UnicodeDecodeError:
            return b"\xff" * len(content)

    def _digest(self, content: bytes) -> bytes:
        return blake2b(content, key=self._salt, digest_size=HASH_BYTES).digest()

    def _string(self, token: str, action: int) -> str:
        if action == Action.MASK:
            return f'"{MASK}"'
        if action == Action.HASH:
            content: str = json.loads(token) if "\\" in token else token[1:-1]
            return f'"{self.hash(content.encode(errors="surrogatepass"))}"'
        if "\\" not in token:
            return token.translate(_SHAPES)
        parts = []
        at = 0
        for match in _ESCAPE.finditer(token):
            parts += [token[at : match.start()].translate(_SHAPES), _escape_shape(match)]
            at = match.end()
        return "".join([*parts, token[at:].translate(_SHAPES)])

    def _number(self, token: str, action: int) -> str:
        is_integer = token.lstrip("-").isdigit()
        if action == Action.MASK:
            return "0" if is_integer else "0.0"
        if action == Action.HASH:
            number = int.from_bytes(self._digest(token.encode())) % _INTEGERS
            # Any first digit but 0, which would be no integer.
            return f"{number % (_INTEGERS * 9 // 10) + _INTEGERS // 10}" if is_integer else f"0.{number:015}"
        mantissa, *exponent = _E.split(token)  # an exponent of as many digits could make it too large
        return "".join([_DIGIT.sub("1", mantissa), *(_DIGIT.sub("0", part) for part in exponent)])

    def _boolean(self, token: str, action: int) -> str:
        if action == Action.HASH:
            return "true" if (token == "true") != self._flips else "false"
        return "false"


def _escape_shape(match: re.Match[str]) -> str:
    """An escape that is as long: half a pair stays half a pair, and alone where it was."""
    digits: str | None = match[1]
    if digits is None:
        return match[0]
    point = int(digits, 16)
    if 0xD800 <= point < 0xDC00:
        return _HIGH
    return _LOW if 0xDC00 <= point < 0xE000 else _OTHER
