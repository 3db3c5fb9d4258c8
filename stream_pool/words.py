"""Figures in words, the same on a terminal, in a pipe and on a page. Unknown is a dash, never 0."""

from datetime import UTC, datetime, timedelta

UNKNOWN = "-"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = -30_610_224_000_000, 253_402_300_799_999  # years of four digits


def count(value: int | float | None) -> str:
    """A count, with separators between thousands."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def figure(value: float) -> str:
    """A value of any size, with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratio(value: float | None) -> str:
    """A ratio as a percentage; never rounded up to 100."""
    if value is None:
        return UNKNOWN
    return "100%" if value == 1 else f"{min(value, 0.9999):.2%}"


def seconds(value: float | None) -> str:
    """Seconds, with as many digits as matter."""
    if value is None:
        return UNKNOWN
    return f"{value * 1_000:.0f} ms" if value < 1 else f"{value:.1f} s"


def duration(value: float | None) -> str:
    """A time that goes on, as `02:07` or `3:02:07`; `-00:10` before it began."""
    if value is None:
        return UNKNOWN
    minutes, seconds_ = divmod(int(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{hours}:{minutes:02}:{seconds_:02}" if hours else f"{minutes:02}:{seconds_:02}"
    return f"-{told}" if int(value) < 0 else told


def clock(at_s: float | None) -> str:
    """Time since the first record, as T+mm:ss; T-mm:ss before it."""
    if at_s is None:
        return UNKNOWN
    whole = int(abs(at_s))
    return f"T{'-' if int(at_s) < 0 else '+'}{whole // 60:02}:{whole % 60:02}"


def size(value: float | None) -> str:
    """Bytes, in the unit that suits them."""
    if value is None:
        return UNKNOWN
    for unit, size_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(value) >= size_:
            return f"{value / size_:.3g} {unit}" if value < 1e3 * size_ else f"{value / size_:,.0f} {unit}"
    return f"{value:.0f} bytes"


def letters_by_reason(reasons: tuple[tuple[str, int], ...]) -> str:
    """`depth_limit 3, tombstone 2`; a dash where there are none."""
    return ", ".join(f"{reason} {number:,}" for reason, number in reasons) or UNKNOWN


def span(value: float) -> str:
    """How long something was, in the one or two largest units: `12 s`, `51 min`, `2 h 20 min`, `3 d 4 h`."""
    whole = round(abs(value))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def time_of_day(at_ms: int) -> str:
    """A moment, as `00:01:20`, in UTC."""
    return utc(at_ms).strftime("%H:%M:%S")


def day(at_ms: int) -> str:
    """The day of a moment, as `2026-01-01`, in UTC."""
    return utc(at_ms).strftime("%Y-%m-%d")


def moment(at_ms: int, *, since_ms: int) -> str:
    """A moment in UTC, with its day before it where that is not the day of `since_ms`."""
    told = time_of_day(at_ms)
    return told if day(at_ms) == day(since_ms) else f"{day(at_ms)} {told}"


def printable(text: str) -> str:
    """Text that a stranger wrote: no escape sequence of a terminal in it may do what it says."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit: `s`, `bytes`, `ratio`, `1/s`, `bits`; any other names what is counted."""
    if value is None:
        return UNKNOWN
    match unit:
        case "s":
            return span(value) if value >= 120 else seconds(value)
        case "bytes":
            return size(value)
        case "ratio":
            return ratio(value) if value < 1 else "100%"
        case "1/s":
            return f"{figure(value)}/s"
        case "bits":
            return f"{value:.2f} bits"
    return f"{count(value)} {unit}".rstrip()


def utc(at_ms: int) -> datetime:
    """A moment in UTC; one that no calendar has is the nearest that it has, Kafka's -1 for none the epoch."""
    known_ms = 0 if at_ms == -1 else min(max(at_ms, _FIRST_MS), _LAST_MS)
    return _EPOCH + timedelta(milliseconds=known_ms)
