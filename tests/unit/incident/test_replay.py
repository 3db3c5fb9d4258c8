"""A replay to a broker that is not there: what it notices, and when."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from support.traffic import START_MS, captured, write_capture

from stream_pool.incident import replay as module
from stream_pool.incident.capture_file import Capture
from stream_pool.incident.gaps import Missing
from stream_pool.incident.only import Only
from stream_pool.incident.pace import Pace, Times
from stream_pool.incident.replay import Plan, Replay, Summary
from stream_pool.incident.replay_guard import Placement
from stream_pool.incident.replay_state import ReplayState, read_state
from stream_pool.testing.clock import EPOCH_MS

HOUR_S = 3_600.0


class Batch:
    """Takes one record."""

    def __init__(self) -> None:
        self._is_full = False

    def append(self, **_: object) -> object:
        before, self._is_full = self._is_full, True
        return None if before else self

    def close(self) -> None:
        pass


class Producer:
    """Answers each batch at once, with `error` where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._error is None:
            answer.set_result(None)
        else:
            answer.set_exception(self._error)
        return answer


class Naps:
    """A clock that only sleeping moves; knows how long each sleep was, and looks at `seen` in each."""

    def __init__(self, seen: Any = None) -> None:
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self._sleep = asyncio.sleep
        self._seen = seen

    def monotonic(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return EPOCH_MS + int(self.now_s * 1_000)

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept_s.append(seconds)
            self.now_s += seconds
            if self._seen is not None:
                self._seen()
        for _ in range(5):
            await self._sleep(0)


async def replayed(
    tmp_path: Path, naps: Naps, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> Summary:
    """Two records that are an hour apart."""
    path = write_capture(
        tmp_path / "c.ndjson", [captured(0, n, START_MS + n * int(HOUR_S) * 1_000) for n in range(2)]
    )
    state = ReplayState("digest", "cluster", "orders", (), "keep", EPOCH_MS)
    plan = Plan("orders", Placement([0], 1), Pace(), Only(), Times.KEEP, 1, state, tmp_path / "state")
    monkeypatch.setattr(module.asyncio, "sleep", naps.sleep)
    return await Replay(Capture(path), plan, producer, naps, lambda *_: None).run()


async def test_a_failed_broker_is_seen_in_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the gap is over, an hour later."""
    naps = Naps()
    summary = await replayed(tmp_path, naps, Producer(KafkaError("gone")), monkeypatch)
    assert summary.failure is not None
    assert summary.acknowledged == 0
    assert naps.now_s <= 2.0


async def test_what_is_acknowledged_is_kept_in_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses the machine in it loses no more than a second."""
    kept: list[int] = []
    naps = Naps(lambda: kept.append(read_state(tmp_path / "state").acknowledged))
    summary = await replayed(tmp_path, naps, Producer(), monkeypatch)
    assert summary.is_complete
    assert summary.missing == Missing(0, 0, True)
    assert naps.now_s == pytest.approx(HOUR_S)
    assert max(naps.slept_s) <= 1.0
    assert kept[5] == 1
