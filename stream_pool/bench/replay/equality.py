"""Whether two sequences of records are the same: by partition, in order, field by field. Pure.

They may come in another order across partitions. In memory is what one of them is ahead of the other.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple


class Fields(NamedTuple):
    """All that a record has."""

    partition: int
    offset: int
    timestamp_ms: int
    timestamp_type: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


def differences(ones: Iterable[Fields], others: Iterable[Fields]) -> int:
    """Fields that differ, and records that only one side has."""
    found = 0
    ahead: dict[int, tuple[deque[Fields], deque[Fields]]] = defaultdict(lambda: (deque(), deque()))
    for pair in zip_longest(ones, others):
        for side, record in enumerate(pair):
            if record is None:
                continue
            queues = ahead[record.partition]
            if queues[1 - side]:
                found += _fields_that_differ(record, queues[1 - side].popleft())
            else:
                queues[side].append(record)
    return found + sum(len(one) + len(other) for one, other in ahead.values())


def _fields_that_differ(one: Fields, other: Fields) -> int:
    return 0 if one == other else sum(mine != theirs for mine, theirs in zip(one, other, strict=True))
