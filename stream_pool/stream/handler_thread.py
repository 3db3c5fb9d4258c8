"""The thread of a handler that blocks: one for each agent, so that no other's work waits for it.

The limits: a call that is under way cannot be interrupted. Whoever waits for it may give up; the thread goes
on, and ends with the process at the latest.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from inspect import isawaitable
from typing import Any


class HandlerThread:
    """One thread, named `name`, begun with the first call."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def call(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Call there, with the caller's context variables, and wait.

        What turns out to be awaitable is awaited here: not awaited, it would count as done and never run.
        """
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._executor, copy_context().run, function, argument)
        return await result if isawaitable(result) else result

    def close(self) -> None:
        """Take no more calls, and block until the one under way is done."""
        self._executor.shutdown(wait=True, cancel_futures=True)
