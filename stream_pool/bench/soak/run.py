"""The soak from its first order to its report."""

import asyncio
import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stream_pool.bench.background import background
from stream_pool.bench.backlog import preload
from stream_pool.bench.dead_letters import read_dead_letters
from stream_pool.bench.report import Report, environment
from stream_pool.bench.soak import cluster
from stream_pool.bench.soak.books import Books
from stream_pool.bench.soak.crew import crew
from stream_pool.bench.soak.faults import Faults, Struck
from stream_pool.bench.soak.findings import Outcome, report, troubles
from stream_pool.bench.soak.log import read_log
from stream_pool.bench.soak.memory import Reading, growth, resident_bytes
from stream_pool.bench.soak.plan import Fault, Pace, plan_faults
from stream_pool.bench.soak.traffic import Traffic
from stream_pool.bench.soak.waiting import SoakStuck, Watch
from stream_pool.broker import JavaBroker
from stream_pool.errors import MisuseError
from stream_pool.settings import variable

PARTITIONS = 6
SPARED = "worker 1"
VICTIMS = ("worker 2", "worker 3")

BACKLOG = 40_000
CALIBRATED_AT_LEAST_S = 1.0
CALIBRATED_AT_MOST_S = 5.0
LOAD = 0.5

SEGMENT_BYTES = 32 * 2**20
RETENTION_BYTES = 3 * 2**29
"""Of the topic, over all partitions; on the disk are a minute or two of traffic and some segments more."""
DISK_BYTES = 4 * 2**30

AT_WORK_WITHIN_S = 60.0
SENT_WITHIN_S = 90.0
DRAINED_WITHIN_S = 120.0
READING_EVERY_S = 1.0

Say = Callable[[str], None]


def bench_soak(
    broker: JavaBroker, *, minutes: float, every_s: float, rate: float, seed: int, say: Say
) -> Report:
    """Run the soak on a started broker of its own: `rate` records a second at most, a fault every `every_s`.

    Raises `MisuseError` where the disk has no room for it, `BenchClientError` where a worker ends that nobody
    told to, `SoakStuck` where something does not come in time.
    """
    free_bytes = shutil.disk_usage(tempfile.gettempdir()).free
    if free_bytes < DISK_BYTES:
        raise MisuseError(f"a soak needs {DISK_BYTES / 1e9:.1f} GB of disk; there are {free_bytes / 1e9:.1f}")
    where = environment(str(broker), minutes=minutes, every_s=every_s, rate_at_most=rate, seed=seed)
    with _quiet_client():
        outcome = asyncio.run(_soak(broker, Pace(minutes * 60, every_s), rate, seed, say))
    for trouble in troubles(outcome):
        say(trouble)
    return report(outcome, where)


async def _soak(broker: JavaBroker, pace: Pace, rate_at_most: float, seed: int, say: Say) -> Outcome:
    servers = broker.bootstrap_servers
    name = uuid.uuid4().hex[:8]
    topic, group = f"bench-soak-orders-{name}", f"bench-soak-{name}"
    say(f"writing a backlog of {BACKLOG:,} orders to {broker}")
    await preload(servers, topic, orders=BACKLOG, partitions=PARTITIONS, config=_topic_config(), say=say)
    names = (SPARED, *VICTIMS)
    with crew(names, servers=servers, topic=topic, group=group, settings=_settings(pace)) as workers:
        traffic = Traffic(servers, topic, seed, await cluster.ends(servers, topic, range(PARTITIONS)))
        watch = Watch(workers, traffic)
        capacity = await _capacity(watch)
        rate = min(LOAD * capacity, rate_at_most)
        say(f"the group drains {capacity:,.0f} records a second; sending {rate:,.0f}")
        faults = Faults(
            broker,
            workers,
            traffic,
            pace,
            events_topic=f"{group}.events",
            victims=VICTIMS,
            partitions=PARTITIONS,
        )
        readings: list[Reading] = []
        async with traffic.at(rate), background(_read_memory(workers.pid(SPARED), readings)):
            began_s = time.monotonic()
            struck = await _strike(faults, plan_faults(pace, seed), watch, pace, say)
            sent_s = time.monotonic() - began_s
            say("faults are over: draining")
            await _finish(traffic)
        await _drained(watch, servers, topic, group)
        say("drained: stopping the workers")
        await workers.stop(*workers.names)
        say("reading the log")
        verdict, account = await read_log(servers, group)
        return Outcome(
            pace=pace,
            capacity=capacity,
            sent_s=sent_s,
            acknowledged=traffic.acknowledged,
            unacknowledged=traffic.refused,
            struck=struck,
            books=Books(
                ends=await cluster.ends(servers, topic, range(PARTITIONS)),
                acknowledged=traffic.ends,
                handled=workers.runs(),
                handled_records=workers.handled(),
                letters=await read_dead_letters(servers, f"{group}.dead-letters"),
                poison=frozenset(traffic.poison),
            ),
            verdict=verdict,
            account=account,
            memory=growth(readings, from_s=pace.warm_up_s, block_s=pace.block_s, to_s=sent_s),
            exit_codes=workers.exit_codes,
            hung=workers.hung,
        )


def _topic_config() -> dict[str, str]:
    """Kept by size alone: the clock has no say in what is deleted."""
    return {
        "retention.bytes": str(RETENTION_BYTES // PARTITIONS),
        "retention.ms": "-1",
        "segment.bytes": str(SEGMENT_BYTES),
    }


def _settings(pace: Pace) -> dict[str, str]:
    return {
        variable("interval_s"): f"{pace.interval_s:g}",
        variable("detector_window_s"): f"{pace.interval_s:g}",
        variable("session_timeout_ms"): str(pace.session_timeout_ms),
    }


async def _capacity(watch: Watch) -> float:
    """Records a second of the whole group, while all of it is at work on the backlog."""
    workers = watch.crew

    def all_at_work() -> bool:
        return all(workers.handled_by(name) > 0 for name in workers.names)

    await watch.until(all_at_work, lambda: "all workers are at work", AT_WORK_WITHIN_S)
    began_s, before = time.monotonic(), workers.handled()

    def measured() -> bool:
        return workers.handled() >= 0.95 * BACKLOG or time.monotonic() - began_s > CALIBRATED_AT_MOST_S

    await watch.until(measured, lambda: "the backlog is drained", AT_WORK_WITHIN_S)
    took_s = time.monotonic() - began_s
    if took_s < CALIBRATED_AT_LEAST_S:
        raise SoakStuck(f"the backlog of {BACKLOG:,} orders was drained before all workers were at work")
    return (workers.handled() - before) / took_s


async def _strike(faults: Faults, planned: list[Fault], watch: Watch, pace: Pace, say: Say) -> list[Struck]:
    """All faults when they are due, or as soon after that as the one before is over."""
    began_s = time.monotonic()

    async def until(at_s: float) -> None:
        due_s = began_s + at_s
        await watch.until(lambda: time.monotonic() >= due_s, lambda: "time passes", pace.duration_s)

    struck: list[Struck] = []
    for number, fault in enumerate(planned, 1):
        await until(fault.at_s)
        at = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - began_s))
        struck.append(await faults.strike(fault))
        say(f"{at} fault {number} of {len(planned)}: {struck[-1]}")
    await until(pace.duration_s)
    return struck


async def _finish(traffic: Traffic) -> None:
    try:
        async with asyncio.timeout(SENT_WITHIN_S):
            await traffic.finish()
    except TimeoutError:
        raise SoakStuck(f"not within {SENT_WITHIN_S:g} s: what was sent is acknowledged") from None


async def _drained(watch: Watch, servers: str, topic: str, group: str) -> None:
    """Everything that the topic has is committed."""
    end: dict[int, int] = {}
    done: dict[int, int] = {}

    async def all_committed() -> bool:
        end.update(await cluster.ends(servers, topic, range(PARTITIONS)))
        done.update(await cluster.committed(servers, group, topic))
        return end == done

    await watch.until(all_committed, lambda: f"committed {done} of {end}", DRAINED_WITHIN_S)


async def _read_memory(pid: int, readings: list[Reading]) -> None:
    """Of a process, once a second, until cancelled."""
    began_s = time.monotonic()
    while True:
        readings.append((time.monotonic() - began_s, resident_bytes(pid)))
        await asyncio.sleep(READING_EVERY_S)


@contextmanager
def _quiet_client() -> Iterator[None]:
    """The client's complaints of a broker that is away, which was sent away, are not printed."""
    nowhere = logging.NullHandler()
    logging.getLogger("aiokafka").addHandler(nowhere)
    try:
        yield
    finally:
        logging.getLogger("aiokafka").removeHandler(nowhere)
