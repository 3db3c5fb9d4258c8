"""A plain `faust.App`, as it was before: only the serializer is named."""

import os
import tempfile

import faust
from script import GROUP, TOPICS, tell

app = faust.App(
    GROUP,
    broker=os.environ["STREAM_POOL_BROKER"],
    store="memory://",
    datadir=tempfile.mkdtemp(prefix="stream-pool-faust-"),
    topic_disable_leader=True,
    web_port=int(os.environ["STREAM_POOL_WEB_PORT"]),
    web_bind="127.0.0.1",
    consumer_auto_offset_reset="earliest",
)


@app.agent(app.topic(*TOPICS, value_serializer="stream_pool"))
async def process(orders):
    """Tells what it gets."""
    async for order in orders:
        first, second = order["items"]
        tell(
            type=type(order).__name__, order=order.to_dict(), one_key=next(iter(first)) is next(iter(second))
        )
