"""A worker whose handler writes every record into a ledger: what `bench stop` stops."""

from pathlib import Path

from stream_pool.bench.ledger import Ledger
from stream_pool.bench.meter import Job
from stream_pool.stream import App, Order

job = Job.from_environment()
ledger = Ledger(Path(job.results))
app = App(job.group, broker=f"kafka://{job.broker}")


@app.each(job.topic)
def note_order(order: Order) -> None:
    """Handled is what stands in the ledger."""
    ledger.note(order.partition, order.offset)
