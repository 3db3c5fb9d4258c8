"""The reference incident as data: its curves, its settings, and the model of the order service."""

import pytest

from stream_pool.incident import OrderGenerator
from stream_pool.incident import reference as told
from stream_pool.incident.reference import Story, gateway, memory_bytes, pause_s
from stream_pool.incident.service_model import SLEEP_S, OrderService, ServiceTimes, nesting
from stream_pool.settings import Settings


@pytest.mark.parametrize(
    ("at_s", "wait_s", "refused"),
    [
        pytest.param(-300.0, 0.0, 0.00316, id="1 calm"),
        pytest.param(82.0, 0.0, 0.00316, id="2 the last of it"),
        pytest.param(142.0, told.GATEWAY_WAIT_S / 2, 0.06158, id="3 half dry"),
        pytest.param(202.0, told.GATEWAY_WAIT_S, 0.12, id="4 as the story has it at T+03:22"),
        pytest.param(2_820.0, told.GATEWAY_WAIT_S, 0.12, id="5 to the end"),
    ],
)
def test_the_gateway_runs_dry_between_two_moments(at_s: float, wait_s: float, refused: float) -> None:
    """Before and after nothing changes."""
    assert gateway(at_s) == pytest.approx((wait_s, refused))


def test_errors_are_up_by_the_story_s_percentage() -> None:
    """3,700 % more than before."""
    up_percent = (told.ERRORS / told.CALM_ERRORS - 1) * 100
    assert up_percent == pytest.approx(3_700, rel=0.01)


@pytest.mark.parametrize(
    ("worker", "at_s", "share"),
    [
        pytest.param(told.VICTIM, -300.0, 0.279, id="1 calm"),
        pytest.param(told.VICTIM, told.MEMORY_STORY_S, 0.992, id="2 as the story has it at T+11:45"),
        pytest.param(told.VICTIM, told.KILLED_S - 1, 0.992, id="3 until it is killed"),
        pytest.param(told.VICTIM, told.BACK_S, 0.279, id="4 begun anew"),
        pytest.param(told.WORKERS[0], told.MEMORY_STORY_S, 0.279, id="5 another worker"),
    ],
)
def test_the_memory_of_one_worker_fills(worker: str, at_s: float, share: float) -> None:
    """Shares of the container's limit."""
    assert memory_bytes(worker, at_s) / told.MEMORY_LIMIT == pytest.approx(share, abs=0.001)


def test_pauses_of_the_collector_grow_with_the_memory() -> None:
    """The fuller, the longer."""
    at = [pause_s(told.VICTIM, at_s) for at_s in (-300.0, 0.0, 300.0, 700.0)]
    assert at == sorted(set(at))


def test_the_settings_are_the_defaults_but_for_the_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: the log must be the same everywhere."""
    monkeypatch.delenv("STREAM_POOL_INTERVAL_S", raising=False)
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    monkeypatch.setenv("STREAM_POOL_INTERVAL_S", "1")
    chosen = Story().settings.model_dump()
    assert {name for name in chosen if chosen[name] != defaults[name]} == {
        "buffer_records",
        "max_poll_records",
    }


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        pytest.param(b"{}", 1, id="1 empty"),
        pytest.param(b"[[1], {}]", 2, id="2 arrays count"),
        pytest.param(b'{"a": {"b": [{}]}, "c": {}}', 4, id="3 the deepest counts"),
        pytest.param(b'{"{[": "[[[["}', 1, id="4 brackets in strings"),
        pytest.param(b'{"\\"{[": "\\\\", "a": "\\"[["}', 1, id="5 quotes in strings"),
        pytest.param(b"17", 0, id="6 no container"),
    ],
)
def test_nesting_is_that_of_the_containers(value: bytes, levels: int) -> None:
    """The root container is 1."""
    assert nesting(value) == levels


@pytest.mark.parametrize("depth", range(6, 18))
def test_nesting_is_what_the_generator_was_asked_for(depth: int) -> None:
    """Greetings with escapes in them included."""
    generator = OrderGenerator(3)
    assert {nesting(generator.order(depth).value) for _ in range(50)} == {depth}


def test_an_order_takes_longer_the_longer_and_the_deeper_it_is() -> None:
    """Fixed numbers, so that a run can be repeated."""
    times = ServiceTimes(base_s=1.0, per_byte_s=0.1, per_square_level_s=0.01)
    assert times.of(b"{}") == pytest.approx(1.21)
    assert times.of(b"[{}]") == pytest.approx(1.44)


def test_the_service_sleeps_what_its_orders_take_in_all() -> None:
    """Little sleeps are saved up; nothing of them is lost but what is still owed."""
    times = ServiceTimes(base_s=0.011, per_byte_s=0.0, per_square_level_s=0.0)
    service = OrderService(lambda: 0.0, lambda _: (0.002, 0.0), times=times, pace=2.0)
    slept = [service.take(b"{}")[0] for _ in range(100)]
    assert min(sleep_s for sleep_s in slept if sleep_s) >= SLEEP_S
    assert sum(slept) == pytest.approx(100 * 2 * 0.013, abs=SLEEP_S)


def test_the_gateway_refuses_evenly() -> None:
    """12 % is 12 of every hundred, whatever the moment."""
    service = OrderService(lambda: 0.0, lambda _: (0.0, 0.12))
    refused = [service.take(b"{}")[1] for _ in range(1_000)]
    assert [sum(refused[at : at + 100]) for at in range(0, 1_000, 100)] == [12] * 10
