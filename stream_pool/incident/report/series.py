"""Values over time, thinned as they come, so that a day of them is no more than an hour's.

A series holds at most `POINTS` points, whatever it was given. Its time is cut into buckets of one width; of
each the lowest, the highest and the last point stay, so no peak is lost. Where there are too many buckets
their width doubles. Every point that stays is one that was measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from stream_pool.incident.report.cited import Point

POINTS = 999
SUBJECTS = 24
"""Topics, or workers, that one measure is kept for."""

_BUCKETS = POINTS // 3
_FIRST_WIDTH_MS = 1_000


@dataclass(frozen=True, slots=True)
class Series:
    """A measure of one subject: a topic, or a worker. `seen` is how many points there were."""

    subject: str
    points: tuple[Point, ...]
    seen: int

    @property
    def highest(self) -> Point:
        """The first of the highest points."""
        return max(self.points, key=lambda point: (point.value, -point.at_ms))

    @property
    def lowest(self) -> Point:
        """The first of the lowest points."""
        return min(self.points, key=lambda point: (point.value, point.at_ms))


@dataclass(slots=True)
class _Bucket:
    low: Point
    high: Point
    last: Point

    def add(self, point: Point) -> None:
        if point.value < self.low.value:
            self.low = point
        if point.value > self.high.value:
            self.high = point
        self.last = point

    def absorb(self, later: "_Bucket") -> None:
        for point in later.points():
            self.add(point)

    def points(self) -> list[Point]:
        distinct = {id(point): point for point in (self.low, self.high, self.last)}
        return sorted(distinct.values(), key=lambda point: point.at_ms)


@dataclass(slots=True)
class Thinning:
    """A series on its way. Points must not go back in time."""

    width_ms: int = _FIRST_WIDTH_MS
    buckets: dict[int, _Bucket] = field(default_factory=dict)
    seen: int = 0

    def add(self, point: Point) -> None:
        self.seen += 1
        self._put(point)
        while len(self.buckets) > _BUCKETS:
            self._widen()

    def series(self, subject: str) -> Series:
        points = tuple(point for bucket in self.buckets.values() for point in bucket.points())
        return Series(subject, points, self.seen)

    def _put(self, point: Point) -> None:
        bucket = self.buckets.get(point.at_ms // self.width_ms)
        if bucket is None:
            self.buckets[point.at_ms // self.width_ms] = _Bucket(point, point, point)
        else:
            bucket.add(point)

    def _widen(self) -> None:
        narrow, self.buckets = self.buckets, {}
        self.width_ms *= 2
        for number, bucket in narrow.items():
            wide = self.buckets.get(number // 2)
            if wide is None:
                self.buckets[number // 2] = bucket
            else:
                wide.absorb(bucket)


@dataclass(slots=True)
class Measured:
    """Every series of a log by measure and subject, and of how many subjects more there was no room."""

    kept: dict[str, dict[str, Thinning]] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)

    def add(self, measure: str, subject: str, point: Point) -> None:
        subjects = self.kept.setdefault(measure, {})
        thinning = subjects.get(subject)
        if thinning is None:
            if len(subjects) >= SUBJECTS:
                others = self.left_out.setdefault(measure, set())
                if len(others) < 10 * SUBJECTS:
                    others.add(subject)
                return
            thinning = subjects[subject] = Thinning()
        thinning.add(point)

    def series(self) -> Iterator[tuple[str, tuple[Series, ...]]]:
        """Measures with their series, by subject."""
        for measure, subjects in self.kept.items():
            yield measure, tuple(subjects[name].series(name) for name in sorted(subjects))
