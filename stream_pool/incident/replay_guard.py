"""Where a capture may be replayed to, and to which partitions its records go. Pure.

Recorded orders are real orders: sent again to the cluster that they come from, they would be charged again.
So a replay goes only to clusters that somebody has named beforehand (`STREAM_POOL_REPLAY_ALLOW`), and never
to the one of the capture, unless the person at the keyboard says in so many words that this is meant.

| # | the cluster | a replay |
|---|---|---|
| 1 | is the one that was captured | is refused, listed or not |
| 2 | is listed by its id | may go on |
| 3 | is reached by servers all of which are listed | may go on |
| 4 | any other, or none is listed | is refused |
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

from stream_pool.errors import MisuseError

KEYS_REMEMBERED: Final = 65_536


class ReplayRefused(MisuseError):
    """The cluster is not one that this capture may be replayed to."""

    reason = "replay_refused"


@dataclass(frozen=True, slots=True)
class Target:
    """The cluster and topic that records go to; `cluster` is its id, None where it tells none."""

    cluster: str | None
    servers: tuple[str, ...]
    topic: str
    partitions: int


def refusal(target: Target, captured_from: str | None, allowed: Collection[str]) -> str | None:
    """Why a replay must not go there; None: it may."""
    if captured_from is not None and target.cluster == captured_from:
        return f"cluster {target.cluster!r} is the one that this was captured from"
    if target.cluster is not None and target.cluster in allowed:
        return None
    if all(server in allowed for server in target.servers):
        return None
    listed = f"allows {', '.join(sorted(allowed))}" if allowed else "allows none"
    return (
        f"cluster {target.cluster!r} at {', '.join(target.servers)} is not on the list of those that may be "
        f"replayed to: STREAM_POOL_REPLAY_ALLOW {listed}"
    )


def allowed_clusters(setting: str) -> frozenset[str]:
    """The ids and servers that the setting names; `kafka://` may stand before a server."""
    names = (name.strip().removeprefix("kafka://") for name in setting.split(","))
    return frozenset(name for name in names if name)


class Placement:
    """To which partition a record goes.

    | # | the topic has | the record's | goes to |
    |---|---|---|---|
    | 1 | as many partitions as the captured one, whichever of them were captured | | its own |
    | 2 | at least those that were captured; there were others, and nobody said how many | | its own |
    | 3 | another number | key | that which Kafka's own clients choose: murmur2 of the key |
    | 4 | another number | lack of a key | its own, modulo the number: records stay in their order |

    By 3 the order of a partition stays among records of one key. `partition_count` is the captured topic's;
    None: nobody said, and the highest number that was captured counts.
    """

    def __init__(
        self, captured: Collection[int], partitions: int, partition_count: int | None = None
    ) -> None:
        count = max(captured, default=0) + 1
        is_part = partition_count is None and len(captured) < count
        self.captured = max(count, partition_count or 0)
        self._partitions = partitions
        self.is_kept = count <= partitions if is_part else self.captured == partitions
        self._by_key = lru_cache(KEYS_REMEMBERED)(self._hash)

    def of(self, partition: int, key: bytes | None) -> int:
        """Where a record of a captured partition goes."""
        if self.is_kept:
            return partition
        return partition % self._partitions if key is None else self._by_key(key)

    def _hash(self, key: bytes) -> int:
        return int((murmur2(key) & 0x7FFFFFFF) % self._partitions)


def retention_warning(config: Mapping[str, str], first_ms: int | None, now_ms: int) -> str | None:
    """What becomes of records that keep their times on a topic configured so, where it is not good."""
    retention_ms = int(config.get("retention.ms", -1))
    if first_ms is None or retention_ms < 0 or config.get("message.timestamp.type") == "LogAppendTime":
        return None
    if now_ms - first_ms <= retention_ms:
        return None
    return (
        f"the topic keeps records for {retention_ms / 3_600_000:,.0f} h, and these begin "
        f"{(now_ms - first_ms) / 3_600_000:,.0f} h ago: the broker deletes what is older. "
        "--times shift gives them today's times"
    )
