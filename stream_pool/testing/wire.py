"""The way between one worker's clients and the log: latency, a broker that is away, and death.

Every request is two ways with the deed between them. Who dies on the way neither arrives nor hears an answer.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import NoReturn, TypeVar

from aiokafka.errors import KafkaTimeoutError, RequestTimedOutError

from stream_pool.testing.faults import Faults

T = TypeVar("T")

REQUEST_TIMEOUT_S = 40.0
_LOOK_S = 0.1


class Wire:
    """One worker's. `dead` is for ever."""

    def __init__(self, worker: str, faults: Faults, random: Random) -> None:
        self.worker = worker
        self.faults = faults
        self.random = random
        self.dead = False

    async def way(self, timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        """Go one way. Raises `RequestTimedOutError` where the broker stays away for so long."""
        await self.arrive(self.due_s(), timeout_s)

    def due_s(self) -> float:
        """When what leaves now arrives, in loop time."""
        return asyncio.get_running_loop().time() + self.faults.draw_s(self.random)

    async def arrive(self, due_s: float, timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        """Be on the way until then. Raises as `way`."""
        await self._live()
        loop = asyncio.get_running_loop()
        await asyncio.sleep(due_s - loop.time())
        give_up_s = loop.time() + timeout_s
        while self.away():
            if loop.time() >= give_up_s:
                raise RequestTimedOutError(f"{self.worker}: no answer in {timeout_s} s")
            await asyncio.sleep(_LOOK_S)
        await self._live()

    async def ask(self, deed: Callable[[], T]) -> T:
        """There, the deed, and back, trying for as long as aiokafka does. Raises `KafkaTimeoutError`."""
        try:
            await self.way()
            result = deed()
            await self.way()
        except RequestTimedOutError as error:
            raise KafkaTimeoutError(str(error)) from error
        return result

    def away(self) -> bool:
        """Whether this worker cannot reach the broker now."""
        return self.faults.find("broker_away", worker=self.worker) is not None

    async def _live(self) -> None:
        if self.dead:
            await rest()


async def rest() -> NoReturn:
    """What the dead do."""
    while True:
        await asyncio.get_running_loop().create_future()
