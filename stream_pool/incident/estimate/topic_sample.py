"""A sample of what lies on a topic: the newest records, or runs of records evenly over all that is kept.

Read from outside every group: nothing is committed, and nobody is rebalanced. What is read is fixed before
the first record comes, so it is bounded whatever is written meanwhile. A run of records in a row shows a pool
what a worker would meet; single records picked here and there would not.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from stream_pool.incident.estimate.payloads import Payload
from stream_pool.stream.client import Client
from stream_pool.stream.errors import not_found
from stream_pool.stream.log_reader import as_ours

RUNS = 8
"""A partition is read in so many runs at most where a sample is spread."""
RUN_RECORDS_MIN = 50

Ends = Mapping[int, tuple[int, int]]
"""By partition: the oldest offset kept, and the one behind the newest."""


@dataclass(frozen=True, slots=True)
class Run:
    """Offsets of a partition: `start` to `stop`, without it."""

    partition: int
    start: int
    stop: int


def newest(ends: Ends, records: int) -> list[Run]:
    """The newest of each partition, as many of each as there are; the rest from those that have more."""
    return [
        Run(partition, ends[partition][1] - share, ends[partition][1])
        for partition, share in sorted(_shares(ends, records).items())
    ]


def spread(ends: Ends, records: int) -> list[Run]:
    """Runs evenly over the offsets of each partition, which has the part of them that it has of all."""
    kept = sum(stop - start for start, stop in ends.values())
    wanted = min(records, kept)
    runs: list[Run] = []
    passed = 0
    for partition, (start, stop) in sorted(ends.items()):
        size = stop - start
        share = wanted * (passed + size) // kept - wanted * passed // kept if size else 0
        passed += size
        runs += _runs(partition, start, size, share)
    return runs


def _runs(partition: int, start: int, size: int, share: int) -> Iterator[Run]:
    number = max(1, min(RUNS, share // RUN_RECORDS_MIN))
    for run in range(number):
        begin, end = (start + size * at // number for at in (run, run + 1))
        length = share * (run + 1) // number - share * run // number
        if length:
            yield Run(partition, begin, min(end, begin + length))


def _shares(ends: Ends, records: int) -> dict[int, int]:
    """Who has least gives what it has; those after it share what is left."""
    shares = {}
    left = records
    by_size = sorted(ends, key=lambda partition: ends[partition][1] - ends[partition][0])
    for place, partition in enumerate(by_size):
        start, stop = ends[partition]
        share = min(stop - start, -(-left // (len(by_size) - place)))
        if share:
            shares[partition] = share
            left -= share
    return shares


class TopicSample:
    """Reads a sample of `records` at most, after `open`."""

    def __init__(
        self, client: Client, topic: str, records: int, *, is_spread: bool = False, timeout_s: float = 10.0
    ) -> None:
        self._client = client
        self.name = topic
        self._records = records
        self.is_spread = is_spread
        self._timeout_s = timeout_s
        self._runs: list[Run] = []
        self.kept = 0
        """Offsets that the topic keeps."""
        self.first_ms: int | None = None
        """Timestamps of the oldest and the newest record that was read; None before one was."""
        self.last_ms: int | None = None

    @property
    def planned(self) -> int:
        """Offsets that are read."""
        return sum(run.stop - run.start for run in self._runs)

    async def open(self) -> None:
        """Choose what is read. Raises `TopicMissing`, `BrokerUnavailable`."""
        async with self._client.admin(timeout_s=self._timeout_s) as admin:
            counts = await admin.partition_counts([self.name])
        if self.name not in counts:
            raise not_found(self.name)
        partitions = [TopicPartition(self.name, number) for number in range(counts[self.name])]
        observer = self._client.observer("estimate")
        with as_ours(self.name):
            await observer.start()
            try:
                starts = await observer.beginning_offsets(partitions)
                stops = await observer.end_offsets(partitions)
            finally:
                await observer.stop()
        ends = {each.partition: (starts[each], max(starts[each], stops[each])) for each in partitions}
        self.kept = sum(stop - start for start, stop in ends.values())
        self._runs = (spread if self.is_spread else newest)(ends, self._records)

    async def payloads(self) -> AsyncIterator[Payload]:
        """The sample, a run after the other.

        Raises `OffsetLost` where retention deletes what is still to be read, `BrokerUnavailable`.
        """
        for run in self._runs:
            partition = TopicPartition(self.name, run.partition)
            with as_ours(self.name):
                async for records in self._client.records(partition, run.start, run.stop):
                    for record in records:
                        self._note(record.timestamp)
                        yield Payload(f"partition {run.partition}, offset {record.offset}", record.value)

    def _note(self, at_ms: int) -> None:
        self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
        self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)
