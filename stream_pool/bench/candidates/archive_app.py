"""Ours with a handler that has something to do: it compresses each order, and tells how far it is."""

from pathlib import Path

from stream_pool.bench.candidates.archive_plain import archive
from stream_pool.bench.meter import Job
from stream_pool.bench.workers import STEP_RECORDS, Tally
from stream_pool.stream import App, Order

job = Job.from_environment()
tally = Tally(Path(job.results))
app = App(job.group, broker=f"kafka://{job.broker}")
done = 0


@app.each(job.topic)
def archive_order(order: Order) -> None:
    """Work, count, and tell every so many."""
    global done
    assert order.value is not None, "what is sent has a value"
    archive(order.value)
    done += 1
    if done % STEP_RECORDS == 0:
        tally.note(done)
