"""What the apps of the tests have in common: their names from the environment, and orders that are orders.

A member `do` of an order tells its handler what to do with it:

    raise        fail, every time
    raise_once   fail the first time in this process
    reject       return `Rejected("unknown_sku")`
    hold         wait until the test opens its gate, with the event loop free (async) or blocked (sync)
    stick        never come back, but be cancellable; a sync handler blocks

Every call is noted in the ledger as `tried`, a wait as `began`, and what was done as `handled`. `pause_s`,
an option, is how long each order takes.
"""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from stream_pool import App, Order, Rejected

GROUP = os.environ["TEST_GROUP"]
TOPICS = os.environ["TEST_TOPICS"].split(",")

_WORKER = os.environ["TEST_WORKER"]
_GATE = Path(os.environ["TEST_GATE"])
_LEDGER = os.open(os.environ["TEST_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_TOLD = os.open(os.environ["TEST_TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_AGAIN_S = 0.01

_PAUSE_S = float(os.environ.get("TEST_PAUSE_S", "0"))

_tries: Counter[tuple[str, int, int]] = Counter()


class OrderFailed(Exception):
    """What a handler raises when its order says so."""


def option(name: str, default: str) -> str:
    """An option that the test gave to this app."""
    return os.environ.get(f"TEST_{name.upper()}", default)


def make_app(**options: Any) -> App:
    """The app, in the test's group."""
    return App(GROUP, **options)


def note(order: Order, what: str = "handled") -> None:
    """Append a line to the ledger."""
    os.write(_LEDGER, f"{_WORKER} {what} {order.topic} {order.partition} {order.offset}\n".encode())


async def carry_out(order: Order) -> Rejected | None:
    """What an async handler does."""
    told = _begin(order)
    while _waits(told):  # noqa: ASYNC110  # the gate is a file: it is another process that opens it
        await asyncio.sleep(_AGAIN_S)
    if _PAUSE_S:
        await asyncio.sleep(_PAUSE_S)
    return _end(order, told)


def carry_out_blocking(order: Order) -> Rejected | None:
    """What a sync handler does."""
    told = _begin(order)
    while _waits(told):
        time.sleep(_AGAIN_S)
    time.sleep(_PAUSE_S)
    return _end(order, told)


def _begin(order: Order) -> str:
    note(order, "tried")
    told: str = order.document.get("do", "")
    place = (order.topic, order.partition, order.offset)
    _tries[place] += 1
    if told == "raise" or (told == "raise_once" and _tries[place] == 1):
        raise OrderFailed(f"order {order.offset} said so")
    if told in ("hold", "stick"):
        note(order, "began")
    return told


def _waits(told: str) -> bool:
    return told == "stick" or (told == "hold" and not _GATE.exists())


def _end(order: Order, told: str) -> Rejected | None:
    if told == "reject":
        return Rejected("unknown_sku")
    note(order)
    return None


def tell(**what: Any) -> None:
    """Append a JSON object to what the test can read as `lab.told()`."""
    os.write(_TOLD, orjson.dumps(what) + b"\n")
