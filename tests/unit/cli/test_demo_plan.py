"""The size of the demo, its worker's settings and its traffic."""

import asyncio
from collections import namedtuple
from typing import Any

import pytest

from stream_pool.cli.demo.model import DemoModel
from stream_pool.cli.demo.plan import DemoPlan, plan_demo
from stream_pool.cli.demo.traffic import Traffic, describe
from stream_pool.cli.demo.worker import worker_command
from stream_pool.incident import Phase, Scenario, bundled_scenario
from stream_pool.settings import load_settings, unknown_variables

DEMO = bundled_scenario("demo")
SHORT = Scenario(
    "short",
    orders=50,
    phases=(
        Phase("calm", share=1, duration_s=0.1, depth=6),
        Phase("storm", share=1, duration_s=0.1, depth=17, poison_ratio=0.2),
    ),
)
Metadata = namedtuple("Metadata", "partition offset")


class Producer:
    """Acknowledges every record at the next offset, or refuses the one with that number."""

    def __init__(self, refuse: int | None = None) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.refuse = refuse

    async def send(self, topic: str, value: bytes | None, *, key: bytes, headers: list[Any]) -> Any:
        answer = asyncio.get_running_loop().create_future()
        if len(self.sent) == self.refuse:
            answer.set_exception(ConnectionError("refused"))
        else:
            answer.set_result(Metadata(0, len(self.sent)))
        self.sent.append((topic, value, key, headers))
        return answer

    async def flush(self) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("asked", "played"), [(1, 2_000), (2_000, 2_000), (12_000, 12_000), (40_000, 40_000), (10**9, 40_000)]
)
def test_the_number_of_orders_is_clamped_and_said(asked: int, played: int) -> None:
    """Too few make no curve, too many do not fit into the time; silence means as asked."""
    plan, notice = plan_demo(DEMO, asked, seed=0, suffix="")
    assert plan.orders == played
    assert (notice is None) == (asked == played)
    if notice:
        assert f"{asked:,} orders asked for; playing {played:,}" in notice


def test_topics_of_a_shared_broker_are_its_own() -> None:
    """The suffix is in every name."""
    plan = DemoPlan(DEMO, 12_000, 0, "-demo-1")
    names = (plan.topic, plan.group, plan.events_topic, plan.dead_letters_topic)
    assert names == (
        "orders-demo-1",
        "order-processor-v3-demo-1",
        "order-processor-v3-demo-1.events",
        "order-processor-v3-demo-1.dead-letters",
    )


def test_every_setting_of_the_worker_exists_and_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is renamed is seen here, not in a demo that quietly runs unscaled."""
    variables = DemoPlan(DEMO, 12_000, 0, "").worker_environment("127.0.0.1:1234", 8_080)
    assert unknown_variables(variables) == ()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.bootstrap_servers == ("127.0.0.1:1234",)
    assert settings.detector_lag_threshold_records == 480
    assert (settings.interval_s, settings.detector_window_s, settings.web_port) == (1.0, 1.0, 8_080)


def test_what_is_scaled_is_said() -> None:
    """With the value that a deployment would have."""
    said = DemoPlan(DEMO, 12_000, 0, "").scaling()
    for pair in (
        "1 s instead of 10 s",
        "6 s instead of 60 s",
        "480 records instead of 50,000",
        "instead of 5%",
    ):
        assert pair in said


def test_the_worker_sees_no_settings_but_the_plan_s() -> None:
    """Those of the caller's shell would change the story; the choice of implementation may stay."""
    command = worker_command(
        {"STREAM_POOL_WEB_PORT": "1"},
        {"STREAM_POOL_INTERVAL_S": "300", "STREAM_POOL_PURE": "1", "PATH": "/bin"},
    )
    assert command[:4] == ["env", "-u", "STREAM_POOL_INTERVAL_S", "STREAM_POOL_WEB_PORT=1"]
    assert command[-4:] == ["stream_pool.cli.main", "worker", "-A", "topologies.orders"]


async def test_traffic_sends_every_record_in_order_and_books_it() -> None:
    """What the topic gets is what the scenario says, phases are announced as they begin."""
    producer, model = Producer(), DemoModel("orders")
    await Traffic(producer, "orders", model).send(SHORT.records(40), SHORT.phases)
    assert producer.sent == [("orders", r.value, r.key, list(r.headers)) for r in SHORT.records(40)]
    view = model.view(1.0)
    assert view.sent == 40
    assert [happening.text for happening in view.happenings] == [
        "calm: orders 6 levels deep",
        "storm: orders 17 levels deep, 20% poison",
    ]


async def test_a_refused_record_ends_the_traffic() -> None:
    """The demo must not go on as if it had been sent."""
    producer, model = Producer(refuse=5), DemoModel("orders")
    with pytest.raises(ConnectionError, match="refused"):
        await Traffic(producer, "orders", model).send(SHORT.records(40), SHORT.phases)
    assert len(producer.sent) < 40


def test_a_phase_is_described_by_what_it_does() -> None:
    """Only what it does: a calm phase has no list of what is absent."""
    full = Phase(
        "x",
        share=1,
        duration_s=1,
        depth=17,
        unique_keys=24,
        poison_ratio=0.03,
        error_ratio=0.01,
        handler_latency_ms=4,
    )
    assert describe(full) == (
        "orders 17 levels deep, a slow payment gateway, 3% poison, a handler that fails now and then, "
        "24 keys an order that never come again"
    )
    assert describe(DEMO.phases[0]) == "orders 6 levels deep"
