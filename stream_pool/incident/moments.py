"""Times, durations and places in a log as they stand on a command line. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_pool.errors import MisuseError
from stream_pool.words import utc

FIRST_MS = 100_000_000_000
"""A number from here on is a time in Unix milliseconds (1973), below it an offset."""

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class AtOffset:
    """A place by its offset."""

    offset: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """The first record that is of this time, in Unix epoch, or of a later one."""

    time_ms: int


Position = AtOffset | AtTime


def parse_position(text: str, now_ms: int) -> Position:
    """`1234` is an offset; what `parse_time_ms` reads a time. Raises `MisuseError`."""
    if text.isascii() and text.isdigit() and int(text) < FIRST_MS:
        return AtOffset(int(text))
    return AtTime(parse_time_ms(text, now_ms))


def parse_time_ms(text: str, now_ms: int) -> int:
    """`2026-01-01T14:30`, with a zone or in UTC; Unix milliseconds; `now`; `-15m`. Raises `MisuseError`."""
    if text == "now":
        return now_ms
    if text.startswith("-") and text[1:2].isdigit():
        return now_ms - parse_duration_ms(text[1:])
    if text.isascii() and text.isdigit() and int(text) >= FIRST_MS:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MisuseError(
            f"{text!r} is no time: 2026-01-01T14:30:00Z, Unix milliseconds, -15m or now are"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def parse_duration_ms(text: str) -> int:
    """`250ms`, `5s`, `2m`, `1.5h`, `1d`. Raises `MisuseError`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise MisuseError(f"{text!r} is no duration: 250ms, 5s, 2m, 1.5h and 1d are")
    return round(float(found[1]) * _UNITS_MS[found[2]])


def iso(time_ms: int) -> str:
    """A time as people read it, in UTC."""
    return utc(time_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
