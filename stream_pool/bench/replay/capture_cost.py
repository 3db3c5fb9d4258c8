"""What a record costs `stream-pool capture`, plain and packed, against a consumer that does but fetch it."""

import asyncio

from stream_pool.bench.backlog import fill_with_orders
from stream_pool.bench.client import Program
from stream_pool.bench.interval import paired_ratio
from stream_pool.bench.meter import Reading
from stream_pool.bench.replay.commands import capture_arguments, metered
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.replay.turns import Turn, costs_in_turns, medians
from stream_pool.bench.report import Bar

PARTITIONS = 4

BARE = "bare getmany"
CAPTURES = {"capture, plain": ("c.ndjson", 2.0), "capture, zstd": ("c.ndjson.zst", 3.5)}
"""The file of each, and what it may cost of the bare consumer."""


def capture_cost(setup: Setup) -> Figure:
    """Capture orders of 17 levels again and again. Raises `BenchClientError`."""
    with setup.topic("orders", PARTITIONS) as topic:
        asyncio.run(
            fill_with_orders(setup.servers, topic, orders=setup.records, partitions=PARTITIONS, say=setup.say)
        )
        turns: dict[str, Turn] = {BARE: lambda marks: setup.run(BARE, _BARE, topic, marks)}
        turns |= {
            name: _capturing(setup, topic, name, file_name) for name, (file_name, _) in CAPTURES.items()
        }
        figures = costs_in_turns(setup, turns)
    cost = {name: [run["cpu_us_per_record"] for run in runs] for name, runs in figures.items()}
    ratios = {f"{name} / {BARE}": paired_ratio(cost[name], cost[BARE]) for name in CAPTURES}
    return Figure(
        candidates={name: medians(runs) for name, runs in figures.items()},
        ratios=ratios,
        bars=tuple(
            Bar(f"CPU a record, {name} / {BARE}", ratios[f"{name} / {BARE}"], "<=", limit)
            for name, (_, limit) in CAPTURES.items()
        ),
    )


_BARE = Program(("stream_pool.bench.candidates.bare_getmany",), {})


def _capturing(setup: Setup, topic: str, name: str, file_name: str) -> Turn:
    def turn(marks: tuple[int, ...]) -> tuple[Reading, ...]:
        with setup.file(file_name) as out:
            return setup.run(name, metered(capture_arguments(setup.servers, topic, out)), topic, marks)

    return turn
