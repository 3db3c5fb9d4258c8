"""Which offsets of a captured topic have no record, and why, as far as a capture tells.

Some were gone before they could be captured: its `lost` lines tell. Others never held a record that anybody
could read: compaction took it, or it is a transaction's marker. A capture that was stopped early ends before
its ranges do, which is neither; where the file is damaged or reading ended, only what was read counts. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stream_pool.incident.capture_file import Capture


@dataclass(frozen=True, slots=True)
class Missing:
    """Offsets that were `lost`, and that are `empty`; `is_whole`: whether the capture has all that it was
    asked for (None: nobody can know)."""

    lost: int = 0
    empty: int = 0
    is_whole: bool | None = None

    def lines(self) -> Iterator[str]:
        """In words, where something is missing."""
        if self.lost:
            yield f"  missing    {self.lost:,} offsets were gone before they could be captured"
        if self.empty:
            yield f"  missing    {self.empty:,} offsets hold no record: compaction, markers of transactions"
        if self.is_whole is False:
            yield "  missing    what came behind it: capturing was stopped before its end"

    def to_json(self) -> dict[str, Any]:
        """As members of an object."""
        return {"missing": {"lost": self.lost, "empty": self.empty}, "whole": self.is_whole}


class Gaps:
    """Takes the records of one iteration over a capture, those of its own topic, in its order."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._ranges = capture.header.partitions
        self._next = {partition: begin for partition, (begin, _) in self._ranges.items()}
        self._gone = 0

    def take(self, partition: int, offset: int) -> None:
        """The next record of a partition."""
        expected = self._next.get(partition, offset)
        if offset > expected:
            self._gone += offset - expected
        if offset >= expected:
            self._next[partition] = offset + 1

    def missing(self) -> Missing:
        """What is missing among what was read; behind the last record, too, where all was read."""
        capture, gone = self._capture, self._gone
        if capture.is_whole:
            gone += sum(max(0, end - self._next[partition]) for partition, (_, end) in self._ranges.items())
        lost = known = 0
        for each in capture.lost:
            if each.topic == capture.header.topic:
                lost += each.stop - each.start
                if capture.is_whole or self._next.get(each.partition, 0) >= each.stop:
                    known += each.stop - each.start
        return Missing(lost, max(0, gone - known), capture.is_whole)
