"""What the workers' own logs say of their group: which partitions each was given, time after time."""

from collections.abc import Sequence

from stream_pool.bench.client import Client, until

TOLD = {"STREAM_POOL_LOG_LEVEL": "info", "STREAM_POOL_LOG_FORMAT": "json"}
"""Settings of a worker that says so."""
START_TIMEOUT_S = 60.0


def assignments(worker: Client, group: str) -> list[list[str]]:
    """The partitions of each assignment in this group so far."""
    return [
        sorted(line["partitions"]) for line in worker.said("partitions assigned") if line["group"] == group
    ]


async def until_shared(workers: Sequence[Client], group: str, partitions: int) -> None:
    """Wait until each has its share, the same as any other's. Raises `BenchClientError`."""
    each = partitions // len(workers)
    await until(
        lambda: all([len(last) for last in assignments(worker, group)[-1:]] == [each] for worker in workers),
        workers,
        f"the workers did not share {partitions} partitions",
        START_TIMEOUT_S,
    )
