"""The static rules: each looks at what a window left behind and says where every subject stands.

| rule | subject | value | limit |
|---|---|---|---|
| `lag` | topic | records behind, summed over the partitions where they are known | `lag_limit_records` |
| `partition_stop` and `_stall`, `_rewind`, `_warn` | topic/partition | records behind | the status |
| `error_ratio` | topic | errors a record | `error_ratio_limit` |
| `latency_p99` | topic | seconds from poll to done that 99 % of the records keep | `latency_p99_limit_s` |
| `memory` | worker | resident bytes | `memory_limit_bytes`, for `memory_for_s` |

Too few records to judge by are no breach, and count as clear: an anomaly must not stay open over a topic that
nobody writes to.
"""

from collections.abc import Collection, Iterator

from stream_pool.detection.alarm import Level, Reading
from stream_pool.detection.rules import Rules
from stream_pool.detection.state import State
from stream_pool.detection.views import WorkerView
from stream_pool.events import Scalar, Severity
from stream_pool.lag import PartitionState, Status
from stream_pool.signals import Slice


def readings(state: State, rules: Rules) -> list[Reading]:
    """Every rule's readings of the window that ends here, by rule and subject. Closes the window."""
    partitions = {
        key: known
        for key, view in state.partitions.items()
        if (known := view.history.state(state.clock_ms, rules.allowed_lag_records)) is not None
    }
    found = [*_lag(partitions, rules), *_statuses(partitions, state.alarms, rules)]
    for topic, view in state.topics.items():
        window = view.window.close()
        found += (_error_ratio(topic, window, rules), _latency(topic, window, rules))
    found += (_memory(worker, view, rules) for worker, view in state.workers.items())
    return sorted(found, key=lambda reading: (reading.rule, reading.subject))


def _level(value: float | None, limit: float, clear_ratio: float) -> Level:
    if value is None or value <= limit * clear_ratio:
        return Level.CLEAR
    return Level.BREACH if value > limit else Level.BETWEEN


def _lag(partitions: dict[tuple[str, int], PartitionState], rules: Rules) -> Iterator[Reading]:
    by_topic: dict[str, list[tuple[int, PartitionState]]] = {}
    for (topic, partition), known in partitions.items():
        if known.lag_records is not None:
            by_topic.setdefault(topic, []).append((partition, known))
    for topic, members in by_topic.items():
        value = sum(known.lag_records or 0 for _, known in members)
        worst, known = max(members, key=lambda member: (member[1].lag_records or 0, -member[0]))
        seconds = [known.lag_seconds for _, known in members if known.lag_seconds is not None]
        yield Reading(
            rule="lag",
            subject=topic,
            severity=rules.lag_severity,
            level=_level(value, rules.lag_limit_records, rules.clear_ratio),
            value=float(value),
            expected_high=float(rules.lag_limit_records),
            evidence={
                "partitions": len(members),
                "worst_partition": worst,
                "worst_lag_records": known.lag_records,
                "worst_committed_offset": known.committed_offset,
                "lag_seconds": max(seconds, default=None),
            },
        )


def _statuses(
    partitions: dict[tuple[str, int], PartitionState], alarms: Collection[tuple[str, str]], rules: Rules
) -> Iterator[Reading]:
    """Only statuses that hold, or that have an alarm to settle: most partitions are well most of the time."""
    severities: dict[Status, Severity] = {
        Status.STOP: rules.stop_severity,
        Status.STALL: rules.stall_severity,
        Status.REWIND: rules.rewind_severity,
        Status.WARN: rules.warn_severity,
    }
    for (topic, partition), known in partitions.items():
        is_slight = known.status is Status.WARN and (known.lag_records or 0) < rules.warn_min_lag_records
        for status, severity in severities.items():
            rule, subject = f"partition_{status.lower()}", f"{topic}/{partition}"
            holds = known.status is status and not is_slight
            if not holds and (rule, subject) not in alarms:
                continue
            yield Reading(
                rule=rule,
                subject=subject,
                severity=severity,
                level=Level.BREACH if holds else Level.CLEAR,
                value=None if known.lag_records is None else float(known.lag_records),
                expected_high=None,
                evidence={
                    "status": str(known.status),
                    "committed_offset": known.committed_offset,
                    "end_offset": known.end_offset,
                    "lag_seconds": known.lag_seconds,
                    "quiet": known.quiet,
                    "growing": known.growing,
                },
            )


def _error_ratio(topic: str, window: Slice, rules: Rules) -> Reading:
    value = window.error_ratio if window.records >= rules.min_records else None
    return Reading(
        rule="error_ratio",
        subject=topic,
        severity=rules.error_ratio_severity,
        level=_level(value, rules.error_ratio_limit, rules.clear_ratio),
        value=value,
        expected_high=rules.error_ratio_limit,
        evidence={
            "records": window.records,
            "errors": window.errors,
            "dead_letters": window.dead_letters,
            "retries": window.retries,
            "approximate": window.approximate,
            **_unobserved(window),
        },
    )


def _latency(topic: str, window: Slice, rules: Rules) -> Reading:
    value = window.latency.quantile(0.99) if window.latency.count >= rules.min_records else None
    return Reading(
        rule="latency_p99",
        subject=topic,
        severity=rules.latency_p99_severity,
        level=_level(value, rules.latency_p99_limit_s, rules.clear_ratio),
        value=value,
        expected_high=rules.latency_p99_limit_s,
        evidence={
            "records": window.latency.count,
            "max_s": window.latency.max_s,
            "approximate": window.approximate,
            **_unobserved(window),
        },
    )


def _unobserved(window: Slice) -> dict[str, Scalar]:
    """Positions that the window's reports left out, where there are any: so many records may be missing."""
    return {"unobserved": window.unobserved} if window.unobserved > 0 else {}


def _memory(worker: str, view: WorkerView, rules: Rules) -> Reading:
    level = _level(view.rss_bytes, rules.memory_limit_bytes, rules.clear_ratio)
    if level is Level.BREACH and view.over_for_s < rules.memory_for_s:
        level = Level.BETWEEN
    return Reading(
        rule="memory",
        subject=worker,
        severity=rules.memory_severity,
        level=level,
        value=float(view.rss_bytes),
        expected_high=float(rules.memory_limit_bytes),
        evidence={
            "incarnation": view.incarnation,
            "limit_bytes": view.limit_bytes,
            "over_for_s": view.over_for_s,
        },
    )
