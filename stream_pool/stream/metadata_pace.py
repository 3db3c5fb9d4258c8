"""Keeps an aiokafka client from asking for metadata without a pause.

aiokafka's producer asks again as soon as it is answered while a partition that it has messages for has no
leader: where a topic was deleted, 2,600 requests and error lines a second, on half a core, until the messages
expire. Its consumer does the same while a topic that it subscribes to is gone. (Measured with aiokafka 0.14.)
"""

import asyncio
from typing import Any

LEAST_S = 0.1


def pace_metadata(client: Any, least_s: float = LEAST_S) -> None:
    """Let this `AIOKafkaClient` begin a refresh at once, and the next no sooner than `least_s` after.

    A consumer's is its `_client`: there is no other way to it, nor a setting that would do.
    """
    refresh = client.force_metadata_update
    next_at = 0.0
    waiting: asyncio.Future[Any] | None = None

    def paced() -> "asyncio.Future[Any]":
        nonlocal next_at, waiting
        loop = asyncio.get_running_loop()
        if waiting is None and loop.time() >= next_at:
            next_at = loop.time() + least_s
            return refresh()  # type: ignore[no-any-return]  # aiokafka is not typed
        if waiting is None:
            waiting = loop.create_future()
            loop.call_at(next_at, begin, waiting)
        return asyncio.shield(waiting)

    def begin(asked: "asyncio.Future[Any]") -> None:
        nonlocal next_at, waiting
        waiting = None
        next_at = asyncio.get_running_loop().time() + least_s
        refreshed: asyncio.Future[Any] = refresh()
        refreshed.add_done_callback(lambda _: _pass_on(refreshed, asked))

    client.force_metadata_update = paced


def _pass_on(answer: "asyncio.Future[Any]", asked: "asyncio.Future[Any]") -> None:
    if asked.done():
        return
    if answer.cancelled():
        asked.cancel()
    elif (error := answer.exception()) is not None:
        asked.set_exception(error)
    else:
        asked.set_result(answer.result())
