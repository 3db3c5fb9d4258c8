"""Every reason that a `DecodeError` can carry, and the rules for its offset.

The offset is that of the first byte of the token at fault; within a string or a literal, of the byte or the
escape at fault. The smallest offset wins. Of two reasons at one offset the earlier in this file wins.

A string is measured as written, from its opening quote to the next quote that no backslash escapes (or to
the end of input), before anything in it is looked at: too long a string is a limit at its opening quote,
whatever else is wrong inside. Likewise the digits of a number are counted as far as it is well formed
before its form is judged.

`unexpected_end` means that the input could be the beginning of a document, and is only that.
"""

from typing import Final

DOCUMENT_BYTES_LIMIT: Final = "document_bytes_limit"
"""Offset: the limit. Told before anything is looked at."""
BYTE_ORDER_MARK: Final = "byte_order_mark"
"""Offset: 0."""
KEYS_LIMIT: Final = "keys_limit"
"""Offset: the opening quote of the first key too many."""
ITEMS_LIMIT: Final = "items_limit"
"""Offset: the first byte of the first element too many, which begins a value."""
DEPTH_LIMIT: Final = "depth_limit"
"""Offset: the bracket that opens the container too deep."""
KEY_BYTES_LIMIT: Final = "key_bytes_limit"
"""Offset: the opening quote."""
STRING_BYTES_LIMIT: Final = "string_bytes_limit"
"""Offset: the opening quote."""
NUMBER_DIGITS_LIMIT: Final = "number_digits_limit"
"""Offset: the number's first byte. Digits of the integer, the fraction and the exponent all count."""
TRAILING_BYTES: Final = "trailing_bytes"
"""Offset: the first byte after the root that is no white space."""
INVALID_UTF8: Final = "invalid_utf8"
"""Offset: the first byte of the sequence that is not UTF-8."""
UNEXPECTED_BYTE: Final = "unexpected_byte"
"""Offset: that byte. In a literal, the first that differs."""
CONTROL_CHARACTER: Final = "control_character"
"""Offset: a byte below 0x20 inside a string."""
INVALID_ESCAPE: Final = "invalid_escape"
"""Offset: the backslash."""
LONE_SURROGATE: Final = "lone_surrogate"
"""Offset: the backslash of the escape without its other half."""
INVALID_NUMBER: Final = "invalid_number"
"""Offset: the number's first byte."""
NUMBER_OUT_OF_RANGE: Final = "number_out_of_range"
"""Offset: the number's first byte. A number with fraction or exponent that overflows a 64-bit float."""
DUPLICATE_KEY: Final = "duplicate_key"
"""Offset: the opening quote of the second key."""
UNEXPECTED_END: Final = "unexpected_end"
"""Offset: the input's length."""
