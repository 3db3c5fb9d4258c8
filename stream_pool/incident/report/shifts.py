"""The moment at which a measure took its largest lasting step: what changed, seen in what came.

Medians of `SPAN` points before and after each point are compared, so that a single peak is no step.
"""

from collections.abc import Iterable
from statistics import median

from stream_pool.incident.report.cited import Point
from stream_pool.incident.report.series import Series
from stream_pool.incident.report.story import Shift

SPAN = 5
LEAST = 1.15
"""A step by less than this factor, up or down, is none."""


def shifts(measure: str, every: Iterable[Series]) -> tuple[Shift, ...]:
    """The largest step of each subject, those that have one."""
    found = (_shift(measure, series) for series in every)
    return tuple(shift for shift in found if shift is not None)


def _shift(measure: str, series: Series) -> Shift | None:
    points = series.points
    best, at = (LEAST, 0.0), None
    for place in range(SPAN, len(points) - SPAN + 1):
        before, after = _median(points[place - SPAN : place]), _median(points[place : place + SPAN])
        if before <= 0 or after <= 0:
            continue
        edge = abs(points[place].value - points[place - 1].value)  # of medians alike the steepest place
        if (step := (max(after / before, before / after), edge)) > best:
            best, at = step, place
    if at is None:
        return None
    old, new = _middle(points[at - SPAN : at]), _middle(points[at : at + SPAN])
    return Shift(measure, series.subject, _moved(old, points[at - 1]), _moved(new, points[at]))


def _median(points: tuple[Point, ...]) -> float:
    return median(point.value for point in points)


def _middle(points: tuple[Point, ...]) -> Point:
    """The point that is the median."""
    return sorted(points, key=lambda point: point.value)[len(points) // 2]


def _moved(middle: Point, edge: Point) -> Point:
    """The median's value at the edge of its stretch."""
    return Point(edge.at_ms, middle.value, edge.cited | middle.cited)
