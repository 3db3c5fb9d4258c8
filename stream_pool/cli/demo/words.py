"""Figures in words, the same in a terminal, in a pipe and in the summary. Unknown is a dash, never 0."""

UNKNOWN = "-"


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


def duration(value: float) -> str:
    """A time that goes on, as `02:07` or `3:02:07`."""
    minutes, seconds_ = divmod(max(0, int(value)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds_:02}" if hours else f"{minutes:02}:{seconds_:02}"


def megabytes(value: int | None) -> str:
    """Bytes in units of a million."""
    return UNKNOWN if value is None else f"{value / 1e6:.0f} MB"


def clock(at_s: float) -> str:
    """Time since the first record, as T+mm:ss."""
    whole = max(0, int(at_s))
    return f"T+{whole // 60:02}:{whole % 60:02}"


def letters_by_reason(reasons: tuple[tuple[str, int], ...]) -> str:
    """`depth_limit 3, tombstone 2`; a dash where there are none."""
    return ", ".join(f"{reason} {number:,}" for reason, number in reasons) or UNKNOWN
