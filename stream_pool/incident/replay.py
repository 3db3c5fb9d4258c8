"""Puts the records of a capture back on a topic: in order, at their pace, each once at least.

The order within a partition is the capture's always; across partitions records go when they are due. What is
behind schedule goes at once, and how late it was is told. Bytes are not touched: key, value and headers are
the capture's, behind which one header more tells where the record stood (`stream-pool.replay: orders-3@17`).

Memory is bounded by the lanes' batches: reading waits for the topic. The state file is written once a second,
after acknowledgement, and when it ends, however it ends.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stream_pool.clock import Clock
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CapturedRecord
from stream_pool.incident.gaps import Gaps, Missing
from stream_pool.incident.lanes import BatchProducer, Lanes, SendFailed
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace, Schedule, Stamps, Times
from stream_pool.incident.replay_guard import Placement
from stream_pool.incident.replay_state import ReplayState, write_state
from stream_pool.incident.timing import Timing

REPLAY_HEADER: Final = "stream-pool.replay"
"""Marks a record that was replayed; its value is `TOPIC-PARTITION@OFFSET` of the captured one."""

_SAVE_EVERY_S = 1.0
_HAND_OVER_EVERY = 256
_FLUSH_TIMEOUT_S = 60.0
_LAST_FLUSH_TIMEOUT_S = 10.0

Watch = Callable[[int, int, int], None]
"""Told how many bytes of the file are read, of how many, and how many records are on their way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replayed, and how. `state_file` None keeps no state."""

    topic: str
    placement: Placement
    pace: Pace
    only: Only
    times: Times
    loops: int
    state: ReplayState
    state_file: Path | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a replay.

    `acknowledged` records are on the topic with all before them, `before` of which an earlier run had sent;
    `sent` were sent by this one, some of which may not be acknowledged. `late` is how long after its moment a
    record was handed over; it is empty where none had a moment. `missing` is what the capture has no record
    of, as far as it was read. It came to its end, or one of `damage`, `failure` and `interrupted` says why
    not.
    """

    acknowledged: int
    before: int
    sent: int
    bytes: int
    left_out: int
    others: int
    took_s: float
    late: Timing
    damage: CaptureDamaged | None
    failure: SendFailed | None
    interrupted: bool
    missing: Missing = field(default_factory=Missing)

    @property
    def is_complete(self) -> bool:
        return self.damage is None and self.failure is None and not self.interrupted


class Replay:
    """One run over a capture. `run` can be cancelled, and returns what was done until then."""

    def __init__(
        self, capture: Capture, plan: Plan, producer: BatchProducer, clock: Clock, watch: Watch
    ) -> None:
        self._capture = capture
        self._plan = plan
        self._clock = clock
        self._watch = watch
        self._lanes = Lanes(producer, plan.topic)
        self._schedule = Schedule(plan.pace)
        self._stamps = Stamps(plan.times, self._schedule, clock.now_ms())
        self._late = Timing()
        self._gaps = Gaps(capture)
        self._missing: Missing | None = None
        self._number = 0
        self._sent = 0
        self._bytes = 0
        self._left_out = 0
        self._others = 0
        self._began_s = 0.0
        self._save_at_s = 0.0

    async def run(self) -> Summary:
        """Replay it. Raises `MisuseError` where the state cannot be written."""
        self._began_s = self._clock.monotonic()
        damage: CaptureDamaged | None = None
        failure: SendFailed | None = None
        interrupted = False
        self._save()
        try:
            try:
                await self._send_all()
            except CaptureDamaged as error:
                damage = error
            async with asyncio.timeout(_FLUSH_TIMEOUT_S):
                await self._lanes.flush()
        except SendFailed as error:
            failure = error
        except TimeoutError as error:
            failure = SendFailed(error, "the last ones", 0)
        except asyncio.CancelledError:
            interrupted = True
            await self._flush_last()
        finally:
            await self._lanes.close()
        summary = Summary(
            acknowledged=max(self._lanes.acknowledged(self._number), self._plan.state.acknowledged),
            before=self._plan.state.acknowledged,
            sent=self._sent,
            bytes=self._bytes,
            left_out=self._left_out,
            others=self._others,
            took_s=self._clock.monotonic() - self._began_s,
            late=self._late,
            damage=damage,
            failure=failure,
            interrupted=interrupted,
            missing=self._missing or self._gaps.missing(),
        )
        self._save()
        if summary.is_complete and self._plan.state_file is not None:
            self._plan.state_file.unlink(missing_ok=True)
        return summary

    async def _send_all(self) -> None:
        topic, only = self._capture.header.topic, self._plan.only
        for turn in range(self._plan.loops):
            if turn:
                self._schedule.next_pass()
            for captured in self._capture:
                if not turn and captured.topic == topic:
                    self._gaps.take(captured.partition, captured.record.offset)
                if captured.topic != topic:
                    self._others += 1
                elif not only.takes(captured.partition, captured.record):
                    self._left_out += 1
                elif self._number < self._plan.state.acknowledged:
                    self._number += 1
                else:
                    await self._send(captured)
                if (self._number + self._left_out + self._others) % _HAND_OVER_EVERY == 0:
                    await self._look_up()
            if not turn:
                self._missing = self._gaps.missing()

    async def _send(self, captured: CapturedRecord) -> None:
        record = captured.record
        due_s = self._began_s + self._schedule.due_s(record.timestamp_ms)
        now_s = self._clock.monotonic()
        while due_s > now_s:  # in steps: a long gap is no reason not to see that the broker failed
            await asyncio.sleep(min(due_s - now_s, _SAVE_EVERY_S))
            now_s = self._clock.monotonic()
            if self._lanes.failure is not None:
                raise self._lanes.failure
            if now_s >= self._save_at_s:
                await self._look_up()
                now_s = self._clock.monotonic()
        if self._plan.pace.speed is not None or self._plan.pace.rate is not None:
            self._late.add(max(0.0, now_s - due_s))
        place = f"{captured.topic}-{captured.partition}@{record.offset}"
        await self._lanes.put(
            self._plan.placement.of(captured.partition, record.key),
            self._number,
            place,
            self._stamps.of(record.timestamp_ms, self._clock.now_ms()),
            record.key,
            record.value,
            [*record.headers, (REPLAY_HEADER, place.encode())],
        )
        self._number += 1
        self._sent += 1
        self._bytes += len(record.key or b"") + len(record.value or b"")

    async def _look_up(self) -> None:
        """Let others run, say how far it is, and keep that."""
        await asyncio.sleep(0)
        self._watch(self._capture.read_bytes, self._capture.size_bytes, self._number)
        if self._clock.monotonic() >= self._save_at_s:
            self._save()

    def _save(self) -> None:
        self._save_at_s = self._clock.monotonic() + _SAVE_EVERY_S
        plan = self._plan
        if plan.state_file is not None:
            acknowledged = max(self._lanes.acknowledged(self._number), plan.state.acknowledged)
            write_state(plan.state_file, plan.state.with_acknowledged(acknowledged))

    async def _flush_last(self) -> None:
        """What is under way when it was interrupted has a while to be acknowledged."""
        try:
            async with asyncio.timeout(_LAST_FLUSH_TIMEOUT_S):
                await self._lanes.flush()
        except (TimeoutError, SendFailed):
            pass  # it counts as not acknowledged, and is sent again
