"""Integers of any length to and from decimal text, whatever the interpreter's own bound for that is set to.

`sys.set_int_max_str_digits` may be as low as 640; longer text goes through in pieces below that.
"""

PIECE_DIGITS = 600
_PIECE = 10**PIECE_DIGITS


def from_decimal(text: bytes) -> int:
    """The integer that an optional minus sign and digits denote."""
    digits = text.lstrip(b"-")
    if len(digits) <= PIECE_DIGITS:
        return int(text)
    value = 0
    for start in range(0, len(digits), PIECE_DIGITS):
        piece = digits[start : start + PIECE_DIGITS]
        value = value * 10 ** len(piece) + int(piece)
    return -value if text.startswith(b"-") else value


def to_decimal(value: int) -> str:
    """The shortest decimal text of an integer."""
    pieces: list[str] = []
    rest = abs(value)
    while rest >= _PIECE:
        rest, piece = divmod(rest, _PIECE)
        pieces.append(str(piece).zfill(PIECE_DIGITS))
    pieces.append(str(rest))
    return ("-" if value < 0 else "") + "".join(reversed(pieces))
