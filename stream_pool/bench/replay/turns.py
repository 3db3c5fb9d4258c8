"""Client programs that cost CPU, in turns: each several times a round, another one first each time.

Short turns close to each other share what the machine does at that moment; a round's figure is the mean over
its turns, and rounds are paired.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence

from stream_pool.bench.meter import Reading
from stream_pool.bench.replay.setup import Setup

TURNS = 3
WARM_UP_SHARE = 0.2

Turn = Callable[[tuple[int, ...]], Sequence[Reading]]
"""Runs a program to marks, and gives its readings there."""


def marks(records: int) -> tuple[int, int]:
    """Where the warm-up ends, and the end."""
    return int(records * WARM_UP_SHARE), records


def costs_in_turns(setup: Setup, turns: Mapping[str, Turn]) -> dict[str, list[dict[str, float]]]:
    """Each program's figures, one a round."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in turns}
    names = list(turns)
    for number in range(setup.rounds):
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in turns}
        for turn in range(TURNS):
            first = (number + turn) % len(names)
            for name in (*names[first:], *names[:first]):
                taken[name].append(_cost(turns[name](marks(setup.records))))
        for name, costs in taken.items():
            figures[name].append(
                {metric: statistics.fmean(cost[metric] for cost in costs) for metric in costs[0]}
            )
        latest = (f"{name} {runs[-1]['cpu_us_per_record']:.1f} µs" for name, runs in figures.items())
        setup.say(f"round {number + 1} of {setup.rounds}: {', '.join(latest)}")
    return figures


def medians(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of all rounds, by metric."""
    return {metric: statistics.median(each[metric] for each in figures) for metric in figures[0]}


def _cost(readings: Sequence[Reading]) -> dict[str, float]:
    warm, done = readings
    counted = done.records - warm.records
    return {
        "cpu_us_per_record": (done.cpu_s - warm.cpu_s) / counted * 1e6,
        "records_per_second": counted / (done.wall_s - warm.wall_s),
    }
