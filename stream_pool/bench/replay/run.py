"""The bench of capture and replay: the figures that were chosen, one after the other, and their report."""

import tempfile
from collections.abc import Callable, Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from stream_pool.bench.replay.capture_cost import capture_cost
from stream_pool.bench.replay.live import live
from stream_pool.bench.replay.memory import memory
from stream_pool.bench.replay.offline import offline
from stream_pool.bench.replay.pace import pace
from stream_pool.bench.replay.page import page
from stream_pool.bench.replay.replay_cost import replay_cost
from stream_pool.bench.replay.round_trip import round_trip
from stream_pool.bench.replay.setup import Figure, Say, Setup
from stream_pool.bench.report import Report, environment
from stream_pool.broker import Broker
from stream_pool.errors import MisuseError

FIGURES: Final[Mapping[str, Callable[[Setup], Figure]]] = {
    "capture": capture_cost,
    "replay": replay_cost,
    "memory": memory,
    "round-trip": round_trip,
    "pace": pace,
    "offline": offline,
    "live": live,
    "page": page,
}
"""All of them, by the names that choose some, in the order in which they are measured."""

LEAST_RECORDS: Final = 5_000

NEEDS: Final = {"page": "plotly"}
"""Packages that come with an extra; a figure whose package is not there is left out, out loud."""


def bench_replay(
    broker: Broker,
    *,
    rounds: int,
    records: int,
    gigabytes: float,
    hostile: int,
    only: Collection[str] = (),
    say: Say,
) -> Report:
    """Run the bench on a started broker, or `only` some of its figures.

    Raises `MisuseError` for a figure that there is none of, too few records, and a disk without room;
    `BenchClientError` where something that is measured does not come to its end.
    """
    if unknown := sorted(set(only) - set(FIGURES)):
        raise MisuseError(f"bench replay has no figure {', '.join(unknown)}; it has {', '.join(FIGURES)}")
    if records < LEAST_RECORDS:
        raise MisuseError(f"--records {records}: a consumer fetches them at once; {LEAST_RECORDS:,} or more")
    chosen = [name for name in FIGURES if not only or name in only]
    missing = [name for name in chosen if name in NEEDS and find_spec(NEEDS[name]) is None]
    for name in missing:
        say(f"left out: {name}, which needs {NEEDS[name]}")
    where = environment(
        str(broker),
        rounds=rounds,
        records=records,
        gigabytes=gigabytes,
        hostile=hostile,
        figures=", ".join(name for name in chosen if name not in missing),
        left_out=", ".join(missing) or "nothing",
    )
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="stream-pool-bench-") as folder:
        setup = Setup(broker.bootstrap_servers, Path(folder), rounds, records, gigabytes, hostile, say)
        figures += [FIGURES[name](setup) for name in chosen if name not in missing]
    return Report(
        bench="replay",
        environment=where,
        candidates={name: told for figure in figures for name, told in figure.candidates.items()},
        ratios={name: ratio for figure in figures for name, ratio in figure.ratios.items()},
        bars=tuple(bar for figure in figures for bar in figure.bars),
    )
