"""A client that asks for metadata without a pause is held to one request at a time, and a pause between."""

import asyncio
from typing import Any

import pytest

from stream_pool.stream.metadata_pace import pace_metadata


class Client:
    """Answers at once, with an error if it has one."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def force_metadata_update(self) -> "asyncio.Future[Any]":
        self.asked += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.error is None:
            answer.set_result(self.asked)
        else:
            answer.set_exception(self.error)
        return answer


async def test_1_the_first_at_once() -> None:
    """A leader that moved is found as fast as ever."""
    client = Client()
    pace_metadata(client, 3_600.0)
    assert await client.force_metadata_update() == 1


async def test_2_those_that_follow_share_one_after_the_pause() -> None:
    """Who asks as soon as it is answered gets one answer a pause, however many ask."""
    client = Client()
    pace_metadata(client, 0.01)
    assert await client.force_metadata_update() == 1
    for number in range(2, 5):
        answers = [client.force_metadata_update() for _ in range(5)]
        assert client.asked == number - 1, "not before the pause is over"
        assert await asyncio.gather(*answers) == [number] * 5


async def test_3_a_failure_is_passed_on() -> None:
    """Whoever waits learns what the client learned; one who gave up meanwhile disturbs nobody."""
    client = Client()
    pace_metadata(client, 0.01)
    await client.force_metadata_update()
    client.error = OSError("gone")
    gone, waits = client.force_metadata_update(), client.force_metadata_update()
    gone.cancel()
    with pytest.raises(OSError, match="gone"):
        await waits
