"""The fold's clock: the running maximum of the log's own timestamps, as far as they can be believed.

Where the log stamps its records itself (LogAppendTime) every record moves the clock. Where each writer stamps
its own (CreateTime) only ticks do: a worker's clock gives durations, never order, and its observations from
the future or the distant past move nothing. The detector's clock then is the log's. Of its ticks one that is
more than `LEAP_MS` ahead is believed only when the next goes on from there: after a long silence that costs a
window, where otherwise one slip of a clock would hold every judgement up until its time comes. A clock that
stays ahead is believed; there is no way to tell.

Before its first tick a log without times of its own stands at 0.
"""

from dataclasses import dataclass

from stream_pool.events import ClockTicked, LoggedEvent

LEAP_MS = 3_600_000
CREATE_TIME = 0


@dataclass(slots=True)
class LogClock:
    """`now_ms` is Unix epoch; `leapt_ms` the time of a tick that is not believed yet."""

    now_ms: int = 0
    leapt_ms: int | None = None

    def see(self, logged: LoggedEvent) -> None:
        """Moves on, where the record moves the clock; it never goes back."""
        if logged.timestamp_ms > self.now_ms and (
            logged.timestamp_type != CREATE_TIME or self._is_believed(logged)
        ):
            self.now_ms = logged.timestamp_ms
            self.leapt_ms = None

    def _is_believed(self, logged: LoggedEvent) -> bool:
        if not isinstance(logged.event, ClockTicked):
            return False
        at_ms = logged.timestamp_ms
        leaps = self.now_ms > 0 and at_ms > self.now_ms + LEAP_MS
        confirms = self.leapt_ms is not None and at_ms > self.leapt_ms
        if leaps and not confirms:
            self.leapt_ms = at_ms
        return confirms or not leaps
