"""Faust's timers on the time of the loop that runs them.

The idea: `mode` gives its timers `perf_counter` as the default of a keyword, to see how late they are; on
virtual time they would find themselves far off and correct for it. While `virtual_time` is entered, the
default is the running loop's own time, which is also right for a loop of the usual kind.

Limits: crontabs and windowed tables go on taking the machine's time of day. The default belongs to the class:
every app in the process is changed for that while.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from mode.services import Service
from mode.timers import Timer


@contextmanager
def virtual_time() -> Iterator[None]:
    """Within it, timers of Faust and mode keep to the time of the running loop."""
    functions: tuple[Any, ...] = (Timer.__init__, Service.itertimer)
    defaults: list[dict[str, Any]] = [function.__kwdefaults__ for function in functions]
    before = [default["clock"] for default in defaults]
    for default in defaults:
        default["clock"] = _loop_time
    try:
        yield
    finally:
        for default, clock in zip(defaults, before, strict=True):
            default["clock"] = clock


def _loop_time() -> float:
    loop = asyncio._get_running_loop()
    return perf_counter() if loop is None else loop.time()
