"""One capture, from the plan to the file's last line; or a look at what one would write."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError
from stream_pool.incident.capture.continuation import check_continues
from stream_pool.incident.capture.plan import Wanted, plan, ranges_of
from stream_pool.incident.capture.run import CaptureRun
from stream_pool.incident.capture.sinks import Preview, Redacting, Sink
from stream_pool.incident.capture_file import Capture, CaptureHeader, CaptureWriter, Lost
from stream_pool.incident.redaction import Redactor
from stream_pool.stream.client import Reader
from stream_pool.stream.errors import not_found
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.offsets import Record

FETCHED_BYTES = 64 << 20
"""What may lie fetched, over all partitions."""

_FETCH_BYTES = (64 << 10, 1 << 20)
_EXISTING_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture came to. `records` of this run; `already` in a file that was continued."""

    path: Path
    header: CaptureHeader
    records: int
    already: int
    lost: tuple[Lost, ...]
    is_whole: bool
    size_bytes: int
    took_s: float


@dataclass(frozen=True, slots=True)
class CaptureJob:
    """A capture by `client` of what is `wanted`.

    `begun` is given the run before it reads, so that it can be stopped; `watch` is told how many offsets are
    done, of how many, and how many records that were.
    """

    client: KafkaClient
    wanted: Wanted
    clock: Clock
    redactor: Redactor | None = None
    timeout_s: float = 10.0
    begun: Callable[[CaptureRun], None] = lambda run: None
    watch: Callable[[int, int, int], None] = lambda done, all_, records: None

    async def to_file(self, path: Path, *, resume: bool = False) -> Captured:
        """Write the capture, or go on with the one that is there.

        Whatever ends it, the file is closed so that it can be read and continued. Raises `MisuseError`,
        `CaptureUnreadable`, `CaptureDamaged`, `CaptureInUse`, `TopicMissing`, `BrokerUnavailable`,
        `AccessDenied`, and `CaptureUnwritable`.
        """
        began_s = self.clock.monotonic()
        async with self._opened() as (planned, reader):
            writer = self._writer(path, planned, resume)
            already = sum(sum(counts.values()) for counts in writer.counts.values())
            sink: Sink = writer
            if self.redactor is not None:
                sink = Redacting(writer, self.redactor, writer.header.topic)
            with writer:
                run = self._run(writer.header, reader, sink, _done(writer))
                try:
                    await run.run()
                finally:
                    writer.close(is_whole=run.is_whole)
        return Captured(
            path,
            writer.header,
            run.records,
            already,
            tuple(run.lost),
            run.is_whole,
            writer.size_bytes,
            self.clock.monotonic() - began_s,
        )

    async def preview(self, count: int) -> list[Record]:
        """The first records that the capture would have, as they are."""
        async with self._opened() as (header, reader):
            sink = Preview(count, lambda: run.stop())
            run = self._run(header, reader, sink, {})
            await run.run()
        return sink.records

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[CaptureHeader, Reader]]:
        async with self.client.admin(timeout_s=self.timeout_s) as admin:
            count = (await admin.partition_counts([self.wanted.topic])).get(self.wanted.topic)
            if not count:
                raise not_found(self.wanted.topic)
            least, most = _FETCH_BYTES
            fetch_bytes = max(least, min(most, FETCHED_BYTES // count))
            reader = self.client.reader(max_partition_fetch_bytes=fetch_bytes)
            await reader.start()
            try:
                header = await plan(self.wanted, admin, reader, self.clock)
            except BaseException:
                await reader.stop()
                raise
        try:
            yield header, reader
        finally:
            await reader.stop()

    def _run(
        self, header: CaptureHeader, reader: Reader, sink: Sink, done: Mapping[tuple[str, int], int]
    ) -> CaptureRun:
        """The run over those of the header's offsets that are not `done`."""
        ranges = {
            place: (min(max(start, done.get((place.topic, place.partition), 0)), stop), stop)
            for place, (start, stop) in ranges_of(header).items()
        }
        total = sum(stop - start for start, stop in ranges.values())
        run = CaptureRun(
            reader,
            ranges,
            sink,
            existing=lambda: self._existing({place.topic for place in ranges}),
            clock=self.clock,
            watch=lambda offsets, records: self.watch(offsets, total, records),
        )
        self.begun(run)
        return run

    async def _existing(self, topics: Collection[str]) -> Collection[str]:
        async with self.client.admin(timeout_s=_EXISTING_TIMEOUT_S) as admin:
            return await admin.partition_counts(topics)

    def _writer(self, path: Path, planned: CaptureHeader, resume: bool) -> CaptureWriter:
        redactor = self.redactor
        try:
            if resume and path.exists():
                check_continues(path, Capture(path).header, planned, self.wanted, redactor)
                return CaptureWriter.resume(path)
            if redactor is not None:
                rules = tuple(rule.text for rule in redactor.rules)
                planned = replace(planned, redaction=rules, salt_id=redactor.salt_id)
            return CaptureWriter(path, planned)
        except FileExistsError:
            raise MisuseError(f"{path} is there already: --resume goes on with it") from None
        except OSError as error:
            raise MisuseError(f"{path} cannot be written: {error.strerror}") from error


def _done(writer: CaptureWriter) -> Mapping[tuple[str, int], int]:
    """Before which offsets nothing is left to be read. Of a capture that was whole nothing is lost later."""
    if not writer.was_whole:
        return writer.next_offsets
    ranges = ranges_of(writer.header)
    return {(place.topic, place.partition): stop for place, (_, stop) in ranges.items()}
