"""The clock of a virtual loop, and Faust's timers on it."""

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mode import Service
from mode.timers import Timer

from stream_pool.clock import Clock
from stream_pool.testing import VirtualClock, VirtualLoop, run
from stream_pool.testing.clock import EPOCH_MS
from stream_pool.testing.virtual_time import virtual_time


def here() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def test_the_day_begins_where_it_is_told_to() -> None:
    """The time of day is the epoch plus the loop's time, in whole milliseconds."""

    async def main() -> list[int]:
        clocks: list[Clock] = [VirtualClock(here()), VirtualClock(here(), epoch_ms=5)]
        await asyncio.sleep(1.5)
        assert [clock.monotonic() for clock in clocks] == [1.5, 1.5]
        return [clock.now_ms() for clock in clocks]

    assert run(main()) == [EPOCH_MS + 1_500, 1_505]


@given(st.lists(st.integers(min_value=1, max_value=100_000), max_size=30))
def test_sums_of_milliseconds_are_whole(pauses_ms: list[int]) -> None:
    """Sleeping for whole milliseconds, one after another, ends on the millisecond that they add up to."""

    async def main() -> int:
        clock = VirtualClock(here(), epoch_ms=0)
        for pause_ms in pauses_ms:
            await asyncio.sleep(pause_ms / 1_000)
        return clock.now_ms()

    assert run(main()) == sum(pauses_ms)


class Beats(Service):
    """Notes the loop's time at each beat."""

    def __init__(self) -> None:
        super().__init__()
        self.beats: list[float] = []

    @Service.task
    async def _beat(self) -> None:
        async for _ in self.itertimer(10.0, name="beat"):
            self.beats.append(asyncio.get_running_loop().time())


def test_a_timer_of_faust_keeps_virtual_time() -> None:
    """An hour of a service's timer is an hour of the loop, with no drift to correct."""

    async def main() -> list[float]:
        async with Beats() as service:
            await asyncio.sleep(3_605)
            return service.beats

    with virtual_time():
        assert run(main()) == [10.0 * beat for beat in range(1, 361)]


def test_a_stopping_service_does_not_sleep_on() -> None:
    """`Service.sleep` ends when the service stops, at that instant."""

    async def main() -> float:
        service = Beats()
        async with service:
            asleep = asyncio.create_task(service.sleep(1e6))
            await asyncio.sleep(7)
        await asleep
        return asyncio.get_running_loop().time()

    with virtual_time():
        assert 7 <= run(main()) < 8


def clocks() -> list[Any]:
    functions: list[Any] = [Timer.__init__, Service.itertimer]
    return [function.__kwdefaults__["clock"] for function in functions]


def test_timers_get_the_clock_of_the_machine_back() -> None:
    """The default is put back, after a fault too."""
    before = clocks()
    with suppress(ZeroDivisionError), virtual_time():
        assert not set(clocks()) & set(before)
        raise ZeroDivisionError
    assert clocks() == before
