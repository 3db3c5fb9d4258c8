"""`bench deploy`: the workers of a group replaced one after the other, under a steady load.

Three workers with static membership (`STREAM_POOL_GROUP_INSTANCE_ID`), as a StatefulSet has them. In a round
each is asked to stop, and its successor started as soon as it has ended; the next one's turn comes when the
successor has its partitions. No other worker may be disturbed by that, and a successor takes the very
partitions of its predecessor: what is measured is how long those go unread meanwhile.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from stream_pool.bench.admin import create_topic
from stream_pool.bench.client import Client, Program, started, until
from stream_pool.bench.interval import exactly
from stream_pool.bench.members import START_TIMEOUT_S, TOLD, assignments, until_shared
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.bench.stop import terminate
from stream_pool.bench.unread import Traffic, Unread
from stream_pool.broker import Broker

PARTITIONS = 6
WORKERS = 3
ORDERS_A_SECOND = 60
UNREAD_AT_MOST_S = 5.0
SESSION_MS = 30_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One worker replaced by another."""

    stop_s: float
    """From the signal to the end of the process."""
    start_s: float
    """From the start of the next to its partitions."""
    moved: bool
    """Whether they were not its predecessor's."""


@dataclass(slots=True)
class Outcome:
    """What came of all rounds. `rebalances`: assignments of workers that were not being replaced."""

    changes: list[Change] = field(default_factory=list)
    rebalances: int = 0
    exit_codes: list[int | None] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)


def bench_deploy(broker: Broker, *, rounds: int, say: Say) -> Report:
    """Run the bench on a started broker. Raises `BenchClientError` where a worker does not start."""
    where = environment(str(broker), rounds=rounds, workers=WORKERS, session_ms=SESSION_MS)
    outcome = asyncio.run(_Run(broker.bootstrap_servers, say).run(rounds))
    changes, unread = outcome.changes, outcome.unread
    clean = outcome.exit_codes.count(0)
    moved = sum(change.moved for change in changes)
    return Report(
        bench="deploy",
        environment=where,
        candidates={
            "workers": {
                "replaced": len(changes),
                "clean_exits": clean,
                "rebalances": outcome.rebalances,
                "moved": moved,
                "acknowledged": unread.acknowledged,
                "lost": unread.lost,
                "repeated": unread.repeated,
                "unread_s_max": unread.longest_s,
                "stop_s_max": max(change.stop_s for change in changes),
                "start_s_max": max(change.start_s for change in changes),
            }
        },
        ratios={},
        bars=(
            Bar("unread at the longest, s", exactly(unread.longest_s), "<=", UNREAD_AT_MOST_S),
            Bar("rebalances", exactly(outcome.rebalances), "<=", 0),
            Bar("successors with other partitions", exactly(moved), "<=", 0),
            Bar("records lost", exactly(unread.lost), "<=", 0),
            Bar("records handled twice", exactly(unread.repeated), "<=", 0),
            Bar("clean exits", exactly(clean), ">=", len(outcome.exit_codes)),
        ),
    )


class _Run:
    """One run on one broker, in a group and with a topic of its own."""

    def __init__(self, servers: str, say: Say) -> None:
        name = uuid.uuid4().hex[:8]
        self._servers = servers
        self._topic, self._group = f"bench-deploy-orders-{name}", f"bench-deploy-{name}"
        self._say = say
        self._stack = ExitStack()
        self._traffic = Traffic(servers, self._topic, partitions=PARTITIONS, rate=ORDERS_A_SECOND)
        self._clients: list[Client] = []

    async def run(self, rounds: int) -> Outcome:
        outcome = Outcome()
        await create_topic(self._servers, self._topic, PARTITIONS)
        with self._stack:  # a ledger stays until the end of it
            workers = [self._start(member) for member in range(WORKERS)]
            await until_shared(workers, self._group, PARTITIONS)
            before = self._assignments()
            async with self._traffic.running() as outcome.unread:
                for number in range(1, rounds + 1):
                    for member in range(WORKERS):
                        workers[member], change = await self._replace(member, workers[member])
                        outcome.changes.append(change)
                    longest_s = outcome.unread.longest_s
                    self._say(f"round {number} of {rounds}: unread for {longest_s:.2f} s so far")
            outcome.rebalances = self._assignments() - before - len(outcome.changes)
            for worker in workers:
                await asyncio.to_thread(terminate, worker)
            outcome.exit_codes = [client.process.poll() for client in self._clients]
        return outcome

    def _start(self, member: int) -> Client:
        program = Program(
            ("stream_pool.cli.main", "worker", "-A", "stream_pool.bench.candidates.ledger_app"),
            {
                "STREAM_POOL_GROUP_INSTANCE_ID": f"worker-{member}",
                "STREAM_POOL_SESSION_TIMEOUT_MS": str(SESSION_MS),
                "PYTHONDONTWRITEBYTECODE": "",  # one that is installed has its bytecode, too
                **TOLD,
            },
        )
        client = self._stack.enter_context(
            started(program, broker=self._servers, topic=self._topic, group=self._group)
        )
        self._traffic.follow(client.results)
        self._clients.append(client)
        return client

    async def _replace(self, member: int, worker: Client) -> tuple[Client, Change]:
        owned = assignments(worker, self._group)[-1]
        stop_s = await asyncio.to_thread(terminate, worker)
        if stop_s is None:
            raise worker.failed("a worker did not stop")
        began_s = time.monotonic()
        successor = self._start(member)
        await until(
            lambda: assignments(successor, self._group),
            [successor],
            "was given no partitions",
            START_TIMEOUT_S,
        )
        change = Change(stop_s, time.monotonic() - began_s, assignments(successor, self._group)[0] != owned)
        return successor, change

    def _assignments(self) -> int:
        return sum(len(assignments(client, self._group)) for client in self._clients)
