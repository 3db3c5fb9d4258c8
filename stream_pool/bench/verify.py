"""`bench verify`: how fast the detector folds its log, and how long it takes to verify a day of one.

The log is that of one group with 64 partitions and 10 workers at intervals of 10 s, anomalies and all, as
`bench/day_log.py` writes it. The fold is measured in this process, from the bytes of a record on (decoding,
digest, fold), over the first `FOLD_EVENTS` of it, round by round. The day is verified by `stream-pool verify`
in a process of its own, from a file, snapshots aside: `DAY_ROUNDS` times, since it is long, and judged by its
worst. What is judged is CPU time: one core.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from stream_pool.bench.day_log import day_log
from stream_pool.bench.interval import paired_ratio, spread
from stream_pool.bench.report import Bar, Report, environment
from stream_pool.detection import State, fold
from stream_pool.errors import StreamPoolError
from stream_pool.events import read_raw
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.log_file import LogFileWriter

PARTITIONS = 64
WORKERS = 10
HOURS = 24
FOLD_EVENTS = 20_000
DAY_ROUNDS = 3
GROUP = "bench"

LEAST_EVENTS_PER_SECOND = 5_000
MOST_SECONDS_A_DAY = 180

Say = Callable[[str], None]


class DayDiffers(StreamPoolError):
    """The log of the bench was not found to be identical: there is nothing to measure."""

    reason = "bench_log_differs"


def bench_verify(*, rounds: int, hours: float = HOURS, say: Say) -> Report:
    """Run the bench: `rounds` of the fold, `DAY_ROUNDS` at most of the day. Raises `DayDiffers`."""
    where = environment("none", rounds=rounds, partitions=PARTITIONS, workers=WORKERS, hours=hours)
    events = list(islice(_records(hours), FOLD_EVENTS))
    rates = [_fold_rate(events) for _ in range(rounds)]
    say(f"fold: {statistics.median(rates):,.0f} events a second")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "day.ndjson"
        written = _write_day(path, hours)
        say(f"a day: {written:,} events, {path.stat().st_size / 1e6:,.0f} MB")
        days = [_verify_day(path) for _ in range(min(rounds, DAY_ROUNDS))]
    say(f"verified in {statistics.median(days):,.1f} s of CPU time")
    cpu_s = statistics.median(days)
    rate = paired_ratio(rates, [1.0] * len(rates))
    return Report(
        bench="verify",
        environment=where,
        candidates={
            "fold": {
                "events": len(events),
                "cpu_s": len(events) / rate.value,
                "events_per_second": rate.value,
            },
            "verify_a_day": {
                "events": written,
                "cpu_s": cpu_s,
                "events_per_second": written / cpu_s,
            },
        },
        ratios={},
        bars=(
            Bar("events folded a second of CPU time", rate, ">=", LEAST_EVENTS_PER_SECOND),
            Bar(
                f"CPU seconds to verify a day (median, least and most of {len(days)})",
                spread(days),
                "<=",
                MOST_SECONDS_A_DAY,
            ),
        ),
    )


def _records(hours: float) -> Iterator[RawRecord]:
    log = day_log(partitions=PARTITIONS, workers=WORKERS, hours=hours, interval_s=10, seed=0)
    for offset, timestamp_ms, key, headers, value in log:
        yield RawRecord(offset, timestamp_ms, 1, key, tuple(headers), value)


def _fold_rate(events: list[RawRecord]) -> float:
    """Events a second of CPU time, from bytes to conclusions."""
    state = State()
    began_s = time.process_time()
    for record in events:
        logged = read_raw(record)
        state, _ = fold(state, logged)
    return len(events) / (time.process_time() - began_s)


def _write_day(path: Path, hours: float) -> int:
    written = 0
    with LogFileWriter(path, topic=f"{GROUP}.events", group=GROUP) as writer:
        for record in _records(hours):
            writer.write(record)
            written += 1
    return written


def _verify_day(path: Path) -> float:
    """CPU seconds of one verification, start of the process included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "stream_pool.cli.main", "verify", str(path), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != 0 or json.loads(ran.stdout)["verdict"] != "identical":
        raise DayDiffers(f"verify ended with {ran.returncode}: {(ran.stdout + ran.stderr)[:2_000]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
