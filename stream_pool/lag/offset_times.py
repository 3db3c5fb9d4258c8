"""When was an offset the end of its partition? A ring of (end offset, time) points answers, and so lag in
seconds.

The times of the records themselves would need a fetch from each partition; the polls of end offsets are there
anyway. Between two points the traffic is taken as even, so an answer is off by at most the time between two
polls. Beyond the ring it is a guess that grows wilder with the distance.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from stream_pool.errors import MisuseError


@dataclass(frozen=True, slots=True)
class _Point:
    offset: int
    at_ms: int


@dataclass(slots=True)
class OffsetTimes:
    """The last `capacity` points of one partition, rising in offset and time; at least two are kept.

    Raises MisuseError where the capacity is under two.
    """

    capacity: int = 60
    _points: list[_Point] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.capacity < 2:
            raise MisuseError(f"OffsetTimes needs a capacity of at least 2, got {self.capacity}")

    def __len__(self) -> int:
        return len(self._points)

    def add(self, offset: int, at_ms: int) -> None:
        """Records that `offset` was the end at `at_ms` (Unix epoch).

        A point that is not later than the last, or behind it in offset, is skipped. Of a run of points with
        the same offset only the first and the last are kept, so that a quiet hour does not push the traffic
        out of the ring.
        """
        points = self._points
        if points and (at_ms <= points[-1].at_ms or offset < points[-1].offset):
            return
        if len(points) >= 2 and points[-1].offset == points[-2].offset == offset:
            points.pop()
        points.append(_Point(offset, at_ms))
        if len(points) > self.capacity:
            del points[0]

    def time_at(self, offset: int) -> float | None:
        """The last time (ms, Unix epoch) at which `offset` was the end; None where that is unknown.

        Between two points it is interpolated. Outside the ring it is extrapolated from the nearest point at
        the rate of the nearest two that differ in offset. Fewer than two points, or an offset outside a ring
        that saw no traffic, is unknown.
        """
        points = self._points
        if len(points) < 2:
            return None
        if offset < points[0].offset:
            next_up = bisect_right(points, points[0].offset, key=_offset)
            return self._along(points[0], next_up - 1, next_up, offset)
        if offset > points[-1].offset:
            last_run = bisect_left(points, points[-1].offset, key=_offset)
            return self._along(points[-1], last_run - 1, last_run, offset)
        after = bisect_right(points, offset, key=_offset)
        if points[after - 1].offset == offset:
            return float(points[after - 1].at_ms)
        return self._along(points[after - 1], after - 1, after, offset)

    def _along(self, anchor: _Point, start: int, stop: int, offset: int) -> float | None:
        if start < 0 or stop >= len(self._points):
            return None
        left, right = self._points[start], self._points[stop]
        moved = (offset - anchor.offset) * (right.at_ms - left.at_ms)
        return anchor.at_ms + moved / (right.offset - left.offset)


def _offset(point: _Point) -> int:
    return point.offset


def lag_seconds(
    times: OffsetTimes, committed_offset: int | None, end_offset: int, now_ms: int
) -> float | None:
    """How long ago the committed offset was the end: seconds, never negative; 0 where nothing is left to
    read.

    None where nothing is committed, or the time is unknown.
    """
    if committed_offset is None:
        return None
    if committed_offset >= end_offset:
        return 0.0
    at_ms = times.time_at(committed_offset)
    return None if at_ms is None else max(0.0, (now_ms - at_ms) / 1000)
