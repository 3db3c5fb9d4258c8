"""The detector: a pure fold over the event log, and the rules that it judges by."""

from stream_pool.detection.chain import Chain
from stream_pool.detection.conclusion import Conclusion, message
from stream_pool.detection.fold import fold
from stream_pool.detection.rules import FOLD_VERSION, Rules
from stream_pool.detection.snapshot import SNAPSHOT_VERSION, SnapshotUnreadable, dump_state, load_state
from stream_pool.detection.state import State, missing, open_anomalies

__all__ = [
    "FOLD_VERSION",
    "SNAPSHOT_VERSION",
    "Chain",
    "Conclusion",
    "Rules",
    "SnapshotUnreadable",
    "State",
    "dump_state",
    "fold",
    "load_state",
    "message",
    "missing",
    "open_anomalies",
]
