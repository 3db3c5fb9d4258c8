"""A fault that lasts: told when it begins, then at most once a minute, never once an attempt.

What is tried again every second or by every record would otherwise write a line each time, for as long as a
topic is away.
"""

from typing import Any

import structlog

from stream_pool.clock import Clock

log = structlog.get_logger(__name__)

_TOLD_EVERY_S = 60.0


class Trouble:
    """One thing that may fail again and again. `what` is the line's text, `labels` stand in every line."""

    def __init__(self, what: str, clock: Clock, **labels: Any) -> None:
        self._what = what
        self._clock = clock
        self._labels = labels
        self._told_at_s: float | None = None
        self._untold = 0
        self._lasts = False

    def met(self, error: BaseException) -> None:
        """It failed, once more."""
        now_s = self._clock.monotonic()
        if self._told_at_s is not None and now_s - self._told_at_s < _TOLD_EVERY_S:
            self._untold += 1
            return
        log.warning(self._what, **self._labels, error=repr(error), untold=self._untold)
        self._told_at_s, self._untold, self._lasts = now_s, 0, True

    def over(self) -> None:
        """It went well: said once where the trouble was told."""
        if self._lasts:
            log.info(f"no longer: {self._what}", **self._labels, untold=self._untold)
            self._lasts = False
