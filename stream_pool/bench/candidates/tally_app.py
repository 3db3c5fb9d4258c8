"""Ours, telling as it goes how far it is: what is started twice to see what a second worker is worth."""

from pathlib import Path

from stream_pool.bench.meter import Job
from stream_pool.bench.workers import STEP_RECORDS, Tally
from stream_pool.stream import App, Order

job = Job.from_environment()
tally = Tally(Path(job.results))
app = App(job.group, broker=f"kafka://{job.broker}")
done = 0


@app.each(job.topic)
def count_order(order: Order) -> None:
    """Count, and tell every so many."""
    global done
    order.document["customer"]["id"]
    done += 1
    if done % STEP_RECORDS == 0:
        tally.note(done)
