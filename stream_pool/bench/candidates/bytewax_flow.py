"""The same work in Bytewax: its Kafka source, orjson in a map, offsets kept every second.

Bytewax has no consumer group and commits nothing to Kafka: where it would go on stands in its recovery store,
of which a snapshot is taken as often as the others commit.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from stream_pool.bench.candidates.bare_loop import COMMIT_INTERVAL_S
from stream_pool.bench.meter import Job, Meter


class Count(StatelessSinkPartition[str]):  # type: ignore[misc]  # not there where types are checked
    """Counts what comes, until the meter ends the process."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._count = 0

    def write_batch(self, items: list[str]) -> None:
        self._count += len(items)
        if self._count >= self._meter.next_mark:
            self._meter.read(self._count)


class CountSink(DynamicSink[str]):  # type: ignore[misc]  # the same
    """The end of the flow: one counter, since there is one worker."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Count:
        return Count(Meter(self._job))


def customer(message: Any) -> str:
    """The field that every candidate reads."""
    found: str = orjson.loads(message.value)["customer"]["id"]
    return found


def flow(job: Job) -> Dataflow:
    """Source, map, sink."""
    orders = Dataflow("orders")
    messages = op.input("read", orders, KafkaSource(job.broker.split(","), [job.topic]))
    op.output("count", op.map("decode", messages, customer), CountSink(job))
    return orders


def main() -> None:
    """Run until the meter ends the process."""
    job = Job.from_environment()
    store = Path(job.results).parent / "recovery"
    store.mkdir()
    init_db_dir(store, 1)
    cli_main(
        flow(job),
        epoch_interval=timedelta(seconds=COMMIT_INTERVAL_S),
        recovery_config=RecoveryConfig(store, timedelta(0)),
    )


if __name__ == "__main__":
    main()
