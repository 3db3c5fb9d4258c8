"""Who worked, on which partitions, from when to when.

A worker says every interval what it has committed, for each of its partitions. A partition is a worker's from
the first such event to the last; that it has left it is seen when somebody else reports on it, or when the
worker itself no longer does. Nobody says goodbye in the log: the end of a life is its last event.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from stream_pool.events import Observation, OffsetsCommitted, SignalsSampled, WorkerStarted
from stream_pool.incident.report.cited import Cited, EventRef, Point
from stream_pool.incident.report.story import Build, Hold, Life, Members, Move

_T = TypeVar("_T")

MAX_LIVES = 500
MAX_HOLDS = 5_000
MAX_MOVES = 1_000
SILENT_WINDOWS = 3
"""Intervals without a word after which a worker counts as gone."""


@dataclass(slots=True)
class _Life:
    worker: str
    incarnation: str
    first: Point
    last: Point
    records: int = 0
    partitions: int = 0
    ticked: bool = False
    build: Build | None = None


@dataclass(slots=True)
class _Hold:
    worker: str
    incarnation: str
    from_ms: int
    to_ms: int
    first: EventRef
    last: EventRef

    def hold(self, topic: str, partition: int) -> Hold:
        cited = Cited.one(self.first) | Cited.one(self.last)
        return Hold(topic, partition, self.worker, self.from_ms, self.to_ms, cited)


@dataclass(slots=True)
class Attendance:
    """Gathers one log's workers."""

    lives: dict[tuple[str, str], _Life] = field(default_factory=dict)
    builds: dict[tuple[str, str], Build] = field(default_factory=dict)
    held: dict[tuple[str, int], _Hold] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    left_out: int = 0

    def see(self, event: Observation, ref: EventRef, at_ms: int, *, ticks: bool) -> None:
        """A word of anybody's."""
        key = (event.worker, event.incarnation)
        life = self.lives.get(key)
        point = Point(at_ms, 0.0, Cited.one(ref))
        if life is None:
            if len(self.lives) >= MAX_LIVES:
                self.left_out += 1
                return
            life = self.lives[key] = _Life(*key, point, point, build=self.builds.pop(key, None))
        life.last = point
        life.ticked |= ticks
        if isinstance(event, SignalsSampled):
            life.records += sum(part.records for part in event.partitions)

    def remember(self, event: WorkerStarted, ref: EventRef) -> None:
        """What a worker said that it is before the story begins, for the life that may still go on then. Of
        too many the latest are kept."""
        if len(self.builds) >= MAX_LIVES:
            del self.builds[next(iter(self.builds))]
        self.builds[event.worker, event.incarnation] = Build(event.version, event.labels, ref)

    def started(self, event: WorkerStarted, ref: EventRef) -> None:
        """A worker says what it is."""
        if (life := self.lives.get((event.worker, event.incarnation))) is not None:
            life.build = Build(event.version, event.labels, ref)

    def commits(self, event: OffsetsCommitted, ref: EventRef, at_ms: int) -> None:
        """A worker says which partitions it has."""
        mine = {(each.topic, each.partition) for each in event.partitions}
        if (life := self.lives.get((event.worker, event.incarnation))) is not None:
            life.partitions = max(life.partitions, len(mine))
        gained, lost = [], []
        for place in sorted(mine):
            hold = self.held.get(place)
            if hold is not None and (hold.worker, hold.incarnation) == (event.worker, event.incarnation):
                hold.to_ms, hold.last = at_ms, ref
                continue
            gained.append((*place, None if hold is None else hold.worker))
            if hold is not None:
                self._end(place, hold)
            self.held[place] = _Hold(event.worker, event.incarnation, at_ms, at_ms, ref, ref)
        for place, hold in list(self.held.items()):
            if hold.worker == event.worker and place not in mine:
                lost.append(place)
                self._end(place, hold)
                del self.held[place]
        if gained or lost:
            move = Move(at_ms, ref, event.worker, event.incarnation, tuple(gained), tuple(sorted(lost)))
            self._keep(self.moves, move, MAX_MOVES)

    def members(self, to_ms: int, window_ms: int) -> Members:
        """All that was seen, up to the log's end."""
        open_ = [hold.hold(*place) for place, hold in self.held.items()]
        holds = sorted((*self.holds, *open_), key=lambda hold: (hold.topic, hold.partition, hold.from_ms))
        latest = to_ms - SILENT_WINDOWS * window_ms
        lives = tuple(
            Life(
                life.worker,
                life.incarnation,
                life.first,
                life.last,
                life.records,
                life.partitions,
                life.ticked,
                life.last.at_ms >= latest,
                life.build,
            )
            for life in self.lives.values()
        )
        return Members(lives, tuple(holds), tuple(self.moves), self.left_out)

    def _end(self, place: tuple[str, int], hold: _Hold) -> None:
        self._keep(self.holds, hold.hold(*place), MAX_HOLDS)

    def _keep(self, kept: list[_T], item: _T, limit: int) -> None:
        if len(kept) < limit:
            kept.append(item)
        else:
            self.left_out += 1
