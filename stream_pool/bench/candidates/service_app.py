"""A worker whose handler takes its time for each order, as one that calls a service: what `bench soak` soaks.

The time passes in the handler, and costs no CPU.
"""

import time
from pathlib import Path

from stream_pool.bench.ledger import Ledger
from stream_pool.bench.meter import Job
from stream_pool.stream import App, Order

SERVICE_S = 0.0005

job = Job.from_environment()
ledger = Ledger(Path(job.results))
app = App(job.group, broker=f"kafka://{job.broker}")


@app.each(job.topic)
def serve(order: Order) -> None:
    """Handled is what stands in the ledger."""
    order.document["customer"]["id"]
    time.sleep(SERVICE_S)
    ledger.note(order.partition, order.offset)
