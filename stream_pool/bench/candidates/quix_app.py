"""The same work in Quix Streams, as it comes: at least once, values by its own JSON deserializer (orjson).

Its commits are every second instead of every five, as everybody's here are.
"""

from pathlib import Path
from typing import Any

from quixstreams import Application

from stream_pool.bench.candidates.bare_loop import COMMIT_INTERVAL_S
from stream_pool.bench.meter import Job, Meter

job = Job.from_environment()
meter = Meter(job)
done = 0


def count_order(order: dict[str, Any]) -> None:
    """Count until the meter ends the process."""
    global done
    order["customer"]["id"]
    done += 1
    if done == meter.next_mark:
        meter.read(done)


def main() -> None:
    """Run until the meter ends the process."""
    app = Application(
        broker_address=job.broker,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_INTERVAL_S,
        state_dir=Path(job.results).parent,
        loglevel="WARNING",
    )
    app.dataframe(app.topic(job.topic, value_deserializer="json")).update(count_order)
    app.run()


if __name__ == "__main__":
    main()
