"""Capture, replay into an empty topic, capture again: every field of every record is what was written.

The second capture has one header more, behind the others, which names the place in the first.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from stream_pool.bench.fill import fill
from stream_pool.bench.interval import exactly
from stream_pool.bench.replay.commands import capture, replay
from stream_pool.bench.replay.equality import Fields, differences
from stream_pool.bench.replay.hostile import PARTITIONS, hostile_records
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.report import Bar
from stream_pool.incident.capture_file import Capture
from stream_pool.incident.replay import REPLAY_HEADER

CREATE_TIME = 0
CONFIG = {"message.timestamp.type": "CreateTime"}


def round_trip(setup: Setup) -> Figure:
    """Send hostile records round. Raises `BenchClientError`, `CaptureDamaged`."""
    with (
        setup.topic("hostile", PARTITIONS, CONFIG) as topic,
        setup.topic("again", PARTITIONS, CONFIG) as target,
        setup.file("one.ndjson.zst") as one,
        setup.file("other.ndjson") as other,
    ):
        setup.say(f"round trip: writing {setup.hostile:,} records")
        asyncio.run(fill(setup.servers, topic, hostile_records(setup.hostile)))
        ended = (
            capture(setup.servers, topic, one),
            replay(setup.servers, one, target),
            capture(setup.servers, target, other),
        )
        found = (
            differences(_written(setup.hostile), _captured(one)),
            differences(_written(setup.hostile, marked_as=topic), _captured(other)),
        )
    setup.say(f"round trip: {found[0]:,} differences after the capture, {found[1]:,} after all")
    return Figure(
        candidates={
            "round trip": {
                "records": setup.hostile,
                "capture_s": ended[0].wall_s,
                "replay_s": ended[1].wall_s,
                "differences_captured": found[0],
                "differences_replayed": found[1],
            }
        },
        bars=(Bar(f"round trip of {setup.hostile:,}: differences", exactly(sum(found)), "<=", 0),),
    )


def _written(count: int, marked_as: str | None = None) -> Iterator[Fields]:
    """What a capture of the records has to say; or of the replayed ones, which name the topic they are of."""
    ends: Counter[int] = Counter()
    for partition, key, value, timestamp_ms, headers in hostile_records(count):
        offset = ends[partition]
        ends[partition] += 1
        if marked_as is not None:
            headers = (*headers, (REPLAY_HEADER, f"{marked_as}-{partition}@{offset}".encode()))
        assert timestamp_ms is not None, "each has a time of its own"
        yield Fields(partition, offset, timestamp_ms, CREATE_TIME, key, headers, value)


def _captured(path: Path) -> Iterator[Fields]:
    for captured in Capture(path):
        record = captured.record
        yield Fields(
            captured.partition,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type,
            record.key,
            record.headers,
            record.value,
        )
