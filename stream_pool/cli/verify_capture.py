"""`stream-pool verify` of a capture: whether the file is what was written. Nothing follows from traffic."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_pool.cli.damage import damage_json
from stream_pool.cli.progress import Tell
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CaptureUnreadable
from stream_pool.incident.gaps import Gaps, Missing

_TELL_EVERY = 500


@dataclass(frozen=True, slots=True)
class Proved:
    """A capture, read to its end or its `damage`: before it stand `records` of its topic, and `others`."""

    source: str
    topic: str
    records: int
    others: int
    missing: Missing
    damage: CaptureDamaged | None

    @property
    def verdict(self) -> str:
        return "intact" if self.damage is None else "damaged"


def capture_at(path: Path) -> Capture | None:
    """The capture at `path`; None where there is none with a sum, as kcat's has none."""
    try:
        capture = Capture(path)
    except CaptureUnreadable:
        return None
    return None if capture.is_kcat else capture


def prove(capture: Capture, tell: Tell) -> Proved:
    """Hold every byte of it against its last line."""
    topic, gaps = capture.header.topic, Gaps(capture)
    records = others = 0
    damage = None
    try:
        for number, each in enumerate(capture, 1):
            if each.topic == topic:
                records += 1
                gaps.take(each.partition, each.record.offset)
            else:
                others += 1
            if number % _TELL_EVERY == 0:
                tell(capture.read_bytes, capture.size_bytes, number)
    except CaptureDamaged as error:
        damage = error
    return Proved(str(capture.path), topic, records, others, gaps.missing(), damage)


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
    return "\n".join([*lines, "  it is traffic, and no event log: no conclusion in it is verified"])
