"""What a source is told, and what it counts."""

from dataclasses import dataclass

from stream_pool.stream.positions import OnOffsetLost, Reset


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Plain values of a source. Buffers are counted per topic, in flight between poll and done.

    `topic_max_age_s`: how old its view of topics may be; `topic_missing_timeout_s`: how long one may be away.
    """

    poll_timeout_ms: int = 200
    max_poll_records: int = 2_000
    buffer_records: int = 4_000
    buffer_bytes: int = 64 * 2**20
    commit_interval_s: float = 1.0
    drain_timeout_s: float = 6.0
    auto_offset_reset: Reset = "earliest"
    on_offset_lost: OnOffsetLost = "stop"
    topic_max_age_s: float = 30.0
    topic_missing_timeout_s: float = 30.0


@dataclass(slots=True)
class SourceCounters:
    """Totals since the process began. `discarded`: records of a partition that was taken away meanwhile."""

    rebalances: int = 0
    commits: int = 0
    commit_failures: int = 0
    fetch_failures: int = 0
    discarded: int = 0
