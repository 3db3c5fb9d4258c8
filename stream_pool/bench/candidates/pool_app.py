"""Ours, whole: the worker that a user starts, with counters, lag polls, samples, event log and commits."""

from stream_pool.bench.meter import Job, Meter
from stream_pool.stream import App, Order

job = Job.from_environment()
meter = Meter(job)
app = App(job.group, broker=f"kafka://{job.broker}")
done = 0


@app.each(job.topic)
def count_order(order: Order) -> None:
    """Count until the meter ends the process."""
    global done
    order.document["customer"]["id"]
    done += 1
    if done == meter.next_mark:
        meter.read(done)
