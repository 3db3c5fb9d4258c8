"""How well `stream-pool replay --speed 1` keeps its records' times, against sleeping until each is due.

Both are at it at the same time, each with a topic on which the broker's clock gives the times. A record's
error is how much later it came than it should have, reckoned from the one that came soonest: nothing comes
before it is due, so that one tells when the schedule began. What is compared are the medians of the errors.
"""

import asyncio
import random
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from stream_pool.bench.client import Program, started
from stream_pool.bench.interval import spread
from stream_pool.bench.replay.commands import replay_arguments
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.replay.topics import read_topic
from stream_pool.bench.report import Bar
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import CapturedRecord, CaptureHeader, CaptureWriter
from stream_pool.incident.orders import START_MS, OrderGenerator

RECORDS = 600
GAPS_MS = (1, 20)
"""Between two records, evenly drawn: six seconds or so in all."""
SEED = 13
LIMIT_MS = 2.0
TIMEOUT_S = 120.0

BARE = "bare sleep"
OURS = "replay --speed 1"
APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}


def pace(setup: Setup) -> Figure:
    """Replay a few seconds of traffic, as they were, round by round. Raises `BenchClientError`."""
    errors: dict[str, list[float]] = {BARE: [], OURS: []}
    with setup.file("c.ndjson") as captured:
        due_ms = _write(captured)
        for number in range(setup.rounds):
            for name, found in _round(setup, captured, due_ms).items():
                errors[name].append(found)
            setup.say(
                f"pace: round {number + 1} of {setup.rounds}: "
                + ", ".join(f"{name} {found[-1]:g} ms" for name, found in errors.items())
            )
    more_ms = [ours - bare for ours, bare in zip(errors[OURS], errors[BARE], strict=True)]
    return Figure(
        candidates={name: {"median_error_ms": statistics.median(found)} for name, found in errors.items()},
        bars=(Bar(f"ms of median error, {OURS} over {BARE}", spread(more_ms), "<=", LIMIT_MS),),
    )


def median_error_ms(due_ms: Sequence[int], came_ms: Sequence[int]) -> float:
    """How late records came in the middle, after the one that came soonest."""
    late_ms = [came - due for due, came in zip(due_ms, came_ms, strict=True)]
    return statistics.median(late_ms) - min(late_ms)


def _write(path: Path) -> list[int]:
    """A capture of one partition; when each of its records is due."""
    chance = random.Random(f"pace {SEED}")
    orders = OrderGenerator(SEED)
    due_ms = [START_MS]
    while len(due_ms) < RECORDS:
        due_ms.append(due_ms[-1] + chance.randint(*GAPS_MS))
    header = CaptureHeader(None, "orders", {0: (0, RECORDS)}, None, None, START_MS)
    with CaptureWriter(path, header) as writer:
        for offset, at_ms in enumerate(due_ms):
            order = orders.order()
            record = RawRecord(offset, at_ms, 0, order.key, (), order.value)
            writer.write(CapturedRecord("orders", 0, record))
    return due_ms


def _round(setup: Setup, captured: Path, due_ms: Sequence[int]) -> dict[str, float]:
    with ExitStack() as stack:
        topics = {name: stack.enter_context(setup.topic("pace", 1, APPEND_TIME)) for name in (BARE, OURS)}
        programs = {
            BARE: Program(("stream_pool.bench.candidates.bare_sleep", str(captured)), {}),
            OURS: Program(
                ("stream_pool.cli.main", *replay_arguments(setup.servers, captured, topics[OURS], "1")), {}
            ),
        }
        clients = [
            stack.enter_context(
                started(
                    programs[name], broker=setup.servers, topic=topics[name], group=name, marks=(RECORDS,)
                )
            )
            for name in topics
        ]
        for client in clients:
            client.wait(TIMEOUT_S)
        found = {name: asyncio.run(read_topic(setup.servers, topic)) for name, topic in topics.items()}
    return {
        name: median_error_ms(due_ms, [record.timestamp_ms for record in records])
        for name, records in found.items()
    }
