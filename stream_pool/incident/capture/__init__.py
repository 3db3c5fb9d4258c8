"""Takes traffic off a topic into a file.

A reader outside every group, which commits nothing, reads ranges of offsets that are fixed before it begins
(`plan`), merges them by time (`CaptureRun`) and hands them to a sink: a `CaptureWriter`, with redaction
before it, or a preview. What can no longer be read is told to the sink as lost.
"""

from stream_pool.incident.capture.job import Captured, CaptureJob
from stream_pool.incident.capture.plan import Wanted
from stream_pool.incident.capture.run import CaptureRun
from stream_pool.incident.capture.sinks import redacted

__all__ = ["CaptureJob", "CaptureRun", "Captured", "Wanted", "redacted"]
