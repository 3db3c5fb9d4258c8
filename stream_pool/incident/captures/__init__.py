"""Captures that come with the package: the reference incident, small enough to be played in a minute.

`python -m stream_pool.incident.captures` says where they lie. How they were made: `README.md` beside them.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def reference_capture() -> Path:
    """The reference incident's traffic and its group's event log, at a hundredth of its numbers."""
    return _HERE / "reference.ndjson.zst"


def reference_settings() -> Path:
    """The settings under which its workers ran: buffers and thresholds at the same scale."""
    return _HERE / "reference.toml"
