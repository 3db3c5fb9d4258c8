"""Waiting for what others do: by asking again until it is so, never by a sleep of a guessed length."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

AGAIN_S = 0.02
PATIENCE_S = 30.0


async def until(
    holds: Callable[[], Any], what: str | Callable[[], str], timeout_s: float = PATIENCE_S
) -> Any:
    """The first true value of `holds`, sync or async. Fails with `what` after `timeout_s`."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        value = holds()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(AGAIN_S)
