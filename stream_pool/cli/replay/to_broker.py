"""`stream-pool replay FILE --to URL --topic T`: back onto a topic, in order and at its pace."""

import asyncio
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka.errors import (
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownError,
)

from stream_pool.cli.connection import connected_client
from stream_pool.cli.damage import damage_json
from stream_pool.cli.progress import progress
from stream_pool.cli.stopping import Stopping
from stream_pool.clock import SystemClock
from stream_pool.errors import ExitCode
from stream_pool.incident.capture_file import Capture, capture_by_time
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace, Times
from stream_pool.incident.replay import Plan, Replay, Summary
from stream_pool.incident.replay_guard import (
    Placement,
    ReplayRefused,
    Target,
    allowed_clusters,
    refusal,
    retention_warning,
)
from stream_pool.incident.replay_state import (
    ReplayState,
    begun,
    capture_digest,
    state_path,
)
from stream_pool.incident.survey import Survey, survey
from stream_pool.settings import Settings
from stream_pool.stream.errors import FORBIDDEN, AccessDenied, BrokerUnavailable, TopicMissing, not_found
from stream_pool.stream.kafka import KafkaClient
from stream_pool.words import duration, size

if TYPE_CHECKING:
    from stream_pool.stream.client import Admin

BATCH_BYTES = 1 << 18
CAUTIOUS_BATCH_BYTES = 1 << 14
"""Where the topic does not tell what it takes: what Kafka's own clients send."""
_STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    file: Path
    topic: str
    pace: Pace
    only: Only
    times: Times
    loops: int
    resume: bool
    restart: bool
    state_file: Path | None
    mean_production: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The target as it is, and how records go to it. `warnings` are for the person at the keyboard."""

    target: Target
    placement: Placement
    batch_bytes: int
    warnings: list[str] = field(default_factory=list)


def replay_to_broker(wanted: Wanted, settings: Settings, stopping: Stopping) -> tuple[Summary, Found]:
    """Replay it. Raises `CaptureUnreadable`, `MisuseError`, `BrokerUnavailable`, `TopicMissing`,
    `AccessDenied`."""
    try:
        return asyncio.run(_replay(capture_by_time(wanted.file), wanted, settings, stopping))
    except asyncio.CancelledError:  # told to end when it just had
        raise KeyboardInterrupt from None


def exit_code(summary: Summary, stopping: Stopping) -> int:
    """What the command ends with."""
    if summary.interrupted:
        return stopping.exit_code
    error = None if summary.failure is None else summary.failure.error
    if isinstance(error, FORBIDDEN):
        return ExitCode.ACCESS_DENIED
    if isinstance(error, TimeoutError) or (isinstance(error, KafkaError) and error.retriable):
        return ExitCode.BROKER_UNAVAILABLE
    return ExitCode.OK if summary.is_complete else ExitCode.FINDING


def to_json(wanted: Wanted, summary: Summary, found: Found) -> dict[str, Any]:
    """The object that `--json` prints."""
    late = summary.late
    return {
        "file": str(wanted.file),
        "cluster": found.target.cluster,
        "topic": wanted.topic,
        "partitions_kept": found.placement.is_kept,
        "acknowledged": summary.acknowledged,
        "before": summary.before,
        "sent": summary.sent,
        "bytes": summary.bytes,
        "left_out": summary.left_out,
        "other_topics": summary.others,
        **summary.missing.to_json(),
        "took_s": round(summary.took_s, 3),
        "late_s": {"median": late.quantile(0.5), "p99": late.quantile(0.99), "max": late.max_s},
        "complete": summary.is_complete,
        "interrupted": summary.interrupted,
        "damage": damage_json(summary.damage),
        "failure": None if summary.failure is None else str(summary.failure),
        "warnings": found.warnings,
    }


def to_text(wanted: Wanted, summary: Summary) -> str:
    """The lines that the command prints."""
    rate = summary.sent / summary.took_s if summary.took_s else 0.0
    lines = [
        f"{summary.sent:,} records ({size(summary.bytes)}) to {wanted.topic} in {duration(summary.took_s)},"
        f" {rate:,.0f} a second; {summary.acknowledged:,} are acknowledged"
        + (f", {summary.before:,} of them by an earlier run" if summary.before else "")
    ]
    median_s = summary.late.quantile(0.5)
    if median_s is not None:
        p99_s = summary.late.quantile(0.99) or 0.0
        lines.append(
            f"  late       median {median_s * 1_000:.1f} ms, P99 {p99_s * 1_000:.1f} ms,"
            f" at most {summary.late.max_s * 1_000:.1f} ms"
        )
    if summary.left_out:
        lines.append(f"  left out   {summary.left_out:,}: not chosen by --only")
    if summary.others:
        lines.append(f"  left out   {summary.others:,}: of other topics (the event log)")
    lines += summary.missing.lines()
    if summary.damage is not None:
        lines.append(f"damaged: {wanted.file}, {summary.damage}; what stood before it was replayed")
    if summary.failure is not None:
        lines.append(f"failed: {summary.failure}{_hint(summary.failure.error)}")
    if not summary.is_complete:
        stopped = "interrupted" if summary.interrupted else "not complete"
        lines.append(
            f"{stopped}: the same command with --resume goes on behind record {summary.acknowledged:,}; "
            "what was sent behind it is sent again"
        )
    return "\n".join(lines)


def _hint(error: Exception) -> str:
    if isinstance(error, InvalidTimestampError):
        return ". The topic takes no such times: --times shift or now"
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        return ". The record is larger than the topic's max.message.bytes"
    return ""


async def _replay(
    capture: Capture, wanted: Wanted, settings: Settings, stopping: Stopping
) -> tuple[Summary, Found]:
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    system = SystemClock()
    surveyed = None
    if capture.is_kcat:  # nothing in it tells how many partitions there were
        surveyed = survey(capture, wanted.only, lambda *_: None)
    found = await look_at(capture, wanted, settings, surveyed)
    for warning in found.warnings:
        print(f"stream-pool: {warning}", file=sys.stderr)
    plan = _plan(capture, wanted, found, system.now_ms())
    client = connected_client(settings, "stream-pool-replay")
    producer = await _producer(client, found)
    try:
        with progress(sys.stderr, "replaying", "records") as tell, stopping.by(task.cancel):
            summary = await Replay(capture, plan, producer, system, tell).run()
    finally:
        await _stopped(producer)
    return summary, found


async def _producer(client: KafkaClient, found: Found) -> Any:
    """A started producer; the embedded broker knows none that are idempotent."""
    try:
        try:
            return await client.batch_producer("records", batch_bytes=found.batch_bytes)
        except UnknownError:
            print(
                "stream-pool: this broker knows no idempotent producers: a retry may write a record twice",
                file=sys.stderr,
            )
            return await client.batch_producer("records", batch_bytes=found.batch_bytes, idempotent=False)
    except KafkaError as error:
        raise BrokerUnavailable(f"no producer could be started: {error!r}") from error


async def look_at(capture: Capture, wanted: Wanted, settings: Settings, surveyed: Survey | None) -> Found:
    """What the target is. Raises `ReplayRefused` where it is none, `TopicMissing`."""
    client = connected_client(settings, "stream-pool-replay")
    async with client.admin(timeout_s=settings.connect_timeout_s) as admin:
        cluster = await admin.cluster_id()
        target = Target(cluster, settings.bootstrap_servers, wanted.topic, 0)
        refused = refusal(target, capture.header.cluster, allowed_clusters(settings.replay_allow))
        if refused is not None and not wanted.mean_production:
            raise ReplayRefused(f"{refused}. --i-mean-production replays to it all the same")
        count = (await admin.partition_counts([wanted.topic])).get(wanted.topic)
        if count is None:
            raise TopicMissing(f"{not_found(wanted.topic)}; replay creates none")
        config = await _config(admin, wanted.topic)
    warnings = [] if refused is None else [f"{refused}: replayed to all the same"]
    captured: Collection[int] = capture.header.partitions if surveyed is None else surveyed.begins
    placement = Placement(captured, count, capture.header.partition_count)
    if not placement.is_kept:
        warnings.append(
            f"{wanted.topic!r} has {count} partitions, and the captured topic had {placement.captured}: "
            "records go by key"
        )
    first_ms = _first_ms(capture) if wanted.times is Times.KEEP else None
    if (warning := retention_warning(config, first_ms, time.time_ns() // 1_000_000)) is not None:
        warnings.append(warning)
    limit = config.get("max.message.bytes")
    batch_bytes = CAUTIOUS_BATCH_BYTES if limit is None else min(int(limit), BATCH_BYTES)
    return Found(
        Target(cluster, settings.bootstrap_servers, wanted.topic, count), placement, batch_bytes, warnings
    )


async def _config(admin: "Admin", topic: str) -> dict[str, str]:
    """The topic's configuration, where this user may read it."""
    try:
        return dict((await admin.describe([topic]))[topic].config)
    except (AccessDenied, KeyError):
        return {}


def _plan(capture: Capture, wanted: Wanted, found: Found, now_ms: int) -> Plan:
    state_file = wanted.state_file or state_path(wanted.file, wanted.topic)
    state = ReplayState(
        capture=capture_digest(wanted.file),
        cluster=found.target.cluster or ",".join(found.target.servers),
        topic=wanted.topic,
        only=wanted.only.texts(),
        times=str(wanted.times),
        began_ms=now_ms,
    )
    state = begun(state_file, state, resume=wanted.resume, restart=wanted.restart)
    return Plan(
        topic=wanted.topic,
        placement=found.placement,
        pace=wanted.pace,
        only=wanted.only,
        times=wanted.times,
        loops=wanted.loops,
        state=state,
        state_file=state_file,
    )


def _first_ms(capture: Capture) -> int | None:
    first = next((each for each in capture if each.topic == capture.header.topic), None)
    return None if first is None or first.record.timestamp_ms < 0 else first.record.timestamp_ms


async def _stopped(producer: Any) -> None:
    with suppress(TimeoutError):  # what it still had was not acknowledged, and counts as such
        await asyncio.wait_for(producer.stop(), _STOP_TIMEOUT_S)
