"""Where what is measured goes: into its series, and past the limits of the rules that hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stream_pool.events import Scalar
from stream_pool.incident.report.cited import Point
from stream_pool.incident.report.measures import MEASURES
from stream_pool.incident.report.series import Measured
from stream_pool.incident.report.story import Crossing

MAX_CROSSINGS = 1_000


@dataclass(slots=True)
class Recorded:
    """Takes points. `limits` are the rules that hold now, by name."""

    measured: Measured = field(default_factory=Measured)
    limits: Mapping[str, Scalar] = field(default_factory=dict)
    crossings: dict[tuple[str, str], Crossing] = field(default_factory=dict)

    def add(self, measure: str, subject: str, point: Point, *, judged: bool = True) -> None:
        """One more point; `judged` where there was enough of it for the rule to look at."""
        self.measured.add(measure, subject, point)
        limit = self.limits.get(MEASURES[measure].limit or "")
        over = judged and isinstance(limit, int | float) and point.value > limit
        if over and (measure, subject) not in self.crossings and len(self.crossings) < MAX_CROSSINGS:
            assert isinstance(limit, int | float), "seen above"
            self.crossings[measure, subject] = Crossing(measure, subject, float(limit), point)
