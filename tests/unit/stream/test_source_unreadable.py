"""A record that the client cannot unpack costs no other record, on a log that fails as aiokafka does."""

import stream_pool
from stream_pool.testing.simulation import Simulation, simulate


def test_what_was_fetched_beside_an_unreadable_record_is_read_again() -> None:
    """The client moves behind what it took of one partition before it fails at another."""
    handled: list[tuple[int, int]] = []

    def make_app() -> stream_pool.App:
        app = stream_pool.App("readers")

        @app.each("orders")
        async def handle(order: stream_pool.Order) -> None:
            handled.append((order.partition, order.offset))

        return app

    async def story(sim: Simulation) -> list[int | None]:
        sim.create_topic("orders", partitions=3)
        for partition in range(3):
            sim.produce("orders", [b"{}"] * 2, partition=partition)
        sim.log.append("orders", 1, b"{}", headers=[(b"\xff\xfe", b"a name that is no UTF-8")])
        for partition in range(3):
            sim.produce("orders", [b"{}"], partition=partition)
        sim.start_worker(make_app, "one")
        await sim.advance(10)
        assert len(sim.dead_letters("readers")) == 1
        return sim.committed("readers", "orders")

    assert simulate(story) == [3, 4, 3]
    readable = [
        (p, offset) for p in range(3) for offset in range(4 if p == 1 else 3) if (p, offset) != (1, 2)
    ]
    assert sorted(handled) == readable
