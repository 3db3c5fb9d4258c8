"""`bench brokers`: kill -9 of one of three brokers, again and again, under a steady load.

Every topic is on all three, and takes records while two have them (`min.insync.replicas=2`), as `stream-pool
topics --create` makes them. Two workers, with default settings but for a faster log; one producer that waits
for all replicas. Each node has its turn, so that leaders, the group's coordinator and the controller are all
hit. Consumption is back once every partition has given a worker a record that was sent after the kill; then
the node comes back, and the next kill waits until all replicas have caught up.
"""

import asyncio
import random
import subprocess
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field

from stream_pool.bench.admin import admin_of
from stream_pool.bench.client import Client, Program, started, until
from stream_pool.bench.interval import exactly
from stream_pool.bench.members import START_TIMEOUT_S, TOLD, assignments, until_shared
from stream_pool.bench.recovery import verified
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.bench.roles import NodeRoles, Role, next_to_kill, roles_of
from stream_pool.bench.stop import terminate
from stream_pool.bench.unread import Traffic, Unread
from stream_pool.broker import BrokerStartError, JavaCluster
from stream_pool.detection.verdict import Verdict, Verified
from stream_pool.settings import load_settings

PARTITIONS = 6
WORKERS = 2
ORDERS_A_SECOND = 100
MARGIN_S = 5.0
BACK_TIMEOUT_S = 90.0
IN_SYNC_TIMEOUT_S = 120.0
LOOK_S = 0.05

APP = "stream_pool.bench.candidates.ledger_app"
WORKER = Program(("stream_pool.cli.main", "worker", "-A", APP), {"STREAM_POOL_INTERVAL_S": "1", **TOLD})
TOPICS = Program(
    ("stream_pool.cli.main", "topics", "-A", APP, "--create", "--partitions", str(PARTITIONS)), {}
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill of a node. Times are from the kill, `in_sync_s` from the restart."""

    node: int
    roles: NodeRoles
    written_s: float
    """Until every partition took a record that was sent after it."""
    read_s: float
    """Until one of those of every partition was handled."""
    in_sync_s: float

    def __str__(self) -> str:
        return (
            f"node {self.node} ({self.roles}): producers back after {self.written_s:.1f} s,"
            f" consumption after {self.read_s:.1f} s; in sync {self.in_sync_s:.1f} s after its restart"
        )

    @property
    def figures(self) -> dict[str, float]:
        """A column of the report."""
        return {
            "node": self.node,
            "controller": Role.CONTROLLER in self.roles.roles,
            "coordinator": Role.COORDINATOR in self.roles.roles,
            "partitions_led": self.roles.leads,
            "written_again_s": self.written_s,
            "read_again_s": self.read_s,
            "in_sync_after_restart_s": self.in_sync_s,
        }


@dataclass(slots=True)
class Outcome:
    """What came of all kills."""

    kills: list[Kill] = field(default_factory=list)
    exit_codes: list[int | None] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)
    rebalances: int = 0
    verdict: Verdict | None = None


def bench_brokers(cluster: JavaCluster, *, kills: int, seed: int, say: Say) -> Report:
    """Run the bench on a started cluster. Raises `BenchClientError` where consumption does not come back."""
    session_s = load_settings().session_timeout_ms / 1_000
    where = environment(
        str(cluster), kills=kills, seed=seed, session_s=session_s, broker_session_s=cluster.session_s
    )
    outcome = asyncio.run(_Run(cluster, random.Random(seed), say).run(kills))
    unread, verdict = outcome.unread, outcome.verdict
    read_s = max(kill.read_s for kill in outcome.kills)
    identical, clean = isinstance(verdict, Verified), outcome.exit_codes.count(0)
    hit = frozenset[Role]().union(*(kill.roles.roles for kill in outcome.kills))
    figures = {
        "acknowledged": unread.acknowledged,
        "refused": unread.refused,
        "lost": unread.lost,
        "repeated": unread.repeated,
        "written_again_s": max(kill.written_s for kill in outcome.kills),
        "read_again_s": read_s,
        "unread_s_max": unread.longest_s,
        "rebalances": outcome.rebalances,
        "clean_exits": clean,
    }
    if isinstance(verdict, Verified):
        figures |= {"events": verdict.events, "anomalies": verdict.anomalies}
    return Report(
        bench="brokers",
        environment=where,
        candidates={
            **{f"kill {number}": kill.figures for number, kill in enumerate(outcome.kills, 1)},
            "all": figures,
        },
        ratios={},
        bars=(
            Bar("acknowledged records lost", exactly(unread.lost), "<=", 0),
            Bar("consumption back, at the latest, s", exactly(read_s), "<=", session_s + MARGIN_S),
            Bar("unread at the longest, s", exactly(unread.longest_s), "<=", session_s + MARGIN_S),
            Bar("roles hit", exactly(len(hit)), ">=", len(Role)),
            Bar("clean exits", exactly(clean), ">=", WORKERS),
            Bar("identical logs", exactly(identical), ">=", 1),
        ),
    )


class _Run:
    """One run on one cluster, in a group and with topics of its own."""

    def __init__(self, cluster: JavaCluster, chance: random.Random, say: Say) -> None:
        name = uuid.uuid4().hex[:8]
        self._cluster = cluster
        self._servers = cluster.bootstrap_servers
        self._topic, self._group = f"bench-brokers-orders-{name}", f"bench-brokers-{name}"
        self._chance = chance
        self._say = say
        self._hit: set[Role] = set()
        self._left: set[int] = set()

    async def run(self, kills: int) -> Outcome:
        outcome = Outcome()
        await asyncio.to_thread(self._create_topics)
        traffic = Traffic(self._servers, self._topic, partitions=PARTITIONS, rate=ORDERS_A_SECOND)
        with ExitStack() as stack:
            clients = [stack.enter_context(self._started(WORKER)) for _ in range(WORKERS)]
            for client in clients:
                traffic.follow(client.results)
            await until_shared(clients, self._group, PARTITIONS)
            before = sum(len(assignments(client, self._group)) for client in clients)
            async with traffic.running() as outcome.unread:
                for _ in range(kills):
                    outcome.kills.append(await self._kill(clients, outcome.unread))
                    self._say(f"kill {len(outcome.kills)} of {kills}: {outcome.kills[-1]}")
            for client in clients:
                await asyncio.to_thread(terminate, client)
                outcome.exit_codes.append(client.process.poll())
            outcome.rebalances = sum(len(assignments(client, self._group)) for client in clients) - before
            outcome.verdict = await verified(self._servers, self._group)
        return outcome

    def _started(self, program: Program) -> AbstractContextManager[Client]:
        return started(program, broker=self._servers, topic=self._topic, group=self._group)

    def _create_topics(self) -> None:
        with self._started(TOPICS) as client:
            with suppress(subprocess.TimeoutExpired):
                client.process.wait(START_TIMEOUT_S)
            if client.process.poll() != 0:
                raise client.failed(f"topics were not created within {START_TIMEOUT_S:g} s")

    async def _kill(self, clients: list[Client], unread: Unread) -> Kill:
        await self._until_in_sync()
        roles = await self._roles()
        self._left = self._left or set(self._cluster.nodes)
        node = next_to_kill(roles, self._left, self._hit, self._chance)
        self._left.remove(node)
        self._hit |= roles[node].roles
        unread.mark(time.monotonic())
        await asyncio.to_thread(self._cluster.kill, node)
        await until(
            lambda: unread.read_s(PARTITIONS) is not None,
            clients,
            f"not every partition was read again after node {node} was killed",
            BACK_TIMEOUT_S,
        )
        written_s, read_s = unread.written_s(PARTITIONS), unread.read_s(PARTITIONS)
        assert written_s is not None
        assert read_s is not None
        restarted_s = time.monotonic()
        await asyncio.to_thread(self._cluster.restart, node)
        await self._until_in_sync()
        return Kill(node, roles[node], written_s, read_s, time.monotonic() - restarted_s)

    async def _roles(self) -> dict[int, NodeRoles]:
        controller = await asyncio.to_thread(lambda: self._cluster.controller)
        async with admin_of(self._servers) as admin:
            (topic,) = await admin.describe_topics([self._topic])
            coordinator = await admin.find_coordinator(self._group)
        leaders = [partition["leader"] for partition in topic["partitions"]]
        return roles_of(self._cluster.nodes, controller=controller, coordinator=coordinator, leaders=leaders)

    async def _until_in_sync(self) -> None:
        give_up_s = time.monotonic() + IN_SYNC_TIMEOUT_S
        while time.monotonic() < give_up_s:
            async with admin_of(self._servers) as admin:
                topics = await admin.describe_topics()
            partitions = [partition for topic in topics for partition in topic["partitions"]]
            if all(len(each["isr"]) == len(each["replicas"]) for each in partitions):
                return
            await asyncio.sleep(LOOK_S)
        raise BrokerStartError(f"replicas did not catch up within {IN_SYNC_TIMEOUT_S:g} s")
