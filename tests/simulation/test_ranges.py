"""DESIGN 2.3 under rebalances by the dozen: no gap where nothing was lost, and each error in its range."""

from random import Random

import pytest

from stream_pool import App, Order
from stream_pool.events import SignalsSampled
from stream_pool.testing.world import World

PARTITIONS = 3
LATENCIES_S = (0.0, 0.002, 0.05, 0.4)


def make_app() -> App:
    app = App("g")

    @app.each("orders", retries=0)
    def handle(order: Order) -> None:
        if order.document["n"] % 7 == 0:
            raise LookupError("every seventh")

    return app


@pytest.mark.parametrize("seed", range(24))
def test_ranges_join_over_workers_that_come_and_go(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start and stop in good order, in the middle of the traffic: their ranges together are every
    offset once, with every record, byte and error that there was."""
    monkeypatch.setenv("STREAM_POOL_INTERVAL_S", "2")
    monkeypatch.setenv("STREAM_POOL_DEAD_LETTER_BUDGET_RATIO", "1")
    random = Random(seed)
    with World(seed=seed, latency_s=random.choice(LATENCIES_S)) as world:
        world.create_topic("orders", partitions=PARTITIONS)
        world.start_worker(make_app, "w0")
        alive, lives = ["w0"], 1
        produced = 0
        for _ in range(8):
            produced += 40
            world.produce("orders", [{"n": n} for n in range(produced - 40, produced)])
            world.advance(random.uniform(0.1, 6.0))
            if len(alive) == 1 or (len(alive) < 3 and random.random() < 0.6):
                alive.append(f"w{lives}")
                lives += 1
                world.start_worker(make_app, alive[-1], wait=random.random() < 0.5)
            else:
                world.stop(alive.pop(random.randrange(len(alive))))
        world.run_until(lambda: world.behind("orders") == 0, limit_s=120)
        for name in alive:
            world.stop(name)
        parts = [
            part
            for logged in world.events("signals.sampled")
            if isinstance(logged.event, SignalsSampled)
            for part in logged.event.partitions
        ]
        for partition in range(PARTITIONS):
            at = 0
            for part in sorted(
                (part for part in parts if part.partition == partition and part.from_offset < part.to_offset),
                key=lambda part: part.from_offset,
            ):
                assert part.from_offset == at, f"partition {partition}: {at} to {part.from_offset}"
                assert part.records == part.to_offset - part.from_offset
                in_range = range(part.from_offset, part.to_offset)
                failed = [
                    letter
                    for letter in world.dead_letters()
                    if letter.partition == partition and letter.offset in in_range
                ]
                assert (part.errors, part.dead_letters) == (len(failed), len(failed))
                assert sum(count for _, count in part.latency.counts) == part.records
                at = part.to_offset
            assert at == world.simulation.committed("g", "orders")[partition]
        assert sum(part.records for part in parts) == produced
