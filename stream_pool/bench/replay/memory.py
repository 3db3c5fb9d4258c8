"""Whether memory stays what it is while a large topic is captured, and while the capture is replayed.

The peak of the whole run is held against the peak after its first tenth, when all that is bounded has filled.
"""

import asyncio
import shutil
from itertools import islice

from stream_pool.bench.backlog import fill_with_orders, messages
from stream_pool.bench.client import Program
from stream_pool.bench.interval import exactly
from stream_pool.bench.replay.commands import capture_arguments, metered, replay_arguments
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.report import Bar
from stream_pool.errors import MisuseError

PARTITIONS = 4
EARLY_SHARE = 0.1
LIMIT = 1.1
SAMPLE = 1_000
DISK_OF_VALUES = 3.5
"""Bytes on the disk for each of the values: the topic, the one that it is replayed to, and the capture."""


def memory(setup: Setup) -> Figure:
    """Capture and replay so many bytes of values. Raises `MisuseError` where the disk has no room for them,
    `BenchClientError`."""
    wanted_bytes = setup.gigabytes * 1e9
    free_bytes = shutil.disk_usage(setup.folder).free
    if free_bytes < wanted_bytes * DISK_OF_VALUES:
        raise MisuseError(
            f"{setup.gigabytes:g} GB need {setup.gigabytes * DISK_OF_VALUES:.1f} GB of disk; there are"
            f" {free_bytes / 1e9:.1f}: take fewer --gigabytes"
        )
    mean_bytes = sum(len(value or b"") for _, value in islice(messages(SAMPLE, 0), SAMPLE)) / SAMPLE
    orders = int(wanted_bytes / mean_bytes)
    marks = (int(orders * EARLY_SHARE), orders)
    with setup.topic("large", PARTITIONS) as topic, setup.file("c.ndjson.zst") as captured:
        asyncio.run(
            fill_with_orders(setup.servers, topic, orders=orders, partitions=PARTITIONS, say=setup.say)
        )
        capturing = _watched(
            setup, "capture", metered(capture_arguments(setup.servers, topic, captured)), marks
        )
        with setup.topic("replayed", PARTITIONS) as target:
            program = metered(replay_arguments(setup.servers, captured, target))
            replaying = _watched(setup, "replay", program, marks)
    return Figure(
        candidates={"capture, large": capturing, "replay, large": replaying},
        bars=tuple(
            Bar(
                f"peak memory of {name} over {setup.gigabytes:g} GB, of that after a tenth",
                exactly(told["growth"]),
                "<=",
                LIMIT,
            )
            for name, told in (("capture", capturing), ("replay", replaying))
        ),
    )


def _watched(setup: Setup, name: str, program: Program, marks: tuple[int, int]) -> dict[str, float]:
    early, end = setup.run(name, program, "", marks)
    told = {
        "records": end.records,
        "early_peak_mb": early.peak_rss_bytes / 1e6,
        "peak_mb": end.peak_rss_bytes / 1e6,
        "growth": end.peak_rss_bytes / early.peak_rss_bytes,
        "wall_s": end.wall_s - early.wall_s,
    }
    setup.say(
        f"memory: {name} of {end.records:,} records, {told['early_peak_mb']:.0f} MB after a tenth,"
        f" {told['peak_mb']:.0f} MB at most"
    )
    return told
