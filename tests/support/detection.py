"""What tests of the detector share: one that runs alone, and a verdict on its log."""

from typing import Any

from stream_pool.clock import SystemClock
from stream_pool.detection import FOLD_VERSION
from stream_pool.detection.verdict import Verdict
from stream_pool.detection.verification import Verifier
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.log_reader import LogReader
from support.lab import Lab
from support.waiting import until
from support.worker import WorkerProcess

SCALED = {
    "detector_enabled": True,
    "detector_window_s": 0.3,
    "detector_lag_threshold_records": 50,
    "detector_open_after": 2,
    "detector_resolve_after": 2,
    "detector_error_min_records": 1_000_000,
}
"""Only lag is to be found, and soon."""


def detector(lab: Lab, **settings: Any) -> WorkerProcess:
    """`stream-pool detector` on the lab's group."""
    command = ("stream_pool.cli.main", "detector", "--group", lab.group)
    return lab.worker("", command=command, **{**SCALED, **settings})


async def ticks(lab: Lab, more: int = 1) -> None:
    """Wait until the log has so many ticks more than now."""
    before = len(await lab.events("clock.ticked"))

    async def there() -> bool:
        return len(await lab.events("clock.ticked")) >= before + more

    await until(there, lab.report)


async def verified(lab: Lab, *, snapshots: bool = True) -> Verdict:
    """What verification says of the log; without `snapshots` those that were written by hand do not count."""
    client = KafkaClient({"bootstrap_servers": lab.cluster.servers}, "test", SystemClock())
    reader = LogReader(client, lab.events_topic)
    await reader.open()
    kept = reader.snapshots
    ours = [each for each in kept.whole if snapshots or each.fold_version == FOLD_VERSION]
    verifier = Verifier(lab.group, ours, kept.damaged if snapshots else (), kept.strays)
    async for record in reader.records():
        if (found := verifier.take(record)) is not None:
            return found
    return verifier.finish(reader.end_offset)
