"""The order processor, as it is deployed, tested offline: an in-memory log, virtual time, no waiting.

The fixture `simulation` comes with stream-pool; docs/testing.md says what it can do.
"""

from stream_pool.events import AnomalyOpened, SignalsSampled
from stream_pool.testing.world import World

ORDERS = "topologies.orders"


def test_every_order_is_counted(simulation: World) -> None:
    """Each order is handled and committed; nothing goes to the dead letters."""
    simulation.start_worker(ORDERS)
    simulation.produce("orders", [{"sku": f"S-{n}"} for n in range(100)])
    simulation.advance(30)
    assert simulation.committed("orders") == [100]
    assert simulation.dead_letters() == []


def test_a_poison_order_is_kept_and_the_rest_goes_on(simulation: World) -> None:
    """What cannot be decoded, and what the handler will not take, is in the dead letters with its reason."""
    simulation.start_worker(ORDERS)
    simulation.produce("orders", [{"sku": "a"}, b'{"sku": ', {}, {"sku": "b"}])
    simulation.advance(5)
    assert simulation.committed("orders") == [4]
    assert [(letter.offset, letter.reason) for letter in simulation.dead_letters()] == [
        (1, "unexpected_end"),
        (2, "empty_order"),
    ]


def test_an_order_whose_payment_fails_is_tried_again_first(simulation: World) -> None:
    """Three attempts, then the dead letters."""
    simulation.start_worker(ORDERS)
    simulation.produce("orders", [{"sku": "a"}], headers=[("simulated-error", b"1")])
    simulation.advance(15)
    (letter,) = simulation.dead_letters()
    assert letter.reason == "handler_error"
    sampled = [each.event for each in simulation.events() if isinstance(each.event, SignalsSampled)]
    assert sum(part.retries for event in sampled for part in event.partitions) == 2


def test_nothing_is_lost_where_a_worker_is_killed(simulation: World) -> None:
    """A second worker takes over what the first had not committed."""
    simulation.create_topic("orders", partitions=4)
    simulation.start_worker(ORDERS, "one")
    simulation.start_worker(ORDERS, "two")
    slow = [("simulated-latency-us", b"50000")]
    simulation.produce("orders", [{"sku": f"S-{n}"} for n in range(400)], headers=slow)
    simulation.advance(2)
    simulation.kill("one")
    simulation.run_until(lambda: simulation.behind("orders") == 0, limit_s=120)
    assert simulation.dead_letters() == []


def test_a_worker_that_hangs_is_noticed(simulation: World) -> None:
    """Orders come, and nobody is left to take them: the detector in another worker says so, from the log."""
    simulation.start_worker(ORDERS)
    simulation.start_worker("topologies.detector", "detector")
    for _ in range(120):
        simulation.produce("orders", [{"sku": "a"}] * 10)
        simulation.advance(1)
    simulation.kill()
    for _ in range(600):
        simulation.produce("orders", [{"sku": "a"}] * 10)
        simulation.advance(1)
    opened = [each for each in simulation.anomalies() if isinstance(each, AnomalyOpened)]
    assert "partition_stop" in {each.rule for each in opened}
