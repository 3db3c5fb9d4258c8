"""The same work without Kafka and without us: what two processes are worth on these cores at the most."""

import zlib
from itertools import cycle
from pathlib import Path

from stream_pool.bench.meter import Job
from stream_pool.bench.workers import STEP_RECORDS, Tally
from stream_pool.incident import START_MS, OrderGenerator

DEPTH = 17
ORDERS = 2_000


def archive(value: bytes) -> bytes:
    """A tenth of a millisecond or so for an order of 2.4 kB."""
    return zlib.compress(value)


def main() -> None:
    """Until the process is ended."""
    tally = Tally(Path(Job.from_environment().results))
    generator = OrderGenerator(0)
    values = [generator.order(DEPTH, at_ms=START_MS).value for _ in range(ORDERS)]
    for done, value in enumerate(cycle(values), 1):
        archive(value)
        if done % STEP_RECORDS == 0:
            tally.note(done)


if __name__ == "__main__":
    main()
