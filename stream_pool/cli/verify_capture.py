"""`stream-pool verify` of a capture: whether the file is what was written, and its event log follows.

Nothing follows from traffic; but a capture taken with `--events` has its group's log from the beginning, or
from as far back as the topic went.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_pool.cli import render_verify
from stream_pool.cli.damage import damage_json
from stream_pool.cli.progress import Tell
from stream_pool.detection.snapshots_kept import SnapshotsKept
from stream_pool.detection.verdict import Difference, UnknownFold
from stream_pool.detection.verification import Verifier
from stream_pool.errors import ExitCode, MisuseError
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CaptureUnreadable
from stream_pool.incident.gaps import Gaps, Missing

_TELL_EVERY = 500


@dataclass(frozen=True, slots=True)
class Proved:
    """A capture, read to its end or its `damage`: before it stand `records` of its topic, and `others`.

    `log` is the verdict on its group's event log, None where it was captured without one.
    """

    source: str
    topic: str
    records: int
    others: int
    missing: Missing
    damage: CaptureDamaged | None
    log: render_verify.Outcome | None

    @property
    def verdict(self) -> str:
        return "intact" if self.damage is None else "damaged"

    @property
    def exit_code(self) -> ExitCode:
        log = None if self.log is None else self.log.verdict
        if self.damage is not None or isinstance(log, Difference):
            return ExitCode.FINDING
        return ExitCode.MISUSE if isinstance(log, UnknownFold) else ExitCode.OK


def capture_at(path: Path) -> Capture | None:
    """The capture at `path`; None where there is none. Raises `MisuseError` where it is what kcat wrote."""
    try:
        capture = Capture(path)
    except CaptureUnreadable:
        return None
    if capture.is_kcat:
        raise MisuseError(f"{path} is what kcat wrote: its lines have no sum that they could be held against")
    return capture


def prove(capture: Capture, tell: Tell) -> Proved:
    """Hold every byte of it against its last line, and fold its event log."""
    topic, gaps = capture.header.topic, Gaps(capture)
    group, snapshots = capture.header.group, SnapshotsKept()
    records = others = 0
    damage = None
    try:
        for number, each in enumerate(capture, 1):
            if each.topic == topic:
                records += 1
                gaps.take(each.partition, each.record.offset)
            else:
                others += 1
                if group is not None and each.topic == f"{group}.snapshots":
                    snapshots.take(each.record)
            if number % _TELL_EVERY == 0:
                tell(capture.read_bytes, capture.size_bytes, number)
    except CaptureDamaged as error:
        damage = error
    missing = gaps.missing()
    log = None
    if group is not None and f"{group}.events" in capture.header.others:
        log = _folded(capture, group, snapshots, tell)
    return Proved(str(capture.path), topic, records, others, missing, damage, log)


def _folded(capture: Capture, group: str, snapshots: SnapshotsKept, tell: Tell) -> render_verify.Outcome:
    """The verdict on the log of `group`, as far as the capture can be read; behind what it lost of it."""
    name = f"{group}.events"
    source = f"{name} in {capture.path}"
    begin = max((lost.stop for lost in capture.lost if lost.topic == name), default=0)
    verifier = Verifier(group, snapshots.whole, snapshots.damaged, snapshots.strays)
    try:
        for number, each in enumerate(capture, 1):
            is_of_log = each.topic == name and each.record.offset >= begin
            if is_of_log and (found := verifier.take(each.record)) is not None:
                return render_verify.Outcome(source, found)
            if number % _TELL_EVERY == 0:
                tell(capture.read_bytes, capture.size_bytes, number)
    except CaptureDamaged:  # it is told already
        return render_verify.Outcome(source, verifier.so_far())
    return render_verify.Outcome(source, verifier.finish())


def to_json(proved: Proved) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "source": proved.source,
        "verdict": proved.verdict,
        "topic": proved.topic,
        "records": proved.records,
        "other_topics": proved.others,
        **proved.missing.to_json(),
        "damage": damage_json(proved.damage),
        "log": None if proved.log is None else render_verify.to_json(proved.log),
    }


def to_text(proved: Proved) -> str:
    """The lines that the command prints."""
    head = f"intact: {proved.source}, every byte is as it was written"
    if proved.damage is not None:
        head = f"damaged: {proved.source}, {proved.damage}"
    lines = [
        head,
        f"  a capture of {proved.topic}: {proved.records:,} records, {proved.others:,} of other topics",
    ]
    lines += proved.missing.lines()
    if proved.log is None:
        return "\n".join([*lines, "  it is traffic, and no event log: no conclusion in it is verified"])
    return "\n".join([*lines, f"its event log, {proved.log.source}:", render_verify.to_text(proved.log)])
