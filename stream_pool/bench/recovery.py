"""`bench recovery`: kill -9 to the detector, again and again, at random moments of its life.

A worker under traffic whose faults come and go, a detector in a process of its own, and windows short enough
for anomalies to open and resolve between two kills. A kill strikes up to four seconds after the detector has
come back from the one before; before every fourth there is one more that does not wait for that. After each
recovery the whole log is verified, and once more some windows after the last, when an anomaly has opened and
resolved. Time to recover runs from the start of the new process to its first tick in the log; most of it is
the session of the dead one, which the broker lets expire.
"""

import asyncio
import random
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream_pool.bench.admin import create_topic
from stream_pool.bench.background import background
from stream_pool.bench.client import Client, Program, started
from stream_pool.bench.interval import exactly
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.bench.stream import QUIET
from stream_pool.broker import Broker
from stream_pool.clock import SystemClock
from stream_pool.detection.verdict import Verdict, Verified
from stream_pool.detection.verification import verify
from stream_pool.events import AnomalyOpened, AnomalyResolved, ClockTicked, read_record
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.log_reader import LogReader

PARTITIONS = 2
SESSION_MS = 6_000
RECOVER_TIMEOUT_S = 60.0
WATCH_INTERVAL_S = 0.05
EARLY_EVERY = 4
ALIVE_AT_MOST_S = 4.0
EARLY_AT_MOST_S = 7.0
WINDOWS_S = 4.0
ORDERS_A_SECOND = 40
FAULTY_S = 3.0
CALM_S = 7.0
SLOW_US = (30_000, 70_000)
RESOLVE_TIMEOUT_S = 30.0

WORKER = {
    "STREAM_POOL_DETECTOR_ENABLED": "false",
    "STREAM_POOL_INTERVAL_S": "0.5",
    "STREAM_POOL_DEAD_LETTER_BUDGET_RATIO": "1",
}
DETECTOR = {
    "STREAM_POOL_LOG_LEVEL": "info",
    "STREAM_POOL_LOG_FORMAT": "json",
    "STREAM_POOL_SESSION_TIMEOUT_MS": str(SESSION_MS),
    "STREAM_POOL_DETECTOR_WINDOW_S": "0.5",
    "STREAM_POOL_DETECTOR_SNAPSHOT_INTERVAL_S": "1",
    "STREAM_POOL_DETECTOR_OPEN_AFTER": "1",
    "STREAM_POOL_DETECTOR_RESOLVE_AFTER": "2",
    "STREAM_POOL_DETECTOR_SIGNAL_WINDOWS": "2",
    "STREAM_POOL_DETECTOR_LAG_THRESHOLD_RECORDS": "30",
    "STREAM_POOL_DETECTOR_ERROR_MIN_RECORDS": "5",
    "STREAM_POOL_DETECTOR_LATENCY_P99_LIMIT_S": "0.2",
}

Say = Callable[[str], None]


@dataclass(slots=True)
class Seen:
    """What has come into the log: the incarnations that ticked, and the anomalies."""

    ticked: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    resolved: set[str] = field(default_factory=set)

    def take(self, event: object) -> None:
        """One more event of the log."""
        if isinstance(event, ClockTicked):
            self.ticked.add(event.incarnation)
        elif isinstance(event, AnomalyOpened):
            self.opened.add(event.anomaly_id)
        elif isinstance(event, AnomalyResolved):
            self.resolved.add(event.anomaly_id)


@dataclass(frozen=True, slots=True)
class Recovery:
    """One life of the detector that came as far as its first tick."""

    took_s: float
    from_snapshot: bool
    verdict: Verdict


@dataclass(slots=True)
class Outcome:
    """What came of all lives; `verdict` on the log some windows after the last."""

    kills: int = 0
    early_kills: int = 0
    recoveries: list[Recovery] = field(default_factory=list)
    verdict: Verdict | None = None


def bench_recovery(broker: Broker, *, kills: int, seed: int, say: Say) -> Report:
    """Run the bench on a started broker. Raises `BenchClientError` where a detector does not come back."""
    where = environment(str(broker), kills=kills, seed=seed, session_ms=SESSION_MS)
    outcome, seen = asyncio.run(_run(broker.bootstrap_servers, kills, random.Random(seed), say))
    took_s = [each.took_s for each in outcome.recoveries]
    verdicts = [*(each.verdict for each in outcome.recoveries), outcome.verdict]
    identical = sum(isinstance(verdict, Verified) for verdict in verdicts)
    figures = {
        "kills": outcome.kills,
        "early_kills": outcome.early_kills,
        "recoveries": len(outcome.recoveries),
        "from_a_snapshot": sum(each.from_snapshot for each in outcome.recoveries),
        "verifications": len(verdicts),
        "identical": identical,
        "recover_s_median": statistics.median(took_s),
        "recover_s_max": max(took_s),
        "anomalies_opened": len(seen.opened),
        "anomalies_resolved": len(seen.resolved),
    }
    if isinstance(last := outcome.verdict, Verified):
        figures |= {"events": last.events, "repeats": last.repeats, "snapshots": last.snapshots}
    return Report(
        bench="recovery",
        environment=where,
        candidates={"detector": figures},
        ratios={},
        bars=(
            Bar("kills", exactly(outcome.kills), ">=", kills),
            Bar("identical logs", exactly(identical), ">=", len(verdicts)),
            Bar("anomalies opened and resolved", exactly(len(seen.opened & seen.resolved)), ">=", 1),
        ),
    )


async def _run(servers: str, kills: int, chance: random.Random, say: Say) -> tuple[Outcome, Seen]:
    name = uuid.uuid4().hex[:8]
    topic, group = f"bench-recovery-orders-{name}", f"bench-recovery-{name}"
    await create_topic(servers, topic, PARTITIONS)
    places = {"STREAM_POOL_BROKER": f"kafka://{servers}", "ORDERS_TOPIC": topic, "ORDERS_GROUP": group}
    worker = Program(
        ("stream_pool.cli.main", "worker", "-A", "topologies.orders"), {**places, **WORKER, **QUIET}
    )
    detector = Program(("stream_pool.cli.main", "detector", "--group", group), {**places, **DETECTOR})
    outcome, seen = Outcome(), Seen()
    with started(worker, broker=servers, topic=topic, group=group) as working:
        await _wait_for_log(working, servers, group)
        async with background(_produce(servers, topic, chance)), background(_watch(servers, group, seen)):
            for number in range(kills):
                if number % EARLY_EVERY == EARLY_EVERY - 1:
                    with started(detector, broker=servers, topic=topic, group=group):
                        await asyncio.sleep(chance.uniform(0, EARLY_AT_MOST_S))
                    outcome.early_kills += 1
                    say("killed before it was back")
                with started(detector, broker=servers, topic=topic, group=group) as client:
                    outcome.recoveries.append(await _recovered(client, servers, group, seen))
                    say(_line(outcome.recoveries[-1]))
                    await asyncio.sleep(chance.uniform(0, ALIVE_AT_MOST_S))
                outcome.kills += 1  # the end of the block was a SIGKILL
                say(f"kill {outcome.kills} of {kills}")
            with started(detector, broker=servers, topic=topic, group=group) as client:
                outcome.recoveries.append(await _recovered(client, servers, group, seen))
                say(_line(outcome.recoveries[-1]))
                await asyncio.sleep(WINDOWS_S)
                await _wait_for_a_resolution(seen)
                outcome.verdict = await verified(servers, group)
    return outcome, seen


async def _wait_for_a_resolution(seen: Seen) -> None:
    """Where the machine is slow, the orders that are slow to handle outlast the lives of the detector."""
    for _ in range(round(RESOLVE_TIMEOUT_S / WATCH_INTERVAL_S)):
        if seen.opened & seen.resolved:
            return
        await asyncio.sleep(WATCH_INTERVAL_S)


async def _wait_for_log(worker: Client, servers: str, group: str) -> None:
    """A consumer that asked for the topic first would have it created in another shape."""
    began_s = time.monotonic()
    client = KafkaClient({"bootstrap_servers": servers.split(",")}, "bench-recovery", SystemClock())
    async with client.admin(timeout_s=RECOVER_TIMEOUT_S) as admin:
        while not await admin.partition_counts([f"{group}.events"]):
            if worker.process.poll() is not None or time.monotonic() - began_s > RECOVER_TIMEOUT_S:
                raise worker.failed("the worker did not create its log")
            await asyncio.sleep(WATCH_INTERVAL_S)


async def _recovered(client: Client, servers: str, group: str, seen: Seen) -> Recovery:
    began_s = time.monotonic()
    before = set(seen.ticked)
    while not seen.ticked - before:
        if client.process.poll() is not None or time.monotonic() - began_s > RECOVER_TIMEOUT_S:
            raise client.failed(f"the detector did not tick within {RECOVER_TIMEOUT_S:g} s")
        await asyncio.sleep(WATCH_INTERVAL_S)
    took_s = time.monotonic() - began_s
    from_snapshot = '"from_snapshot": true' in client.log.read_text()
    return Recovery(took_s, from_snapshot, await verified(servers, group))


async def verified(servers: str, group: str) -> Verdict:
    """What `stream-pool verify` says of a group's log as it is now."""
    client = KafkaClient({"bootstrap_servers": servers.split(",")}, "bench-recovery", SystemClock())
    reader = LogReader(client, f"{group}.events")
    await reader.open()
    records = [record async for record in reader.records()]
    return verify(reader.group, records, reader.snapshots, reader.end_offset)


def _line(recovery: Recovery) -> str:
    verdict = recovery.verdict
    if isinstance(verdict, Verified):
        told = (
            f"identical: {verdict.events} events, {verdict.anomalies} anomalies, {verdict.repeats} repeats,"
            f" {verdict.snapshots} snapshots"
        )
    else:
        told = f"NOT identical: {verdict}"
    begun = "from a snapshot" if recovery.from_snapshot else "from the oldest event"
    return f"recovered {begun} in {recovery.took_s:.1f} s; {told}"


async def _produce(servers: str, topic: str, chance: random.Random) -> None:
    """Orders at an even rate; for some seconds in ten they are slow to handle, and every third fails."""
    async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=20) as producer:
        number = 0
        while True:
            number += 1
            headers: list[tuple[str, bytes]] = []
            if number / ORDERS_A_SECOND % (FAULTY_S + CALM_S) < FAULTY_S:
                headers.append(("simulated-latency-us", b"%d" % chance.randrange(*SLOW_US)))
                if number % 3 == 0:
                    headers.append(("simulated-error", b"gateway"))
            await producer.send(
                topic,
                b'{"order": {"number": %d}}' % number,
                partition=number % PARTITIONS,
                headers=headers,
            )
            await asyncio.sleep(1 / ORDERS_A_SECOND)


async def _watch(servers: str, group: str, seen: Seen) -> None:
    """Read the log as it grows."""
    async with AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(f"{group}.events", 0)])
        async for record in consumer:
            seen.take(read_record(record.offset, record.timestamp, record.headers, record.value).event)
