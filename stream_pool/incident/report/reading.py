"""What a report can be read from: a log file, a capture (with its events), and for dead letters either.

Damage ends the reading and not the report: what stood before it is told, and where it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from stream_pool.errors import MisuseError
from stream_pool.events import read_raw
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.capture_file import Capture, CaptureDamaged, CaptureUnreadable
from stream_pool.incident.log_file import LogFile, LogFileDamaged, LogFileHeader, LogFileUnreadable
from stream_pool.incident.report.collecting import Collector
from stream_pool.incident.report.letters import LetterBook
from stream_pool.incident.report.story import Story
from stream_pool.incident.report.versions import Versions
from stream_pool.stream.log_reader import EVENTS_SUFFIX

LETTERS_SUFFIX = ".dead-letters"
_TELL_EVERY = 500

Tell = Callable[[int, int | None, int], None]
"""Told how many bytes are read, of how many, and how many records that were."""


class RecordFile:
    """A file of records, whichever kind it is. Raises `MisuseError` when made, where it is none."""

    def __init__(self, path: Path) -> None:
        self.file = _opened(path)

    @property
    def topic(self) -> str:
        """The topic that it is of, before all others."""
        return self.file.header.topic

    def topic_named(self, suffix: str) -> str | None:
        """The topic in it whose name ends so, the group's before any other; None where there is none."""
        header = self.file.header
        others = () if isinstance(header, LogFileHeader) else tuple(header.others)
        topics = (self.topic, *others)
        if header.group is not None and header.group + suffix in topics:
            return header.group + suffix
        return next((topic for topic in topics if topic.endswith(suffix)), None)

    def records(self, tell: Tell) -> Iterator[tuple[str, int, RawRecord]]:
        """Topic, partition and record of each, in the order of the file. Raises what reading it does."""
        number = 0
        for number, record in enumerate(self._records(), 1):
            yield record
            if number % _TELL_EVERY == 0:
                tell(self.file.read_bytes, self.file.size_bytes, number)
        tell(self.file.size_bytes, self.file.size_bytes, number)

    def _records(self) -> Iterator[tuple[str, int, RawRecord]]:
        if isinstance(self.file, LogFile):
            for topic, record in self.file:
                yield topic, 0, record
        else:
            for captured in self.file:
                yield captured.topic, captured.partition, captured.record


def story_of(path: Path, tell: Tell) -> Story:
    """The story of a log in a file.

    Raises `MisuseError` where the file is no log and no capture, or no event is in it.
    """
    source = RecordFile(path)
    events = source.topic if isinstance(source.file, LogFile) else source.topic_named(EVENTS_SUFFIX)
    if events is None:
        raise MisuseError(f"{path} has no events: capture them too, with --events")
    from_ms = source.file.header.from_ms if isinstance(source.file, Capture) else None
    collector, versions, damage = Collector(from_ms=from_ms or 0), Versions(), None
    try:
        for topic, partition, record in source.records(tell):
            if topic == events:
                collector.take(read_raw(record))
            elif topic == source.topic:
                versions.take(topic, partition, record)
    except (LogFileDamaged, CaptureDamaged) as damaged:
        damage = str(damaged)
    story = collector.story(path.name, events.removesuffix(EVENTS_SUFFIX), damage)
    if isinstance(source.file, Capture):
        lost = source.file.lost
        gone = sum(each.stop - each.start for each in lost)
        extent = replace(
            story.extent, gone_offsets=gone, gone_ranges=len(lost), is_whole=source.file.is_whole
        )
        story = replace(story, extent=extent)
    return replace(story, schema_versions=versions.versions())


def take_letters(path: Path, book: LetterBook, tell: Tell) -> str | None:
    """Take the dead letters of a file in; where it is damaged, say so. Raises `MisuseError`."""
    source = RecordFile(path)
    topic = source.topic_named(LETTERS_SUFFIX) or source.topic
    try:
        for from_, partition, record in source.records(tell):
            if from_ == topic:
                book.take(from_, partition, record)
    except (LogFileDamaged, CaptureDamaged) as damaged:
        return str(damaged)
    return None


def _opened(path: Path) -> LogFile | Capture:
    try:
        return LogFile(path)
    except LogFileUnreadable as no_log:
        try:
            return Capture(path)
        except CaptureUnreadable as no_capture:
            raise MisuseError(f"neither a log nor a capture: {no_log}; {no_capture}") from no_capture
