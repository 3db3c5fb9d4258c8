"""The records of a capture for the in-memory log: when each is due, and at which offset it then stands.

Offsets are the capture's own, gaps included, as long as no record is left out and none comes again: a gap
that a choice makes would count as lag.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from stream_pool.errors import MisuseError
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CapturedRecord
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace, Schedule

LONGEST_GAP_S: Final = 86_400.0


class Traffic:
    """What is to be played, `loops` times; `begins` has the first offset of each partition.

    Iterating gives the moment in seconds after the first record's, the offset, and the record. It ends with
    the file, or where that is damaged, which `damage` then tells. Raises `MisuseError` where nothing would
    come for longer than a day.
    """

    def __init__(
        self, capture: Capture, pace: Pace, only: Only, begins: Mapping[int, int], loops: int = 1
    ) -> None:
        self.damage: CaptureDamaged | None = None
        self._capture = capture
        self._only = only
        self._loops = loops
        self._schedule = Schedule(pace)
        self._begins = begins
        self._ends = dict(begins)
        self._moved = dict.fromkeys(begins, 0)

    def __iter__(self) -> Iterator[tuple[float, int, CapturedRecord]]:
        try:
            for turn in range(self._loops):
                if turn:
                    self._schedule.next_pass()
                    self._moved = {number: end - self._begins[number] for number, end in self._ends.items()}
                yield from self._pass()
        except CaptureDamaged as damaged:
            self.damage = damaged

    def _pass(self) -> Iterator[tuple[float, int, CapturedRecord]]:
        topic = self._capture.header.topic
        due_s: float | None = None
        for captured in self._capture:
            number, record = captured.partition, captured.record
            if captured.topic != topic:
                continue
            if not self._only.takes(number, record):
                self._moved[number] -= 1
                continue
            before_s, due_s = due_s, self._schedule.due_s(record.timestamp_ms)
            if before_s is not None and due_s - before_s > LONGEST_GAP_S:
                raise MisuseError(
                    f"nothing comes for {due_s - before_s:,.0f} s before offset {record.offset} of partition "
                    f"{number}: --max-gap shortens that"
                )
            offset = max(record.offset + self._moved[number], self._ends[number])
            self._ends[number] = offset + 1
            yield due_s, offset, captured
