"""Figures in words, case by case. Those of the demo's screens are tested with these."""

import pytest

from stream_pool import words


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        pytest.param(0.0, "0 s", id="1 nothing"),
        pytest.param(119.4, "119 s", id="2 seconds up to two minutes"),
        pytest.param(-150.0, "2 min", id="3 either way"),
        pytest.param(7_100.0, "118 min", id="4 minutes up to two hours"),
        pytest.param(7_200.0, "2 h", id="5 whole hours"),
        pytest.param(15_893.0, "4 h 25 min", id="6 hours and minutes"),
        pytest.param(172_800.0, "2 d", id="7 whole days"),
        pytest.param(273_600.0, "3 d 4 h", id="8 days and hours"),
    ],
)
def test_how_long_something_was(seconds: float, told: str) -> None:
    """In one unit, or two."""
    assert words.span(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        pytest.param(None, "-", id="1 unknown"),
        pytest.param(0.9, "00:00", id="2 whole seconds"),
        pytest.param(127.0, "02:07", id="3 minutes"),
        pytest.param(10_927.0, "3:02:07", id="4 hours where there are some"),
        pytest.param(-10.0, "-00:10", id="5 before it began"),
        pytest.param(-0.4, "00:00", id="6 by less than a second"),
    ],
)
def test_a_time_that_goes_on(seconds: float | None, told: str) -> None:
    """As a clock has it, and as the clock of a story."""
    assert words.duration(seconds) == told
    if seconds is None or seconds < 3_600:
        assert words.clock(seconds) == (
            told if seconds is None else f"T{told}" if told.startswith("-") else f"T+{told}"
        )


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        pytest.param(None, "s", "-", id="1 unknown"),
        pytest.param(0.32, "s", "320 ms", id="2 milliseconds"),
        pytest.param(8.4, "s", "8.4 s", id="3 seconds"),
        pytest.param(600.0, "s", "10 min", id="4 longer"),
        pytest.param(999, "bytes", "999 bytes", id="5 bytes"),
        pytest.param(2_387.0, "bytes", "2.39 kB", id="6 kilobytes"),
        pytest.param(532_575_944, "bytes", "533 MB", id="7 megabytes"),
        pytest.param(4e12, "bytes", "4,000 GB", id="8 more than there is a word for"),
        pytest.param(0.0551, "ratio", "5.51%", id="9 a ratio"),
        pytest.param(1.0, "ratio", "100%", id="10 all"),
        pytest.param(0.99999, "ratio", "99.99%", id="11 never rounded up to all"),
        pytest.param(17.465, "1/s", "17.5/s", id="12 a rate"),
        pytest.param(1.5, "bits", "1.50 bits", id="13 entropy"),
        pytest.param(101_057, "records", "101,057 records", id="14 things"),
    ],
)
def test_a_quantity_has_its_unit(value: float | None, unit: str, told: str) -> None:
    """And as many digits as matter."""
    assert words.quantity(value, unit) == told


@pytest.mark.parametrize(
    ("at_ms", "day", "time"),
    [
        pytest.param(1_767_225_680_099, "2026-01-01", "00:01:20", id="1 a moment"),
        pytest.param(-1, "1970-01-01", "00:00:00", id="2 Kafka's for none"),
        pytest.param(-315_619_200_000, "1960-01-01", "00:00:00", id="3 before the epoch"),
        pytest.param(2**62, "9999-12-31", "23:59:59", id="4 beyond any calendar"),
        pytest.param(-(2**62), "1000-01-01", "00:00:00", id="5 before any"),
    ],
)
def test_a_moment_is_told_in_utc(at_ms: int, day: str, time: str) -> None:
    """Whatever the log has."""
    assert (words.day(at_ms), words.time_of_day(at_ms)) == (day, time)


@pytest.mark.parametrize(
    ("at_ms", "told"),
    [
        pytest.param(1_767_225_680_099, "00:01:20", id="1 on the day of the first"),
        pytest.param(1_767_225_599_999, "2025-12-31 23:59:59", id="2 before it"),
        pytest.param(1_767_312_080_000, "2026-01-02 00:01:20", id="3 a day later"),
    ],
)
def test_a_moment_of_another_day_names_it(at_ms: int, told: str) -> None:
    """A log may be of a week."""
    assert words.moment(at_ms, since_ms=1_767_225_600_000) == told
