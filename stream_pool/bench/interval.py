"""How much one candidate costs against another, with what is known about the certainty of it.

The candidates take turns within a round, so that what disturbs the machine disturbs both; a round gives one
ratio. Ratios multiply, so it is their logarithms that are averaged: the value is the geometric mean of the
rounds, and the interval is Student's t at 95 % on the logarithms. That takes rounds to be independent and
about equally noisy; it is no cure for a machine that is busy with something else in every second round.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom; the last serves for more."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def exactly(value: float) -> Interval:
    """A figure that was counted and not estimated."""
    return Interval(value, value, value)


def spread(values: Sequence[float]) -> Interval:
    """The median, with the smallest and the largest for ends: for few runs that are judged by their worst."""
    return Interval(statistics.median(values), min(values), max(values))


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """The geometric mean of `ours[i] / theirs[i]`, and its interval. At least two rounds, all positive.

    A figure that is unknown (NaN) makes the whole unknown.
    """
    logs = [math.log(one / other) for one, other in zip(ours, theirs, strict=True)]
    if any(map(math.isnan, logs)):
        return exactly(math.nan)
    mean = statistics.fmean(logs)
    t = _T_95[min(len(logs) - 1, len(_T_95)) - 1]
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return Interval(math.exp(mean), math.exp(mean - half), math.exp(mean + half))
