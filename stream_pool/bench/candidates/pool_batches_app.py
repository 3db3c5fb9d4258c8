"""Ours with an agent on whole batches: each is decoded and kept, then handled.

A batch of ours is of one partition, what `getmany` gives a bare loop is of all: so the last batch of every
partition is kept, and both hold about as many orders.
"""

from typing import Any

from stream_pool.bench.meter import Job, Meter
from stream_pool.stream import App, Order

job = Job.from_environment()
meter = Meter(job)
app = App(job.group, broker=f"kafka://{job.broker}")


@app.agent(app.batches(job.topic))  # type: ignore[untyped-decorator]  # Faust's own
async def count_orders(batches: Any) -> None:
    """Decode all, then count, until the meter ends the process."""
    kept: dict[int, list[Order]] = {}
    count = 0
    async for batch in batches:
        kept[batch.partition] = list(batch)
        for order in kept[batch.partition]:
            order.document["customer"]["id"]
            count += 1
        if count >= meter.next_mark:
            meter.read(count)
