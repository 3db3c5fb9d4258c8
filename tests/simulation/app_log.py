"""What apps log while they are simulated, kept apart: lines to read afterwards, and the errors in them."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from stream_pool.testing.loop import WORKER


@contextmanager
def caught_logs(line: Callable[[str], None], error: Callable[[str, BaseException], None]) -> Iterator[None]:
    """Within it nothing is written; `line` gets each entry, `error` the exception that one was about.

    An exception that somebody logs and then forgets is often the only trace of a fault. What goes through
    Python's own `logging` (Faust's words) is dropped.
    """

    def catch(_logger: Any, level: str, event: MutableMapping[str, Any]) -> Any:
        found = sys.exc_info()[1] if event.get("exc_info") else None
        if found is not None:
            error(str(event["event"]), found)
        fields = ", ".join(f"{name}={value}" for name, value in event.items() if name != "event")
        line(f"{_now_s():9.3f} {WORKER.get()} {level}: {event['event']} {fields}")
        raise structlog.DropEvent

    before = structlog.get_config()
    disabled = logging.root.manager.disable
    structlog.configure(processors=[catch], cache_logger_on_first_use=False)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        structlog.configure(**before)


def _now_s() -> float:
    loop = asyncio._get_running_loop()
    return loop.time() if loop is not None else 0.0
