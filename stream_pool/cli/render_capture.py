"""What a capture came to, as lines for a person and as one object for a program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stream_pool.incident.capture import Captured, redacted
from stream_pool.incident.json_bytes import text_or_base64
from stream_pool.incident.redaction import Redactor
from stream_pool.settings import variable
from stream_pool.stream.offsets import Record


@dataclass(frozen=True, slots=True)
class Outcome:
    """A capture, and what redacted it; `goes_on`: whether another run could go on with the file."""

    captured: Captured
    redactor: Redactor | None
    goes_on: bool = True


def to_text(outcome: Outcome) -> str:
    """The lines that the command prints."""
    captured = outcome.captured
    lines = [
        f"captured {captured.records:,} records of {captured.header.topic} in {captured.took_s:.1f} s: "
        f"{captured.path}, {captured.size_bytes:,} bytes"
    ]
    if captured.already:
        lines.append(f"  {captured.already:,} were there already")
    for topic, ranges in (
        (captured.header.topic, captured.header.partitions),
        *captured.header.others.items(),
    ):
        lines += [
            f"  {topic}-{partition}: offsets {start:,} to {stop - 1:,}"
            if start < stop
            else f"  {topic}-{partition}: nothing"
            for partition, (start, stop) in sorted(ranges.items())
        ]
    lines += [
        f"  lost: {lost.topic}-{lost.partition}, offsets {lost.start:,} to {lost.stop - 1:,}: {lost.why}"
        for lost in captured.lost
    ]
    if outcome.redactor is not None:
        lines += [
            f"  redacted: {rule}: {count:,} times" for rule, count in _matches(outcome.redactor).items()
        ]
        if outcome.redactor.unreadable:
            lines.append(f"  redacted whole, being no JSON: {outcome.redactor.unreadable:,} values")
    if not captured.is_whole:
        on = "the same command with --resume goes on" if outcome.goes_on else made_up_salt()
        lines.append(f"stopped before the end: {on}")
    return "\n".join(lines)


def made_up_salt() -> str:
    """Why nothing goes on with a capture, and what would have helped."""
    return (
        "--resume cannot go on, since the salt of its redaction was made for it and is forgotten; "
        f"under {variable('redaction_salt')} it could"
    )


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The object that `--json` prints."""
    captured, header = outcome.captured, outcome.captured.header
    return {
        "out": str(captured.path),
        "cluster": header.cluster,
        "topic": header.topic,
        "partitions": header.partitions,
        "partition_count": header.partition_count,
        "others": header.others,
        "records": captured.records,
        "before": captured.already,
        "whole": captured.is_whole,
        "lost": [
            {
                "topic": lost.topic,
                "partition": lost.partition,
                "from": lost.start,
                "to": lost.stop,
                "why": lost.why,
            }
            for lost in captured.lost
        ],
        "file_bytes": captured.size_bytes,
        "took_s": round(captured.took_s, 3),
        "records_per_second": round(captured.records / captured.took_s, 1) if captured.took_s else None,
        "redaction": None if outcome.redactor is None else _redaction(outcome.redactor),
    }


def warnings(outcome: Outcome) -> Iterator[str]:
    """What a person should look at although nothing failed."""
    redactor, captured = outcome.redactor, outcome.captured
    if captured.is_whole and not (captured.records or captured.already):
        yield "warning: no record: the topic has none there"
    if redactor is not None and captured.records:
        for rule in redactor.idle:
            yield f"warning: {rule.text}: this rule matched nothing"


def preview_text(records: Sequence[Record], redactor: Redactor) -> str:
    """Each record before and after redaction."""
    lines: list[str] = []
    for before, after in _pairs(records, redactor):
        lines.append(f"{before['topic']}-{before['partition']}, offset {before['offset']}")
        for member in ("key", "headers", "value"):
            if before[member] == after[member]:
                lines.append(f"  {member}: {_shown(before[member])}")
            else:
                lines += [
                    f"  {member} before: {_shown(before[member])}",
                    f"  {member} after:  {_shown(after[member])}",
                ]
    lines += [f"{rule}: {count:,} times" for rule, count in _matches(redactor).items()]
    return "\n".join(lines)


def preview_json(records: Sequence[Record], redactor: Redactor) -> dict[str, Any]:
    """The object that `--preview --json` prints."""
    pairs = [{"before": before, "after": after} for before, after in _pairs(records, redactor)]
    return {"records": pairs, "redaction": _redaction(redactor)}


def _pairs(records: Sequence[Record], redactor: Redactor) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for record in records:
        yield _told(record), _told(redacted(record, redactor))


def _told(record: Record) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": text_or_base64(record.key),
        "headers": [[name, text_or_base64(content)] for name, content in record.headers],
        "value": text_or_base64(record.value),
    }


def _shown(told: Any) -> str:
    return told if isinstance(told, str) else repr(told)


def _redaction(redactor: Redactor) -> dict[str, Any]:
    return {
        "rules": _matches(redactor),
        "matched_nothing": [rule.text for rule in redactor.idle],
        "unreadable": redactor.unreadable,
    }


def _matches(redactor: Redactor) -> dict[str, int]:
    return {rule.text: count for rule, count in zip(redactor.rules, redactor.matches, strict=True)}
