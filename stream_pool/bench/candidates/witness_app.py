"""An app whose handler writes down each call: what `bench replay` compares between a broker and a replay.

Some orders fail and are tried again, some are refused for what is in them; a line is written before either.
"""

import os
from collections.abc import Mapping
from typing import Any

from stream_pool.bench.meter import Job
from stream_pool.incident.scenario import ERROR_HEADER
from stream_pool.stream import App, Order, Rejected

REFUSED_CHANNEL = "PHONE"

job = Job.from_environment()
calls = os.open(job.results, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
app = App(job.group, broker=f"kafka://{job.broker}")


def depth_of(value: Any) -> int:
    """How many containers stand in each other, this one included."""
    if isinstance(value, Mapping):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, tuple):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@app.each(job.topic, retries=1)
def witness(order: Order) -> Rejected | None:
    """Partition, offset, depth and bytes of every call."""
    told = (order.partition, order.offset, depth_of(order.document), len(order.value or b""))
    os.write(calls, b"%d %d %d %d\n" % told)
    if ERROR_HEADER in order.headers:
        raise RuntimeError("the payment gateway did not answer")
    if order.document.at("channel", default=None) == REFUSED_CHANNEL:
        return Rejected("refused_channel")
    return None
