"""Whether a process grows: its resident memory, watched from outside, and the trend of it.

Resident memory goes up and down with what the process does at the moment, and stays for a while where it has
come to. So not single readings are compared, but the means of blocks in each of which the same things
happened, and `interval.trend` takes account of what neighbouring blocks still have in common. Theil and Sen's
median of slopes would be as good a value, but its intervals take the readings to be independent, or draw them
anew by chance; and least squares over single readings would be sure of a slope that is none.
"""

import math
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stream_pool.bench.interval import Interval, exactly, trend

HOUR_S = 3_600.0
BLOCKS_AT_LEAST = 3

Reading = tuple[float, float]
"""Seconds from the beginning, and resident bytes."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the memory of a process goes, from the first whole block after the warm-up to the last.

    All of it is unknown (NaN) where there are too few blocks, or where nobody can tell (no `/proc`).
    """

    mb_an_hour: Interval
    first_mb: float
    last_mb: float
    blocks: int


def resident_bytes(pid: int, proc: Path = Path("/proc")) -> float:
    """What a process holds now; NaN where that cannot be told."""
    try:
        pages = int((proc / str(pid) / "statm").read_text().split()[1])
    except OSError:
        return math.nan
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def growth(readings: Iterable[Reading], *, from_s: float, block_s: float, to_s: float) -> Growth:
    """The trend of readings over the whole blocks of [from_s, to_s)."""
    blocks: defaultdict[int, list[float]] = defaultdict(list)
    whole = int((to_s - from_s) / block_s + 1e-9)
    for at_s, size_bytes in readings:
        if from_s <= at_s and (number := int((at_s - from_s) / block_s)) < whole:
            blocks[number].append(size_bytes / 1e6)
    means = [statistics.fmean(blocks[number]) if blocks[number] else math.nan for number in range(whole)]
    if len(means) < BLOCKS_AT_LEAST or any(map(math.isnan, means)):
        return Growth(exactly(math.nan), math.nan, math.nan, len(means))
    rise = trend(means)
    an_hour = HOUR_S / block_s
    slope = Interval(rise.value * an_hour, rise.low * an_hour, rise.high * an_hour)
    return Growth(slope, means[0], means[-1], len(means))
