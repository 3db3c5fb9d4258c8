"""How far behind a consumer group is, and what state it is in: pure functions of commits and end offsets."""

from stream_pool.lag.commit import Commit
from stream_pool.lag.evaluation import evaluate_partition
from stream_pool.lag.history import PartitionHistory, PartitionState
from stream_pool.lag.offset_times import OffsetTimes, lag_seconds
from stream_pool.lag.status import Status
from stream_pool.lag.tendency import is_growing, is_quiet

__all__ = [
    "Commit",
    "OffsetTimes",
    "PartitionHistory",
    "PartitionState",
    "Status",
    "evaluate_partition",
    "is_growing",
    "is_quiet",
    "lag_seconds",
]
