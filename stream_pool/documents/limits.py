"""How large a document may be: bounds that hold for any input, each with its own reason."""

from dataclasses import dataclass, fields

from stream_pool.errors import MisuseError

DEPTH_CEILING = 1024
NUMBER_DIGITS_CEILING = 4300
"""CPython's own default bound for converting text to an integer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document; lengths are bytes as written, before unescaping.

    Raises `MisuseError` for a negative bound, a `depth` over 1,024 or `number_digits` outside 1 to 4,300.
    """

    document_bytes: int = 16 << 20
    depth: int = 64
    """Nested containers; the root container is 1."""
    keys: int = 100_000
    """Members of all objects together."""
    items: int = 1_000_000
    """Elements of all arrays together."""
    key_bytes: int = 1024
    string_bytes: int = 8 << 20
    number_digits: int = 1000
    """Digits of one number, in its integer, fraction and exponent."""

    def __post_init__(self) -> None:
        for field in fields(self):
            bound = getattr(self, field.name)
            if bound < 0:
                raise MisuseError(f"limits: {field.name} is {bound}; it must be 0 or more")
        if self.depth > DEPTH_CEILING:
            raise MisuseError(f"limits: depth is {self.depth}; it must be at most {DEPTH_CEILING}")
        if not 1 <= self.number_digits <= NUMBER_DIGITS_CEILING:
            raise MisuseError(
                f"limits: number_digits is {self.number_digits}; it must be from 1 to {NUMBER_DIGITS_CEILING}"
            )
