"""Times, durations and offsets as people type them."""

import pytest

from stream_pool.errors import MisuseError
from stream_pool.incident.moments import (
    AtOffset,
    AtTime,
    Position,
    iso,
    parse_duration_ms,
    parse_position,
    parse_time_ms,
)

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", AtOffset(0), id="1 an offset"),
        pytest.param("99999999999", AtOffset(99_999_999_999), id="2 the last offset"),
        pytest.param("100000000000", AtTime(100_000_000_000), id="3 the first time"),
        pytest.param("1767225600000", AtTime(NOW_MS), id="4 Unix milliseconds"),
        pytest.param("2026-01-01", AtTime(NOW_MS), id="5 a day"),
        pytest.param("2026-01-01T00:00", AtTime(NOW_MS), id="6 without a zone it is UTC"),
        pytest.param("2026-01-01T02:00:00+02:00", AtTime(NOW_MS), id="7 with a zone"),
        pytest.param("2026-01-01 00:00:00.250Z", AtTime(NOW_MS + 250), id="8 a space, a fraction, Z"),
        pytest.param("now", AtTime(NOW_MS), id="9 now"),
        pytest.param("-15m", AtTime(NOW_MS - 900_000), id="10 ago"),
        pytest.param("-1.5h", AtTime(NOW_MS - 5_400_000), id="11 a fraction ago"),
    ],
)
def test_a_position(text: str, expected: Position) -> None:
    """A small number is an offset, all else a time."""
    assert parse_position(text, NOW_MS) == expected


@pytest.mark.parametrize("text", ["", "x", "-5", "-", "15m", "2026-13-01", "12:30", "\u0661", "1e5", "5"])
def test_what_is_no_time_is_misuse(text: str) -> None:
    """Told with what would be one."""
    with pytest.raises(MisuseError, match=r"is no (time|duration)"):
        parse_time_ms(text, NOW_MS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250ms", 250), ("5s", 5_000), ("2m", 120_000), ("1.5h", 5_400_000), ("1d", 86_400_000), ("0s", 0)],
)
def test_a_duration(text: str, expected: int) -> None:
    """A number and its unit."""
    assert parse_duration_ms(text) == expected


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 s", "5w", "1.s"])
def test_what_is_no_duration_is_misuse(text: str) -> None:
    """Told with what would be one."""
    with pytest.raises(MisuseError, match="is no duration"):
        parse_duration_ms(text)


def test_a_time_is_told_in_utc() -> None:
    """As it can be typed again."""
    assert iso(NOW_MS + 7) == "2026-01-01T00:00:00.007Z"
    assert parse_time_ms(iso(NOW_MS + 7), 0) == NOW_MS + 7


def test_a_time_beyond_any_calendar_is_told() -> None:
    """Producers write what they like."""
    assert iso(2**62) == "9999-12-31T23:59:59.999Z"
