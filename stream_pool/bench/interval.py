"""How much one candidate costs against another, with what is known about the certainty of it.

The candidates take turns within a round, so that what disturbs the machine disturbs both; a round gives one
ratio. Ratios multiply, so it is their logarithms that are averaged: the value is the geometric mean of the
rounds, and the interval is Student's t at 95 % on the logarithms. That takes rounds to be independent and
about equally noisy; it is no cure for a machine that is busy with something else in every second round.

`trend` is for one figure over time, whose values are not independent: what a process holds now is about what
it held a moment ago. It is least squares, with the number of values reduced to what they are worth: n (1 - r)
/ (1 + r) for an autocorrelation r of the residuals (Santer et al., J. Geophys. Res. 105, 2000), r corrected
for few values by (1 + 4 r) / n (Kendall 1954).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom; the last serves for more."""

_WORTH_AT_LEAST = 3
"""Values that a trend is worth, whatever their autocorrelation: one degree of freedom is the least."""


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
    t = _t_95(len(logs) - 1)
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return Interval(math.exp(mean), math.exp(mean - half), math.exp(mean + half))


def trend(values: Sequence[float]) -> Interval:
    """How much evenly spaced values rise from one to the next, with its 95 % interval. At least three.

    Of flat series it contains 0 in 95 of 100 where neighbours have nothing to do with each other, in about 90
    where they correlate by a half. One step in a flat series is no trend: it makes the interval wide.
    """
    count, mean = len(values), statistics.fmean(values)
    places = [place - (count - 1) / 2 for place in range(count)]
    spread_of_places = sum(place * place for place in places)
    rise = sum(place * (value - mean) for place, value in zip(places, values, strict=True)) / spread_of_places
    residuals = [value - mean - rise * place for place, value in zip(places, values, strict=True)]
    squares = sum(residual * residual for residual in residuals)
    worth = max(count * _independent_share(residuals, squares), _WORTH_AT_LEAST)
    error = math.sqrt(squares / (worth - 2) / spread_of_places)
    half = _t_95(int(worth) - 2) * error
    return Interval(rise, rise - half, rise + half)


def _independent_share(residuals: Sequence[float], squares: float) -> float:
    if not squares:
        return 1.0
    r = sum(one * next_one for one, next_one in pairwise(residuals)) / squares
    r += (1 + 4 * r) / len(residuals)
    return (1 - min(r, 1.0)) / (1 + r) if r > 0 else 1.0


def _t_95(degrees: int) -> float:
    return _T_95[min(degrees, len(_T_95)) - 1]
