"""Keeps a library from saying the same thing over and over.

A client without a broker, or whose topic is gone, writes a line for each of its own attempts, ten and more a
second, for as long as that lasts.
"""

import logging
import time
from collections.abc import Callable, Sequence

_OFTEN = 3
_SPAN_S = 60.0
_KINDS_MAX = 500


class RepeatedLines(logging.Filter):
    """Lets each kind of line of the loggers `names` through three times a minute, and counts the rest.

    A kind is a message before its arguments are filled in.
    """

    def __init__(self, names: Sequence[str], now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._names = tuple(names)
        self._now_s = now_s
        self._kinds: dict[tuple[str, str], list[float]] = {}
        self._withheld: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._names):
            return True
        kind = (record.name, str(record.msg))
        if len(self._kinds) >= _KINDS_MAX and kind not in self._kinds:
            self._kinds.clear()
            self._withheld.clear()
        now_s = self._now_s()
        told = self._kinds[kind] = [at_s for at_s in self._kinds.get(kind, ()) if now_s - at_s < _SPAN_S]
        if len(told) >= _OFTEN:
            self._withheld[kind] = self._withheld.get(kind, 0) + 1
            return False
        told.append(now_s)
        if withheld := self._withheld.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} (and {withheld} more like it before)", ()
        return True
