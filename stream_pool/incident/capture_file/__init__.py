"""A capture: traffic taken off a topic into a file, one record a line of JSON.

    {"stream_pool_capture": 1, "cluster": "…", "topic": "orders", "partitions": {"0": [12, 814]},
     "partition_count": 4, …}
    {"partition": 0, "offset": 12, "timestamp": 1767225600000, "timestamp_type": 0, "key": …,
     "headers": [["name", …], …], "value": …}
    {"topic": "g.events", "partition": 0, "offset": …, …}
    {"partition": 0, "lost": [400, 512], "why": "retention"}
    {"records": 2, "by_topic": {"g.events": {"0": 1}, "orders": {"0": 1}}, "sha256": "…"}

A record names its topic where that is not the header's. Keys, values and headers' values are strings where
they are UTF-8, else `{"base64": …}`, and null where there is none. A line with `lost` stands for offsets that
were deleted before they could be read. Records of a partition stand in the order of their offsets; those of
several partitions are merged by time as far as they came, which is no promise.

The last line tells how many records there are and the SHA-256 of every byte before it, unpacked; it says
`"whole": false` where capturing was stopped before the ranges of the header were read. A file without it was
cut off. The sum finds accidents, not forgers. Members that a reader does not know are skipped.

By its name's end a capture is packed by zstd (`.zst`), by gzip (`.gz`), or not at all. Whatever its size,
reading and writing hold a few megabytes of it.
"""

from stream_pool.incident.capture_file.by_time import capture_by_time
from stream_pool.incident.capture_file.errors import (
    CaptureDamaged,
    CaptureInUse,
    CaptureUnreadable,
    CaptureUnwritable,
)
from stream_pool.incident.capture_file.form import CapturedRecord, CaptureHeader, Lost
from stream_pool.incident.capture_file.reader import Capture
from stream_pool.incident.capture_file.writer import CaptureWriter

__all__ = [
    "Capture",
    "CaptureDamaged",
    "CaptureHeader",
    "CaptureInUse",
    "CaptureUnreadable",
    "CaptureUnwritable",
    "CaptureWriter",
    "CapturedRecord",
    "Lost",
    "capture_by_time",
]
