"""A worker on a real broker against the replay of its traffic in memory: record by record the same.

Traffic is the demo's incident, with hostile records in it; it begins at offset 0 in every partition. The app
is the witness, under the same settings on both sides.
"""

import asyncio
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from aiokafka.partitioner import murmur2

from stream_pool.bench.admin import commits_of, delete_topics
from stream_pool.bench.client import Client, Program, started
from stream_pool.bench.fill import Message, fill
from stream_pool.bench.interval import exactly
from stream_pool.bench.replay.accounts import Account, account, different_fates, different_ranges
from stream_pool.bench.replay.commands import capture
from stream_pool.bench.replay.hostile import hostile_records
from stream_pool.bench.replay.setup import Figure, Setup
from stream_pool.bench.replay.topics import read_topic
from stream_pool.bench.report import Bar
from stream_pool.bench.soak.cluster import ends
from stream_pool.bench.stop import terminate
from stream_pool.bench.stream import QUIET
from stream_pool.incident import bundled_scenario
from stream_pool.incident.log_file import read_log_file
from stream_pool.incident.scenario import ERROR_HEADER

PARTITIONS = 4
ORDERS = 6_000
HOSTILE_EVERY = 10
FAILING_EVERY = 150
"""More than the scenario has of those whose handler fails: each takes a pause between its tries."""
DONE_WITHIN_S = 120.0
LOOK_S = 0.1

SETTINGS = {
    **QUIET,
    "STREAM_POOL_INTERVAL_S": "0.2",
    "STREAM_POOL_DEAD_LETTER_BUDGET_RATIO": "1",
}
WORKER = Program(
    ("stream_pool.cli.main", "worker", "-A", "stream_pool.bench.candidates.witness_app"), SETTINGS
)


def live(setup: Setup) -> Figure:
    """Run both, and compare. Raises `BenchClientError`."""
    group = f"bench-replay-{uuid.uuid4().hex[:8]}"
    with (
        setup.topic("live", PARTITIONS) as topic,
        setup.file("c.ndjson.zst") as captured,
        setup.file("log.ndjson") as log,
    ):
        asyncio.run(fill(setup.servers, topic, _traffic()))
        real = _on_the_broker(setup.servers, topic, group)
        capture(setup.servers, topic, captured)
        replayed = _in_memory(setup.servers, topic, group, captured, log)
    fates = different_fates(real, replayed)
    ranges = different_ranges(real, replayed) + different_ranges(replayed, real)
    setup.say(f"live: {len(fates)} records and {len(ranges)} ranges differ: {[*fates, *ranges][:5]}")
    names = {"live": real, "replayed offline": replayed}
    return Figure(
        candidates={
            name: {
                "records": len(told.fates),
                "ranges": len(told.ranges),
                **{f"outcome {reason}": count for reason, count in sorted(told.outcomes.items())},
            }
            for name, told in names.items()
        },
        bars=(
            Bar(
                f"live against offline, of {len(real.fates):,} records: different",
                exactly(len(fates)),
                "<=",
                0,
            ),
            Bar(
                f"live against offline, of {len(real.ranges) + len(replayed.ranges):,} ranges: other sums",
                exactly(len(ranges)),
                "<=",
                0,
            ),
            Bar(
                "live against offline: records",
                exactly(len(replayed.fates)),
                ">=",
                ORDERS + ORDERS // HOSTILE_EVERY,
            ),
        ),
    )


def _traffic() -> Iterator[Message]:
    """Orders by key, as Kafka's clients choose; behind every so many a hostile record, at the same time."""
    hostile = hostile_records(ORDERS // HOSTILE_EVERY)
    for number, order in enumerate(bundled_scenario("demo").records(ORDERS), 1):
        partition = (murmur2(order.key) & 0x7FFFFFFF) % PARTITIONS
        failing = ((ERROR_HEADER, b"gateway"),) if number % FAILING_EVERY == 0 else ()
        yield Message(partition, order.key, order.value, order.timestamp_ms, (*order.headers, *failing))
        if number % HOSTILE_EVERY == 0:
            _, key, value, _, headers = next(hostile)
            if key is None and value is None:
                value = b""  # of a record with neither, the letter has a pointer and not the bytes
            yield Message(number % PARTITIONS, key, value, order.timestamp_ms, headers)


def _on_the_broker(servers: str, topic: str, group: str) -> Account:
    own = {name: f"{group}.{name}" for name in ("events", "dead-letters", "snapshots")}
    try:
        with started(WORKER, broker=servers, topic=topic, group=group) as worker:
            asyncio.run(_all_committed(worker, servers, topic, group))
            if terminate(worker) is None or worker.process.returncode != 0:
                raise worker.failed("the worker did not stop as it was asked to")
            calls = worker.results.read_text()
        letters = asyncio.run(read_topic(servers, own["dead-letters"]))
        return account(calls, letters, asyncio.run(read_topic(servers, own["events"])))
    finally:
        asyncio.run(delete_topics(servers, own.values()))


async def _all_committed(worker: Client, servers: str, topic: str, group: str) -> None:
    end = await ends(servers, topic, range(PARTITIONS))
    give_up_s = time.monotonic() + DONE_WITHIN_S
    while await _committed(servers, group, topic) != end:
        if worker.process.poll() is not None or time.monotonic() > give_up_s:
            raise worker.failed(f"the worker did not commit all within {DONE_WITHIN_S:g} s")
        await asyncio.sleep(LOOK_S)


async def _committed(servers: str, group: str, topic: str) -> dict[int, int]:
    commits = await commits_of(servers, group)
    return {place.partition: offset for place, offset in commits.items() if place.topic == topic}


def _in_memory(servers: str, topic: str, group: str, captured: Path, log: Path) -> Account:
    arguments = ("stream_pool.bench.candidates.witness_offline", str(captured), str(log))
    with started(Program(arguments, SETTINGS), broker=servers, topic=topic, group=group) as player:
        player.wait(DONE_WITHIN_S)
        calls = player.results.read_text()
    records = list(read_log_file(log))
    letters = [record for of, record in records if of == f"{group}.dead-letters"]
    return account(calls, letters, [record for of, record in records if of == f"{group}.events"])
