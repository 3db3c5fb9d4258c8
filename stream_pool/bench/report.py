"""What a bench says: figures for each candidate, ratios between them, and the bars that were to be met.

A bar holds where its value meets what it must, and the worse end of its interval is within 4 % of it: a lucky
mean over noisy rounds is not enough, and one noisy round is no failure. What must not differ from a figure
holds where the interval contains it.
"""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stream_pool.bench.interval import Interval

TOLERANCE = 0.04

Sense = Literal["<=", ">=", "contains"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that must be at most, or at least, a limit, or an interval that must contain it."""

    name: str
    measured: Interval
    sense: Sense
    limit: float

    @property
    def must(self) -> str:
        return f"{self.sense} {self.limit:g}"

    @property
    def holds(self) -> bool:
        if self.sense == "contains":
            return self.measured.low <= self.limit <= self.measured.high
        if self.sense == "<=":
            return self.measured.value <= self.limit and self.measured.high <= self.limit * (1 + TOLERANCE)
        return self.measured.value >= self.limit and self.measured.low >= self.limit * (1 - TOLERANCE)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of a bench's result. `ratios` are named "one / other"."""

    bench: str
    environment: Mapping[str, Any]
    candidates: Mapping[str, Mapping[str, float]]
    ratios: Mapping[str, Interval]
    bars: tuple[Bar, ...]

    @property
    def holds(self) -> bool:
        return all(bar.holds for bar in self.bars)

    def to_json(self) -> dict[str, Any]:
        """The form that `--json` prints."""
        return {
            "bench": self.bench,
            "environment": dict(self.environment),
            "candidates": {name: dict(metrics) for name, metrics in self.candidates.items()},
            "ratios": {name: _ends(ratio) for name, ratio in self.ratios.items()},
            "bars": [
                {"name": bar.name, **_ends(bar.measured), "must": bar.must, "holds": bar.holds}
                for bar in self.bars
            ],
        }


def environment(broker: str, **more: Any) -> dict[str, Any]:
    """Where a bench runs: what a reader needs to know before comparing two runs. Call it before the load.

    `load_average` is the machine's over the last minute: what else was going on.
    """
    return {
        "broker": broker,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        **more,
    }


def _ends(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}
