"""`bench stream`: what a record costs on its whole way, against the least that it can cost and against peers.

Ours and the bare loop (aiokafka and orjson) are measured one record at a time and with whole batches kept
decoded; ours also with orjson for its decoder, which tells what the worker costs from what the decoder
costs, and with the Python twin. Without the compiled core all of ours runs on the twin. Peers are Faust, Quix
Streams, Bytewax and a loop on librdkafka (confluent-kafka); one that is not installed is left out, out loud.

Every candidate drains the same backlog (seeded orders, 17 levels, 4 partitions) with a group of its own, in a
fresh process, one after the other; a round has each of them once, and ours, with which most are compared,
three times, so that a moment in which the machine is slow is not ours alone. Slower ones drain less of it, so
that a round gives each about the same time. What is judged is CPU time a record between the warm-up and the
end. Ours samples, polls lag and writes to its log every second instead of every ten, so that a short run pays
for all of it.

Afterwards two workers of one group drain the backlog against one (`workers.py`), which tells what a second
core is worth. Nothing but their throughput can tell that. What is judged has a handler with a tenth of a
millisecond of work: with an empty one the broker, on the same cores, wants as much of them as a worker does,
and that ratio is reported beside it. So is what two plain processes are worth that do the same work without
Kafka: no group of workers can do better on these cores.
"""

import asyncio
import math
import statistics
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from stream_pool.bench.backlog import preload
from stream_pool.bench.client import Program, run_to_marks
from stream_pool.bench.interval import paired_ratio, spread
from stream_pool.bench.meter import Reading
from stream_pool.bench.report import Bar, Report, Sense, environment
from stream_pool.bench.workers import drain_together, rate_together
from stream_pool.broker import Broker
from stream_pool.documents import NATIVE_REASON

TOPIC = "bench-orders"
PARTITIONS = 4
CLIENT_TIMEOUT_S = 300.0

TURNS_OF_OURS = 3

MEMORY_FROM = 50_000
MEMORY_RUNS = 3
RSS_LIMIT_MB = 120

TOGETHER_RECORDS = 100_000
SESSION_TIMEOUT_MS = 6_000
"""Of workers that share a group: as short as brokers allow, so that the first soon hears of the second."""

QUIET = {"STREAM_POOL_LOG_LEVEL": "error"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that is compared: it drains `share` of the records, and may need a package of its own."""

    program: Program
    share: float
    needs: str | None = None


def _ours(app: str = "pool_app", **settings: str) -> Program:
    arguments = ("stream_pool.cli.main", "worker", "-A", f"stream_pool.bench.candidates.{app}")
    return Program(arguments, {"STREAM_POOL_INTERVAL_S": "1", **QUIET, **settings})


def _theirs(program: str) -> Program:
    return Program((f"stream_pool.bench.candidates.{program}",), {})


CANDIDATES: dict[str, Candidate] = {
    "stream_pool": Candidate(_ours(), 1.0),
    "bare_loop": Candidate(_theirs("bare_loop"), 1.0),
    "stream_pool_batches": Candidate(_ours("pool_batches_app"), 1.0),
    "bare_batches": Candidate(_theirs("bare_batches"), 0.5),
    "stream_pool_orjson": Candidate(_ours(STREAM_POOL_DECODER="orjson"), 1.0),
    "faust_agent": Candidate(_theirs("faust_agent"), 0.2),
    "stream_pool_twin": Candidate(_ours(STREAM_POOL_PURE="1"), 0.2),
    "confluent_loop": Candidate(_theirs("confluent_loop"), 1.0, "confluent_kafka"),
    "quix_app": Candidate(_theirs("quix_app"), 1.0, "quixstreams"),
    "bytewax_flow": Candidate(_theirs("bytewax_flow"), 1.0, "bytewax"),
}
"""All of them; a package that one needs comes with the extra `bench`."""

TOGETHER: dict[str, Program] = {
    "workers": _ours("archive_app", STREAM_POOL_SESSION_TIMEOUT_MS=str(SESSION_TIMEOUT_MS)),
    "workers with an empty handler": _ours(
        "tally_app", STREAM_POOL_SESSION_TIMEOUT_MS=str(SESSION_TIMEOUT_MS)
    ),
    "plain processes": _theirs("archive_plain"),
}
"""What is started once and twice."""

RATIOS = (
    ("bare_loop", "stream_pool"),
    ("bare_batches", "stream_pool_batches"),
    ("faust_agent", "stream_pool"),
    ("quix_app", "stream_pool"),
    ("bytewax_flow", "stream_pool"),
    ("confluent_loop", "stream_pool"),
    ("stream_pool_orjson", "bare_loop"),
    ("stream_pool_orjson", "faust_agent"),
    ("stream_pool_twin", "bare_loop"),
    ("stream_pool_twin", "faust_agent"),
)
"""Which costs are divided by which. What lacks a candidate, here and among the bars, is left out with it."""

BARS: tuple[tuple[str, Sense, float], ...] = (
    ("bare_loop / stream_pool", ">=", 1.25),
    ("bare_batches / stream_pool_batches", ">=", 2.5),
    ("faust_agent / stream_pool", ">=", 12),
    ("quix_app / stream_pool", ">=", 1.25),
    ("bytewax_flow / stream_pool", ">=", 1.25),
    ("stream_pool_orjson / bare_loop", "<=", 1.1),
    ("stream_pool_orjson / faust_agent", "<=", 0.1),
)

Say = Callable[[str], None]
Figures = dict[str, list[dict[str, float]]]
Rates = dict[str, dict[int, list[float]]]
"""Records a second by what ran and by how many of it, a figure a round."""


def bench_stream(broker: Broker, *, rounds: int, records: int, backlog: int, say: Say) -> Report:
    """Run the bench on a started broker. `records` is what a fast candidate drains, of a `backlog` of orders.

    Raises `BenchClientError` where a candidate does not come to its end.
    """
    servers = broker.bootstrap_servers
    missing = missing_packages()
    if missing:
        say(f"left out, since the extra `bench` is not installed: {', '.join(missing)}")
    names = present(missing)
    where = environment(
        str(broker),
        core=NATIVE_REASON or "compiled",
        rounds=rounds,
        records=records,
        backlog=backlog,
        left_out=", ".join(missing) or "nothing",
    )
    say(f"writing a backlog of {backlog:,} orders to {broker}")
    asyncio.run(preload(servers, TOPIC, orders=backlog, partitions=PARTITIONS, say=say))
    figures: Figures = {name: [] for name in names}
    for round_number in range(rounds):
        taken: Figures = {name: [] for name in names}
        for name in order_of(names, round_number):
            taken[name].append(_measure(servers, name, records))
        for name, turns in taken.items():
            figures[name].append(of_the_round(turns))
        say(
            f"round {round_number + 1} of {rounds}: "
            + _line({name: runs[-1] for name, runs in figures.items()})
        )
    growth = [_growth(servers, backlog) for _ in range(MEMORY_RUNS)]
    say(f"memory: peak over {backlog:,} orders is {max(growth):.2f} of that after {MEMORY_FROM:,}")
    rates: Rates = {name: {1: [], 2: []} for name in TOGETHER}
    for _ in range(rounds):
        for name, by_count in rates.items():
            for count, values in by_count.items():
                values.append(_rate(servers, name, count, backlog, say))
    for name, by_count in rates.items():
        told = ", ".join(f"{count} {statistics.median(values):,.0f}" for count, values in by_count.items())
        say(f"{name}, records a second by their number: {told}")
    return _report(where, figures, growth, rates)


def missing_packages() -> list[str]:
    """What candidates need and is not installed here."""
    return [c.needs for c in CANDIDATES.values() if c.needs is not None and find_spec(c.needs) is None]


def present(missing: Sequence[str]) -> list[str]:
    """Names of the candidates that can run without these packages."""
    return [name for name, candidate in CANDIDATES.items() if candidate.needs not in missing]


def order_of(names: Sequence[str], round_number: int) -> list[str]:
    """Whose turn it is when, in one round.

    Each round begins with another, and ours come between the others.
    """
    ours, *others = names
    first = round_number % len(others)
    others = [*others[first:], *others[:first]]
    step = -(-len(others) // TURNS_OF_OURS)
    return [
        name for at, other in enumerate(others) for name in ([ours, other] if at % step == 0 else [other])
    ]


def _group(name: str) -> str:
    return f"bench-{name}-{uuid.uuid4().hex[:8]}".replace("_", "-")


def _run(servers: str, name: str, marks: tuple[int, ...]) -> tuple[Reading, ...]:
    return run_to_marks(
        CANDIDATES[name].program,
        broker=servers,
        topic=TOPIC,
        group=_group(name),
        marks=marks,
        timeout_s=CLIENT_TIMEOUT_S,
    )


def _measure(servers: str, name: str, records: int) -> dict[str, float]:
    end = int(records * CANDIDATES[name].share)
    warm, done = _run(servers, name, (end // 5, end))
    counted = done.records - warm.records
    return {
        "cpu_us_per_record": (done.cpu_s - warm.cpu_s) / counted * 1e6,
        "records_per_second": counted / (done.wall_s - warm.wall_s),
        "peak_rss_bytes": done.peak_rss_bytes,
    }


def of_the_round(turns: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """A candidate's figures: the means of its turns, and the highest of its peaks."""
    peak = max(turn["peak_rss_bytes"] for turn in turns)
    return {metric: statistics.fmean(turn[metric] for turn in turns) for metric in turns[0]} | {
        "peak_rss_bytes": peak
    }


def _growth(servers: str, backlog: int) -> float:
    early, end = _run(servers, "stream_pool", (MEMORY_FROM, backlog))
    return end.peak_rss_bytes / early.rss_bytes


def _rate(servers: str, name: str, count: int, backlog: int, say: Say) -> float:
    """Records a second, or unknown where the backlog was drained before all had joined."""
    tallies = drain_together(
        TOGETHER[name],
        count,
        broker=servers,
        topic=TOPIC,
        group=_group("together"),
        records=backlog if "empty" in name else min(backlog, TOGETHER_RECORDS),
        timeout_s=CLIENT_TIMEOUT_S,
    )
    try:
        return rate_together(tallies)
    except ValueError as error:
        say(f"{count} {name}: {error}; a larger --backlog gives them time")
        return math.nan


def _line(latest: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(f"{name} {run['cpu_us_per_record']:.1f} µs" for name, run in latest.items())


def _report(where: Mapping[str, Any], figures: Figures, growth: list[float], rates: Rates) -> Report:
    cost = {name: [run["cpu_us_per_record"] for run in runs] for name, runs in figures.items()}
    ratios = {
        f"{one} / {other}": paired_ratio(cost[one], cost[other])
        for one, other in RATIOS
        if one in cost and other in cost
    }
    ratios |= {f"two {name} / one": paired_ratio(by[2], by[1]) for name, by in rates.items()}
    peak_mb = [run["peak_rss_bytes"] / 1e6 for run in figures["stream_pool"]]
    return Report(
        bench="stream",
        environment=where,
        candidates={
            name: {metric: statistics.median(run[metric] for run in runs) for metric in runs[0]}
            for name, runs in figures.items()
        },
        ratios=ratios,
        bars=(
            *(
                Bar(f"CPU a record, {name}", ratios[name], sense, limit)
                for name, sense, limit in BARS
                if name in ratios
            ),
            Bar("peak memory while draining, MB", spread(peak_mb), "<=", RSS_LIMIT_MB),
            Bar(f"peak memory, of that after {MEMORY_FROM:,} orders", spread(growth), "<=", 1.2),
            Bar("records a second, two workers / one", ratios["two workers / one"], ">=", 1.8),
        ),
    )
