"""What a record costs `stream-pool replay --speed max`, against `send` in a loop with the same at hand.

The loop has read the capture before it begins: what reading costs is ours alone. Each turn has a topic of its
own, of as many partitions as were captured.
"""

import asyncio
from pathlib import Path

from stream_pool.bench.backlog import fill_with_orders
from stream_pool.bench.client import Program
from stream_pool.bench.interval import paired_ratio
from stream_pool.bench.meter import Reading
from stream_pool.bench.replay.commands import capture, metered, replay_arguments
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.replay.turns import Turn, costs_in_turns, medians
from stream_pool.bench.report import Bar

PARTITIONS = 4

BARE = "bare send"
OURS = "replay --speed max"
RATIO = f"{OURS} / {BARE}"
LIMIT = 2.0


def replay_cost(setup: Setup) -> Figure:
    """Replay orders of 17 levels again and again. Raises `BenchClientError`."""
    with setup.file("c.ndjson.zst") as captured:
        with setup.topic("orders", PARTITIONS) as topic:
            asyncio.run(
                fill_with_orders(
                    setup.servers, topic, orders=setup.records, partitions=PARTITIONS, say=setup.say
                )
            )
            capture(setup.servers, topic, captured)
        turns = {BARE: _bare(setup, captured), OURS: _replaying(setup, captured)}
        figures = costs_in_turns(setup, turns)
    cost = {name: [run["cpu_us_per_record"] for run in runs] for name, runs in figures.items()}
    ratio = paired_ratio(cost[OURS], cost[BARE])
    return Figure(
        candidates={name: medians(runs) for name, runs in figures.items()},
        ratios={RATIO: ratio},
        bars=(Bar(f"CPU a record, {RATIO}", ratio, "<=", LIMIT),),
    )


def _bare(setup: Setup, captured: Path) -> Turn:
    program = Program(("stream_pool.bench.candidates.bare_send", str(captured)), {})

    def turn(marks: tuple[int, ...]) -> tuple[Reading, ...]:
        with setup.topic("bare", PARTITIONS) as topic:
            return setup.run(BARE, program, topic, marks)

    return turn


def _replaying(setup: Setup, captured: Path) -> Turn:
    def turn(marks: tuple[int, ...]) -> tuple[Reading, ...]:
        with setup.topic("replayed", PARTITIONS) as topic:
            return setup.run(OURS, metered(replay_arguments(setup.servers, captured, topic)), topic, marks)

    return turn
