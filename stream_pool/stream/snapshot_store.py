"""Where the detector's states are kept: written to the snapshots topic, and found again by a new owner.

The idea: a snapshot only saves time. Whatever is wrong with one, the next older one is tried, and without any
the log is folded from the oldest event kept; each that is skipped is named in one line of the log.

| # | a snapshot | skipped as |
|---|---|---|
| 1 | stands within the log and reads | taken |
| 2 | is damaged: headers, a part, its sum, its compression | `damaged` |
| 3 | lacks parts (its writer died) | `unfinished` |
| 4 | was written in a way of a later version, or is none at all | `foreign` |
| 5 | is of another fold | `other_fold_version` |
| 6 | stands ahead of the log's end: the log was made anew | `ahead_of_log` |
| 7 | stands before the oldest event kept: what follows on it is gone | `behind_log` |
| 8 | follows on another record than the log has there: it was made anew, and has grown | `other_log` |
| 9 | does not load | the reason of `SnapshotUnreadable` |
| 10 | says another place than its state | `damaged` |

Where the log's beginning is gone, the oldest event kept is no beginning: what an owner concludes from there
on is not what follows from the snapshots before. So snapshots that cannot be read now are asked for again,
and only where there is none to be used is the rest folded.

The limits: it looks at the newest 256 records of the topic, for a few seconds at most.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, UnknownTopicOrPartitionError

from stream_pool.clock import Clock
from stream_pool.detection import FOLD_VERSION, State
from stream_pool.detection.snapshot import SnapshotUnreadable, dump_state, load_state
from stream_pool.detection.snapshot_records import (
    Snapshot,
    SnapshotDamaged,
    SnapshotReader,
    snapshot_records,
)
from stream_pool.errors import StreamPoolError
from stream_pool.events import EncodedEvent
from stream_pool.events.raw_record import RawRecord
from stream_pool.events.record_digest import record_digest
from stream_pool.stream.client import Client, Producer
from stream_pool.stream.log_reader import raw_record
from stream_pool.stream.offsets import Record
from stream_pool.stream.topic_maker import TopicMaker
from stream_pool.stream.topics import SNAPSHOTS_CONFIG

log = structlog.get_logger(__name__)

_LOOK_BACK_RECORDS = 256
_AT_ONCE = 16
_FIND_TIMEOUT_S = 6.5
_CLOSE_TIMEOUT_S = 0.3
_PARTS_AT_MOST = 64
_FAULTS = (TimeoutError, KafkaError, StreamPoolError, UnicodeDecodeError)
_LASTING = (UnicodeDecodeError, UnknownTopicOrPartitionError)


class SnapshotStore:
    """The snapshots of the log `events` in partition 0 of `topic`.

    `written_offset` and `written_at_s` (monotonic) are of the newest that this process wrote or resumed from.
    """

    def __init__(self, topic: str, events: TopicPartition, *, client: Client, clock: Clock) -> None:
        self.written_offset: int | None = None
        self.written_at_s: float | None = None
        self._snapshots = TopicPartition(topic, 0)
        self._events = events
        self._client = client
        self._clock = clock
        self._maker = TopicMaker(topic, SNAPSHOTS_CONFIG, client=client, clock=clock)
        self._producer: Producer | None = None
        self._writing = asyncio.Lock()

    async def newest(self, earliest: int, end: int) -> State | None:
        """The state of the newest snapshot to go on from, where the log has the offsets [earliest, end).

        None where there is none, or where none could be read and the log is there from its beginning. The
        next record to be folded is `state.chain.folded_to`.

        Raises `TimeoutError`, `KafkaError`, `BrokerUnavailable` where none could be read and it is not.
        """
        self.written_offset = self.written_at_s = None
        try:
            async with asyncio.timeout(_FIND_TIMEOUT_S):
                return await self._find(earliest, end)
        except _FAULTS as error:
            if earliest > 0 and not isinstance(error, _LASTING):
                log.warning("snapshots not read, trying again", error=repr(error))
                raise
            log.warning("snapshots not read, the whole log is folded", error=repr(error))
            return None

    async def write(self, state: State, *, timeout_s: float) -> bool:
        """Write a snapshot of `state` as it is now; False, with a line in the log, where that fails."""
        offset, messages = state.chain.folded_to, snapshot_records(state.chain.folded_to, dump_state(state))
        if len(messages) > _PARTS_AT_MOST:
            log.error("snapshot too large, not written", offset=offset, parts=len(messages))
            return False
        try:
            async with asyncio.timeout(timeout_s), self._writing:
                await self._send(messages)
        except (TimeoutError, KafkaError) as error:
            log.warning("snapshot not written", offset=offset, error=repr(error))
            return False
        self._stands_at(offset)
        log.info("snapshot written", offset=offset, parts=len(messages))
        return True

    async def mend(self) -> None:
        """Make the topic anew, if it is that which is missing."""
        await self._maker.make()

    async def stop(self) -> None:
        """Close the producer, if one was needed."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), _CLOSE_TIMEOUT_S)
        except (TimeoutError, KafkaError) as error:
            log.debug("snapshot producer not closed in time", error=repr(error))

    def _stands_at(self, offset: int) -> None:
        self.written_offset, self.written_at_s = offset, self._clock.monotonic()

    async def _send(self, messages: tuple[EncodedEvent, ...]) -> None:
        if self._producer is None:
            self._producer = await self._client.producer("snapshots", linger_ms=0)
        for message in messages:
            await self._producer.send_and_wait(
                self._snapshots.topic,
                message.value,
                message.key,
                self._snapshots.partition,
                headers=list(message.headers),
            )

    async def _find(self, earliest: int, end: int) -> State | None:
        first, behind = await self._kept()
        first = max(first, behind - _LOOK_BACK_RECORDS)
        reader = SnapshotReader()
        state: State | None = None
        while state is None and behind > first:
            start = max(first, behind - _AT_ONCE)
            for record in reversed(await self._read(self._snapshots, start, behind)):
                found = await self._take(reader, record, earliest, end)
                if isinstance(found, State):
                    state = found
                    break
                if found is not None:
                    found.tell()
            behind = start
        if state is not None:
            self._stands_at(state.chain.folded_to)
        return state

    async def _kept(self) -> tuple[int, int]:
        """The first offset of the snapshots that is there, and the one behind the last."""
        observer = self._client.observer("snapshots")
        await observer.start()
        try:
            places = [self._snapshots]
            first, end = await asyncio.gather(
                observer.beginning_offsets(places), observer.end_offsets(places)
            )
            return first[self._snapshots], end[self._snapshots]
        finally:
            await observer.stop()

    async def _read(self, partition: TopicPartition, start: int, stop: int) -> list[Record]:
        return [record async for some in self._client.records(partition, start, stop) for record in some]

    async def _take(
        self, reader: SnapshotReader, record: Record, earliest: int, end: int
    ) -> "State | _Skipped | None":
        """What comes of one more record, the newest first; None where it completes no snapshot."""
        foreign = reader.foreign
        found = reader.take(raw_record(record))
        if reader.foreign > foreign:
            return _Skipped("foreign", {"record": record.offset})
        if found is None:  # parts are written in order: behind the first there are no more to come
            is_first = dict(record.headers).get("stream-pool.part") == b"0"
            return _Skipped("unfinished", {"record": record.offset}) if is_first else None
        if isinstance(found, SnapshotDamaged):
            return _Skipped("damaged", {"record": record.offset, "problem": found.problem})
        return await self._load(found, earliest, end)

    async def _load(self, snapshot: Snapshot, earliest: int, end: int) -> "State | _Skipped":
        offset = snapshot.offset
        if snapshot.fold_version != FOLD_VERSION:
            return _Skipped("other_fold_version", {"offset": offset, "version": snapshot.fold_version})
        if offset > end:
            return _Skipped("ahead_of_log", {"offset": offset, "log_end": end})
        if offset < earliest:
            return _Skipped("behind_log", {"offset": offset, "oldest_event": earliest})
        try:
            state = load_state(snapshot.dump())
        except SnapshotUnreadable as error:
            return _Skipped(error.reason, {"offset": offset, "problem": str(error)})
        if state.chain.folded_to != offset:
            return _Skipped("damaged", {"offset": offset, "state_offset": state.chain.folded_to})
        if offset > earliest:
            try:
                before = await self._read(self._events, offset - 1, offset)
            except OffsetOutOfRangeError:  # retention has deleted it meanwhile
                before = []
            if any(_digest(raw_record(record)) != state.chain.last for record in before):
                return _Skipped("other_log", {"offset": offset})
        return state


def _digest(record: RawRecord) -> bytes:
    return record_digest(
        record.offset,
        record.timestamp_ms,
        record.timestamp_type,
        record.key,
        record.headers,
        record.value,
    )


@dataclass(frozen=True, slots=True)
class _Skipped:
    """A snapshot that is of no use, and why."""

    reason: str
    where: Mapping[str, object]

    def tell(self) -> None:
        log.warning("snapshot skipped", reason=self.reason, **self.where)
