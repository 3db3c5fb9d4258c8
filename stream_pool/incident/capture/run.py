"""Reads ranges of offsets to their ends, whatever happens to the cluster meanwhile.

Offsets that hold no record (compaction, transactions' markers) are passed over. Offsets that are gone when
their turn comes (retention, a topic deleted or made anew) are told to the sink as lost, and so is a record
that no client can decode; each behind the records before it, however long these wait for other partitions.
While no broker answers it waits, for as long as it has patience; it never reads further ahead than a block of
each partition.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from stream_pool.clock import Clock
from stream_pool.incident.capture.sinks import Sink
from stream_pool.incident.capture_file import Lost
from stream_pool.incident.merge import Merge
from stream_pool.stream.client import Reader
from stream_pool.stream.errors import FORBIDDEN, BrokerUnavailable, forbidden
from stream_pool.stream.offsets import Record

PATIENCE_S = 120.0
_ASK_EVERY_S = 5.0
_POLL_MS = 200
_RECORDS_AT_ONCE = 200
_ONE_BY_ONE = 5_000
"""So many records of a partition are read one by one at most, to find one that cannot be decoded."""

Ranges = Mapping[TopicPartition, tuple[int, int]]


class CaptureRun:
    """Reads `ranges` into `sink`. `reader` has started.

    `existing` says which topics there are, and `watch` is told how many offsets are done and how many
    records that were.
    """

    def __init__(
        self,
        reader: Reader,
        ranges: Ranges,
        sink: Sink,
        *,
        existing: Callable[[], Awaitable[Collection[str]]],
        clock: Clock,
        watch: Callable[[int, int], None] = lambda done, records: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._reader = reader
        self._sink = sink
        self._existing = existing
        self._clock = clock
        self._watch = watch
        self._patience_s = patience_s
        self._stops = {place: stop for place, (start, stop) in ranges.items() if start < stop}
        self._next = {place: ranges[place][0] for place in self._stops}
        self._left = sum(self._stops[place] - offset for place, offset in self._next.items())
        self._all = self._left
        self._merge = Merge[TopicPartition, Record](self._stops)
        self._paused: set[TopicPartition] = set()
        self._suspects: dict[TopicPartition, int] = {}
        self._moved_at_s = self._asked_at_s = clock.monotonic()
        self._stopped = False
        self._untold: dict[TopicPartition, Lost] = {}
        self.records = 0
        self.lost: list[Lost] = []

    @property
    def is_whole(self) -> bool:
        """Whether every range was read to its end, or known to be lost."""
        return self._merge.is_done and not self._untold

    def stop(self) -> None:
        """End before the next block."""
        self._stopped = True

    async def run(self) -> None:
        """Read until all is read, or `stop` was called.

        Raises `BrokerUnavailable` where patience ends, `AccessDenied`, and what the sink raises.
        """
        if not self._stops:
            return
        self._reader.assign(list(self._stops))
        for place, offset in self._next.items():
            self._reader.seek(place, offset)
        self._moved_at_s = self._asked_at_s = self._clock.monotonic()
        while not (self._merge.is_done or self._stopped):
            # Of a partition that waits to tell what it lost nothing more is taken, or that would overtake it.
            if hungry := [place for place in self._merge.hungry() if place not in self._untold]:
                await self._read(hungry)
            if records := self._merge.take():
                self._sink.append(records)
                self.records += len(records)
                self._watch(self._all - self._left, self.records)
            self._tell_lost()

    async def _read(self, hungry: list[TopicPartition]) -> None:
        self._let_rest(set(self._stops).difference(hungry))
        suspects = [place for place in hungry if place in self._suspects][:1]
        asked, at_once = (suspects, 1) if suspects else (hungry, _RECORDS_AT_ONCE)
        try:
            fetched = await self._reader.getmany(*asked, timeout_ms=_POLL_MS, max_records=at_once)
            has_moved = await self._take(fetched, asked)
        except UnicodeDecodeError:  # a header's name is not UTF-8
            await self._suspect(asked)
            has_moved = True
        except OffsetOutOfRangeError:
            has_moved = await self._find_out(hungry)
        except FORBIDDEN as error:
            raise forbidden(error) from error
        except KafkaError as error:
            raise BrokerUnavailable(f"the broker answered, and then failed: {error!r}") from error
        if has_moved:
            self._moved_at_s = self._clock.monotonic()
        else:
            await self._wait(hungry)

    def _let_rest(self, resting: set[TopicPartition]) -> None:
        """Fetch nothing of partitions that have enough, or have ended."""
        if more := resting - self._paused:
            self._reader.pause(*more)
        if fewer := self._paused - resting:
            self._reader.resume(*fewer)
        self._paused = resting

    async def _take(
        self, fetched: Mapping[TopicPartition, Collection[Record]], asked: list[TopicPartition]
    ) -> bool:
        has_moved = False
        for place in asked:
            stop = self._stops[place]
            if found := fetched.get(place):
                records = list(found)
                offset = records[-1].offset + 1
                if offset > stop:
                    records = [record for record in records if record.offset < stop]
                if records:
                    self._merge.add(place, records)
                self._clear(place, len(records))
            else:
                offset = await self._reader.position(place)
            has_moved |= self._advance(place, offset)
        return has_moved

    def _advance(self, place: TopicPartition, offset: int) -> bool:
        """All of a partition before `offset` is read, or has nothing to read."""
        stop = self._stops[place]
        moved = min(offset, stop) - self._next[place]
        if moved > 0:
            self._next[place] += moved
            self._left -= moved
        if offset >= stop:
            self._merge.end(place)
        return moved > 0

    async def _wait(self, hungry: list[TopicPartition]) -> None:
        now_s = self._clock.monotonic()
        silent_s = now_s - self._moved_at_s
        if silent_s >= self._patience_s:
            place = hungry[0]
            raise BrokerUnavailable(
                f"nothing came for {silent_s:.0f} s: {place.topic}-{place.partition} should have offsets "
                f"{self._next[place]} to {self._stops[place] - 1}"
            )
        if silent_s < _ASK_EVERY_S or now_s - self._asked_at_s < _ASK_EVERY_S:
            return
        self._asked_at_s = now_s
        try:
            there = await self._existing()
        except BrokerUnavailable:
            return
        for place in hungry:
            if place.topic not in there:
                self._lose(place, self._stops[place], "the topic was deleted")

    async def _find_out(self, hungry: list[TopicPartition]) -> bool:
        """Some offset is not there: what has become of it."""
        try:
            firsts = await self._reader.beginning_offsets(hungry)
            ends = await self._reader.end_offsets(hungry)
        except KafkaError:
            return False
        has_moved = False
        for place in hungry:
            offset = self._next[place]
            if ends[place] < offset:
                has_moved = True
                self._lose(place, self._stops[place], "the topic was made anew")
            elif firsts[place] > offset:
                has_moved = True
                self._lose(place, min(firsts[place], self._stops[place]), "retention deleted them")
            else:
                self._reader.seek(place, offset)
        return has_moved

    def _lose(self, place: TopicPartition, stop: int, why: str) -> None:
        self._untold[place] = Lost(place.topic, place.partition, self._next[place], stop, why)
        self._advance(place, stop)
        if stop < self._stops[place]:
            self._reader.seek(place, stop)

    def _tell_lost(self) -> None:
        """Tell the sink of what was lost behind records that it has. What is never told is found again."""
        for place in [place for place in self._untold if not self._merge.holds(place)]:
            lost = self._untold.pop(place)
            self._sink.lose(lost)
            self.lost.append(lost)

    async def _suspect(self, asked: list[TopicPartition]) -> None:
        """One record of these cannot be decoded. What was taken with it is read again, one by one."""
        if len(asked) > 1 or asked[0] not in self._suspects:
            for place in asked:
                self._suspects[place] = _ONE_BY_ONE
                self._reader.seek(place, self._next[place])
            return
        [place] = asked
        self._suspects.clear()
        self._advance(place, await self._reader.position(place))
        self._lose(place, self._next[place] + 1, "its header names are not UTF-8")

    def _clear(self, place: TopicPartition, records: int) -> None:
        """So many records of a partition could be decoded."""
        left = self._suspects.get(place)
        if left is not None:
            self._suspects[place] = left - records
            if left <= records:
                del self._suspects[place]
