"""What ends a command, by the module's numbers."""

import asyncio
import signal

import pytest
import typer

from stream_pool.cli.stopping import Stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_1_before_anything_is_begun_it_ends_at_once(number: signal.Signals) -> None:
    """With the signal's code; handlers are as before."""
    before = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(typer.Exit) as ended, Stopping():
        signal.raise_signal(number)
    assert ended.value.exit_code == 128 + number
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_2_what_is_under_way_ends_properly(number: signal.Signals) -> None:
    """A task that sleeps is waked for it."""

    async def work() -> str:
        task = asyncio.current_task()
        assert task is not None
        with stopping.by(task.cancel):
            try:
                asyncio.get_running_loop().call_soon(signal.raise_signal, number)
                await asyncio.sleep(3_600)
            except asyncio.CancelledError:
                return "a summary"
        return "nothing"

    with Stopping() as stopping:
        assert asyncio.run(work()) == "a summary"
    assert stopping.exit_code == 128 + number


def test_3_a_second_time_ends_it_at_once() -> None:
    """Whichever comes second."""
    told: list[int] = []

    def twice() -> None:
        with Stopping() as stopping, stopping.by(lambda: told.append(1)):
            signal.raise_signal(signal.SIGINT)
            assert told == [1]
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(typer.Exit) as ended:
        twice()
    assert (ended.value.exit_code, told) == (143, [1])
