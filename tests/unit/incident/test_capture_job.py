"""A capture that is continued: what is left of it, and what it cannot become."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from captures import HEADER, at, write

from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.incident.capture import CaptureJob, Wanted
from stream_pool.incident.capture.job import _done
from stream_pool.incident.capture_file import CaptureWriter
from stream_pool.stream.kafka import KafkaClient


def test_of_a_whole_capture_nothing_is_left(tmp_path: Path) -> None:
    """Although its last offsets held no record: what retention took since is not lost to it."""
    with CaptureWriter.resume(write(tmp_path / "c", [at(7)])) as writer:
        assert _done(writer) == {("orders", 0): 10}
    with CaptureWriter.resume(tmp_path / "c") as writer:
        writer.close(is_whole=False)
    with CaptureWriter.resume(tmp_path / "c") as writer:
        assert _done(writer) == {("orders", 0): 8}


def test_events_cannot_be_added_later(tmp_path: Path) -> None:
    """To leave them out goes on with those of the file."""
    job = CaptureJob(cast("KafkaClient", None), Wanted("orders"), SystemClock())
    job._check(tmp_path, replace(HEADER, group="g"), HEADER)
    with pytest.raises(MisuseError, match="without the events of 'g'"):
        job._check(tmp_path, HEADER, replace(HEADER, group="g"))
