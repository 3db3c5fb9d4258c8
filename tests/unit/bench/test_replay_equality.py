"""When two sequences of records are the same to the bench of replays."""

import pytest

from stream_pool.bench.replay.equality import Fields, differences

RECORDS = [
    Fields(number % 2, number // 2, 1_000, 0, b"k", (("h", b""), ("h", None)), b"%d" % number)
    for number in range(10)
]


def test_the_order_across_partitions_does_not_matter() -> None:
    """Within each it does."""
    by_partition = sorted(RECORDS, key=lambda record: (-record.partition, record.offset))
    assert differences(RECORDS, by_partition) == 0
    swapped = [*RECORDS[:6], RECORDS[8], RECORDS[7], RECORDS[6], RECORDS[9]]
    assert differences(RECORDS, swapped) == 4, "an offset and a value of each"


@pytest.mark.parametrize(
    "change",
    [
        {"offset": 9},
        {"timestamp_ms": 1_001},
        {"timestamp_type": 1},
        {"key": None},
        {"headers": (("h", None), ("h", b""))},
        {"headers": (("h", b""), ("h", b""))},
        {"value": b""},
    ],
)
def test_every_field_counts(change: dict[str, object]) -> None:
    """Nulls and empty ones, the order of headers and all else."""
    changed = [*RECORDS[:4], RECORDS[4]._replace(**change), *RECORDS[5:]]  # type: ignore[arg-type]
    assert differences(RECORDS, changed) == differences(changed, RECORDS) == 1


def test_what_only_one_side_has_counts() -> None:
    """At the end, in another partition, or all of it."""
    assert differences(RECORDS, RECORDS[:-1]) == 1
    assert differences(RECORDS, [*RECORDS, RECORDS[0]._replace(partition=7)]) == 1
    assert differences([], RECORDS) == len(RECORDS)
