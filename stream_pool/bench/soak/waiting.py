"""Waiting with a limit, while the workers and the traffic are watched."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stream_pool.bench.soak.crew import Crew
from stream_pool.bench.soak.traffic import Traffic
from stream_pool.errors import StreamPoolError

AGAIN_S = 0.1


class SoakStuck(StreamPoolError):
    """Something that had to happen has not happened in time. Says what, and the workers' last words."""

    reason = "bench_soak_stuck"


@dataclass(frozen=True, slots=True)
class Watch:
    """Waits for what workers and traffic do."""

    crew: Crew
    traffic: Traffic

    async def until(
        self, holds: Callable[[], bool | Awaitable[bool]], what: Callable[[], str], within_s: float
    ) -> None:
        """Return once it holds. Raises `SoakStuck` after `within_s`, and at once what ends the soak."""
        give_up_s = time.monotonic() + within_s
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            self.crew.watch()
            self.traffic.watch()
            if time.monotonic() > give_up_s:
                raise self.stuck(f"not within {within_s:g} s: {what()}")
            await asyncio.sleep(AGAIN_S)

    def stuck(self, what: str) -> SoakStuck:
        """The error that says so, with the workers' last words."""
        return SoakStuck(f"{what}\n{self.crew.last_words()}")
