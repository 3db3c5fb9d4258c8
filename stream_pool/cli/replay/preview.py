"""`stream-pool replay FILE --dry-run`: what would be sent, where, and how long it would take."""

import asyncio
import sys
from typing import Any

from stream_pool.cli.damage import damage_json
from stream_pool.cli.progress import progress
from stream_pool.cli.replay.to_broker import Wanted, look_at
from stream_pool.incident.capture_file import Capture, CaptureDamaged, capture_by_time
from stream_pool.incident.gaps import Missing
from stream_pool.incident.pace import Schedule
from stream_pool.incident.survey import survey
from stream_pool.settings import Settings
from stream_pool.words import duration, size


def preview(wanted: Wanted, settings: Settings | None) -> dict[str, Any]:
    """What a replay would do, as an object; with settings, the target is looked at, and nothing written."""
    capture = capture_by_time(wanted.file)
    with progress(sys.stderr, "reading", "records") as tell:
        found = survey(capture, wanted.only, tell)
    took_s = _duration_s(capture, wanted)
    told: dict[str, Any] = {
        "records": found.records * wanted.loops,
        "bytes": found.bytes * wanted.loops,
        "left_out": found.left_out,
        "other_topics": found.others,
        **found.missing.to_json(),
        "span_s": found.span_s,
        "takes_s": None if wanted.pace.speed is None and wanted.pace.rate is None else round(took_s, 3),
        "damage": damage_json(found.damage),
    }
    if settings is None:
        return told
    target = asyncio.run(look_at(capture, wanted, settings, found))
    return told | {
        "cluster": target.target.cluster,
        "partition_count": target.target.partitions,
        "partitions_kept": target.placement.is_kept,
        "warnings": target.warnings,
    }


def to_text(wanted: Wanted, told: dict[str, Any]) -> str:
    """The lines that the command prints."""
    takes = "as fast as it goes" if told["takes_s"] is None else f"in {duration(told['takes_s'])}"
    lines = [
        f"would send {told['records']:,} records ({size(told['bytes'])}) of {duration(told['span_s'])},"
        f" {takes}; {told['left_out']:,} are not chosen, {told['other_topics']:,} are of other topics"
    ]
    lines += Missing(**told["missing"], is_whole=told["whole"]).lines()
    if "cluster" in told:
        how = "to their own" if told["partitions_kept"] else "by key"
        lines.append(
            f"to cluster {told['cluster']}, topic {wanted.topic} of {told['partition_count']} partitions,"
            f" {how}"
        )
        lines += told["warnings"]
    if (damage := told["damage"]) is not None:
        lines.append(
            f"damaged: {wanted.file}, line {damage['line']}: {damage['problem']};"
            " what stands before it would be sent"
        )
    return "\n".join(lines)


def _duration_s(capture: Capture, wanted: Wanted) -> float:
    """How long the replay would take at its pace."""
    schedule = Schedule(wanted.pace)
    due_s = 0.0
    for turn in range(wanted.loops):
        if turn:
            schedule.next_pass()
        try:
            for each in capture:
                if each.topic == capture.header.topic and wanted.only.takes(each.partition, each.record):
                    due_s = schedule.due_s(each.record.timestamp_ms)
        except CaptureDamaged:
            break
    return due_s
