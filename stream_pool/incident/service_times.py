"""How long a record's handling takes under a virtual clock, where nothing takes time but what sleeps.

Three ways to say it:

- *model*: by the record's bytes and nesting, as `service_model.ServiceTimes` has it.
- *recorded*: as the group that was captured took, by its own `signals.sampled` events.
- *none*: nothing but what the handler itself sleeps (the demo's orders say in a header how long).

What is recorded is a range of offsets with the sum of its latencies from poll to done, and with it the
waiting behind the records of the same batch. A worker that was busy for a whole interval took the interval's
length for its records; one that had time to spare took at most their mean latency. So a range's records
take the smaller of the two, each the same: sums and the order of magnitude are the group's, single records
are not. An interval in which a worker came to rest counts as busy to its end. A record in no range takes what
the range before it does.
"""

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable

from stream_pool.events import SignalsSampled
from stream_pool.incident.service_model import SLEEP_S, ServiceTimes
from stream_pool.stream.offsets import Record

Seconds = Callable[[Record], float]
"""What a record takes."""


def modelled(times: ServiceTimes | None = None) -> Seconds:
    """By the record's value alone."""
    model = times or ServiceTimes()
    return lambda record: model.of(record.value or b"")


class RecordedTimes:
    """What the records of one topic took, as far as events of their group tell."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._told: dict[int, list[tuple[int, float]]] = {}
        self._ranges: dict[int, tuple[array[int], array[float]]] = {}

    def __bool__(self) -> bool:
        return bool(self._told or self._ranges)

    def add(self, event: SignalsSampled) -> None:
        """What one worker did in one interval."""
        records = sum(entry.records for entry in event.partitions)
        if not records:
            return
        latency_s = sum(entry.latency.sum_s for entry in event.partitions) / records
        seconds = min(latency_s, event.interval_s / records)
        for entry in event.partitions:
            if entry.topic == self._topic and entry.records:
                self._told.setdefault(entry.partition, []).append((entry.from_offset, seconds))

    def seal(self) -> None:
        """Nothing more will be added."""
        for partition, told in self._told.items():
            told.sort()
            begins, seconds = zip(*told, strict=True)
            self._ranges[partition] = (array("q", begins), array("d", seconds))
        self._told.clear()

    def seconds(self, record: Record) -> float:
        """What a record took; 0 where nothing is known of its partition."""
        ranges = self._ranges.get(record.partition)
        if ranges is None:
            return 0.0
        begins, seconds = ranges
        return seconds[max(bisect_right(begins, record.offset) - 1, 0)]


def working(seconds: Seconds, topics: Iterable[str], factor: float) -> Callable[[Record], Awaitable[None]]:
    """One worker's way through the records of `topics`: each takes its seconds `factor` times.

    What they take is saved up to `SLEEP_S` and slept together: every sleep costs the simulation a timer.
    """
    taking = frozenset(topics)
    owed_s = 0.0

    async def work(record: Record) -> None:
        nonlocal owed_s
        if record.topic not in taking:
            return
        owed_s += seconds(record) * factor
        if owed_s >= SLEEP_S:
            sleep_s, owed_s = owed_s, 0.0
            await asyncio.sleep(sleep_s)

    return work
