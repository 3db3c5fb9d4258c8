"""The same work in an ordinary Faust agent: raw values, decoded with orjson in the agent's loop."""

from pathlib import Path

import faust
import orjson

from stream_pool.bench.meter import Job, Meter

job = Job.from_environment()
meter = Meter(job)
app = faust.App(
    job.group,
    broker=f"kafka://{job.broker}",
    store="memory://",
    datadir=str(Path(job.results).parent),
    web_enabled=False,
    topic_disable_leader=True,
    autodiscover=False,
    consumer_auto_offset_reset="earliest",
)
orders = app.topic(job.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


@app.agent(orders)
async def count_orders(stream: faust.StreamT[bytes]) -> None:
    """Decode and count until the meter ends the process."""
    count = 0
    async for value in stream:
        orjson.loads(value)["customer"]["id"]
        count += 1
        if count >= meter.next_mark:
            meter.read(count)


if __name__ == "__main__":
    faust.Worker(app, loglevel="warning", quiet=True).execute_from_commandline()
