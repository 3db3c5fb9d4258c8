"""Whether a process grows, told from its memory."""

import math
import os
from pathlib import Path

import pytest

from stream_pool.bench.interval import Interval
from stream_pool.bench.soak.memory import Growth, growth, resident_bytes


def readings(rise_mb_an_hour: float) -> list[tuple[float, float]]:
    """An hour, a reading a second: much up and down, and a rise."""
    return [
        (second, 1e6 * (80 + rise_mb_an_hour * second / 3_600 + 5 * math.sin(second)))
        for second in range(3_600)
    ]


@pytest.mark.parametrize("rise_mb", [0.0, 2.5, -1.0])
def test_growth_is_told_in_mb_an_hour(rise_mb: float) -> None:
    """From the whole blocks after the warm-up."""
    grown = growth(readings(rise_mb), from_s=600, block_s=210, to_s=3_600)
    assert grown.blocks == 14
    assert grown.mb_an_hour.value == pytest.approx(rise_mb, abs=0.3)
    assert grown.first_mb == pytest.approx(80 + rise_mb * (600 + 105) / 3_600, abs=0.2)
    assert grown.last_mb - grown.first_mb == pytest.approx(rise_mb * 13 * 210 / 3_600, abs=0.2)


def test_what_is_before_the_warm_up_and_after_the_end_does_not_count() -> None:
    """A start is a climb, whoever starts."""
    told = [(0.0, 1.0), (5.0, 2.0), (10.0, 3e6), (20.0, 3e6), (30.0, 3e6), (40.0, 9e9)]
    grown = growth(told, from_s=10, block_s=10, to_s=40)
    assert grown == Growth(Interval(0.0, 0.0, 0.0), 3.0, 3.0, 3)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([], id="1 nothing read"),
        pytest.param([(at_s, 1e6) for at_s in range(19)], id="2 two blocks"),
        pytest.param([(at_s, 1e6) for at_s in range(40) if not 10 <= at_s < 20], id="3 an empty block"),
        pytest.param([(at_s, math.nan) for at_s in range(40)], id="4 memory cannot be read here"),
    ],
)
def test_what_cannot_be_told_is_unknown(told: list[tuple[float, float]]) -> None:
    """And no bar holds for it."""
    to_s = 20 if len(told) == 19 else 40
    grown = growth(told, from_s=0, block_s=10, to_s=to_s)
    assert math.isnan(grown.mb_an_hour.value)
    assert math.isnan(grown.first_mb)


def test_resident_bytes_of_a_process(tmp_path: Path) -> None:
    """The second figure of the kernel's `statm`, in pages; unknown for one that is not there."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "statm").write_text("900 20 3 1 0 5 0\n")
    assert resident_bytes(7, tmp_path) == 20 * os.sysconf("SC_PAGE_SIZE")
    assert math.isnan(resident_bytes(8, tmp_path))
