"""What `bench decode` must reach, row by row, and how its rounds become the report.

Most rows are a ratio of two candidates' figures of one metric, paired round by round; two are counted.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream_pool.bench.decode_access import LOOKS
from stream_pool.bench.interval import Interval, paired_ratio, spread
from stream_pool.bench.report import Bar, Report, Sense

OURS = "stream_pool"
NO_ECHO = "stream_pool_no_echo"
ORJSON = "orjson"
RAW = "raw_json"
"""Stands among the candidates for the bytes themselves."""

Runs = dict[str, dict[str, list[float]]]
"""Each metric's figures by candidate, one a round."""


@dataclass(frozen=True, slots=True)
class RatioBar:
    """A bar on one candidate's figures as a multiple of another's."""

    name: str
    metric: str
    one: str
    other: str
    sense: Sense
    limit: float

    def judged(self, runs: Runs) -> Bar:
        """The bar with what was measured."""
        figures = runs[self.metric]
        return Bar(self.name, paired_ratio(figures[self.one], figures[self.other]), self.sense, self.limit)


def _speed(name: str, metric: str, limit: float) -> RatioBar:
    return RatioBar(name, metric, ORJSON, OURS, ">=", limit)


DECODING = (
    _speed("orders, result dropped: orjson's time, of ours", "us: plain", 2.5),
    _speed("orders, 10,000 held: orjson's time, of ours", "us: holding", 8),
    _speed("5 % of scalars absent: orjson's time, of ours", "us: 5 % absent", 1.9),
    _speed("20 % of scalars absent: orjson's time, of ours", "us: 20 % absent", 1.4),
    RatioBar("held bytes, echo off: of the raw JSON", "held bytes", NO_ECHO, RAW, "<=", 1.1),
    RatioBar("held bytes, echo on: of the raw JSON", "held bytes", OURS, RAW, "<=", 1.0),
)
USING = (
    *(
        RatioBar(f"{look}, hot: of dict's time", f"ns: {look}, hot", OURS, ORJSON, "<=", 1.2)
        for look in LOOKS
    ),
    *(
        RatioBar(f"{look}, cold: of dict's time", f"ns: {look}, cold", OURS, ORJSON, "<=", 0.5)
        for look in LOOKS
    ),
    _speed("dumps: orjson's time, of ours", "us: dumps", 0.7),
    _speed("to_dict: orjson.loads' time, of ours", "us: to_dict", 1),
)

TRACKED = "objects tracked"
COLLECTION = "ms: gc.collect(), 100,000 more in a tuple"
TRACKED_MOST = 0
COLLECTION_MS_MOST = 2


def decode_report(where: Mapping[str, Any], corpora: Sequence[str], runs: Runs) -> Report:
    """The report of all rounds. Echo on and off must both track nothing and collect quickly."""
    names = dict.fromkeys(name for figures in runs.values() for name in figures)
    return Report(
        bench="decode",
        environment=where,
        candidates={name: _medians(runs, name) for name in names},
        ratios={
            f"{ORJSON} / {name}, {corpus}": paired_ratio(runs[f"us: {corpus}"][ORJSON], costs)
            for corpus in corpora
            for name, costs in runs[f"us: {corpus}"].items()
            if name in (OURS, NO_ECHO)
        },
        bars=(
            *(wanted.judged(runs) for wanted in DECODING),
            Bar("objects that the collector tracks, 10,000 held", _both(runs, TRACKED), "<=", TRACKED_MOST),
            Bar("ms of gc.collect() more, 100,000 held", _both(runs, COLLECTION), "<=", COLLECTION_MS_MOST),
            *(wanted.judged(runs) for wanted in USING),
        ),
    )


def _medians(runs: Runs, name: str) -> dict[str, float]:
    return {metric: statistics.median(figures[name]) for metric, figures in runs.items() if name in figures}


def _both(runs: Runs, metric: str) -> Interval:
    """Median, least and most over the rounds of ours, with echo and without."""
    return spread(runs[metric][OURS] + runs[metric][NO_ECHO])
