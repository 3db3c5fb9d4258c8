"""`bench stop`: SIGTERM to a worker under full load, and to one whose broker has just frozen.

A try is a fresh worker with a group of its own on one backlog, poison among it. Once it is well at work it
gets SIGTERM; what counts is the time to the end of its process, and that every record below a committed
offset stands in the handler's ledger or in the dead letters. A frozen broker (SIGSTOP) keeps its connections
and answers nothing; it is thawed when the worker is gone, and the commits are read then.
"""

import asyncio
import statistics
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from stream_pool.bench.admin import commits_of
from stream_pool.bench.backlog import preload
from stream_pool.bench.client import Client, Program, started
from stream_pool.bench.dead_letters import Letter, read_dead_letters
from stream_pool.bench.interval import exactly
from stream_pool.bench.ledger import lost, read_ledger, records
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.bench.stream import QUIET
from stream_pool.broker import JavaBroker

TOPIC = "bench-stop-orders"
PARTITIONS = 4
POISON_EVERY = 200
DEADLINE_S = 15.0
PATIENCE_S = 10.0
START_TIMEOUT_S = 60.0
AT_WORK = 30_000
"""Records handled before the signal: enough for commits to have been made."""
WATCH_INTERVAL_S = 0.02
FROZEN_FOR_S = 0.2

PROGRAM = Program(
    ("stream_pool.cli.main", "worker", "-A", "stream_pool.bench.candidates.ledger_app"),
    {"STREAM_POOL_STOP_TIMEOUT_S": f"{DEADLINE_S:g}", **QUIET},
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Try:
    """How one worker stopped. `exit_s` from the signal; None where it had to be killed."""

    exit_s: float | None
    exit_code: int | None
    handled: int
    dead_letters: int
    committed: int
    lost: int

    @property
    def in_time(self) -> bool:
        return self.exit_s is not None and self.exit_s <= DEADLINE_S

    def __str__(self) -> str:
        end = "never ended" if self.exit_s is None else f"exit {self.exit_code} after {self.exit_s:.2f} s"
        return (
            f"{end}; handled {self.handled:,}, dead letters {self.dead_letters:,},"
            f" committed {self.committed:,}, lost {self.lost:,}"
        )


def bench_stop(broker: JavaBroker, *, tries: int, backlog: int, say: Say) -> Report:
    """Run the bench on a started broker that may be frozen. Raises `BenchClientError`."""
    servers = broker.bootstrap_servers
    where = environment(str(broker), tries=tries, backlog=backlog, deadline_s=DEADLINE_S)
    say(f"writing a backlog of {backlog:,} orders to {broker}")
    asyncio.run(
        preload(servers, TOPIC, orders=backlog, partitions=PARTITIONS, poison_every=POISON_EVERY, say=say)
    )
    results: dict[str, list[Try]] = {"full_load": [], "frozen_broker": []}
    for number in range(1, tries + 1):
        for kind, done in results.items():
            done.append(_try(broker, frozen=kind == "frozen_broker"))
            say(f"try {number} of {tries}, {kind.replace('_', ' ')}: {done[-1]}")
    return Report(
        bench="stop",
        environment=where,
        candidates={kind: _figures(done) for kind, done in results.items()},
        ratios={},
        bars=tuple(bar for kind, done in results.items() for bar in _bars(kind.replace("_", " "), done)),
    )


def _try(broker: JavaBroker, *, frozen: bool) -> Try:
    group = f"bench-stop-{uuid.uuid4().hex[:8]}"
    with started(PROGRAM, broker=broker.bootstrap_servers, topic=TOPIC, group=group) as client:
        _wait_until_at_work(client)
        try:
            if frozen:
                broker.freeze()
                time.sleep(FROZEN_FOR_S)
            exit_s = terminate(client)
        finally:
            if frozen:
                broker.thaw()
        exit_code = client.process.poll()
        handled = read_ledger(client.results)
    committed, buried = asyncio.run(_what_the_broker_has(broker.bootstrap_servers, group))
    return Try(
        exit_s=exit_s,
        exit_code=exit_code,
        handled=records(handled),
        dead_letters=len(buried),
        committed=sum(committed.values()),
        lost=records(lost(committed, [*handled, *(letter.run for letter in buried)])),
    )


def _wait_until_at_work(client: Client) -> None:
    give_up_s = time.monotonic() + START_TIMEOUT_S
    while records(read_ledger(client.results)) < AT_WORK:
        if client.process.poll() is not None or time.monotonic() > give_up_s:
            raise client.failed(f"the worker did not handle {AT_WORK:,} records in {START_TIMEOUT_S:g} s")
        time.sleep(WATCH_INTERVAL_S)


def terminate(client: Client) -> float | None:
    """SIGTERM; seconds to its end, None where that takes longer than the deadline and some patience."""
    began_s = time.monotonic()
    client.process.terminate()
    try:
        client.process.wait(DEADLINE_S + PATIENCE_S)
    except subprocess.TimeoutExpired:
        return None
    return time.monotonic() - began_s


async def _what_the_broker_has(servers: str, group: str) -> tuple[dict[int, int], list[Letter]]:
    """The group's commits by partition, and its dead letters."""
    offsets = await commits_of(servers, group)
    committed = {place.partition: offset for place, offset in offsets.items() if place.topic == TOPIC}
    return committed, await read_dead_letters(servers, f"{group}.dead-letters")


def _figures(done: list[Try]) -> dict[str, float]:
    times = [one.exit_s for one in done if one.exit_s is not None]
    codes = Counter(one.exit_code for one in done)
    return {
        "tries": len(done),
        "in_time": sum(one.in_time for one in done),
        "clean_exits": codes[0],
        "exit_s_median": statistics.median(times) if times else float("nan"),
        "exit_s_max": max(times, default=float("nan")),
        "committed_min": min(one.committed for one in done),
        "lost": sum(one.lost for one in done),
    }


def _bars(kind: str, done: list[Try]) -> tuple[Bar, Bar]:
    in_time = sum(one.in_time for one in done)
    return (
        Bar(f"{kind}: ended within {DEADLINE_S:g} s", exactly(in_time), ">=", len(done)),
        Bar(f"{kind}: records lost", exactly(sum(one.lost for one in done)), "<=", 0),
    )
