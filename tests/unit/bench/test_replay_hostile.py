"""The records of the round trip: hostile in each way that they are said to be, and the same every time."""

from itertools import pairwise

from stream_pool.bench.replay.hostile import CONTENTS, PARTITIONS, hostile_records

RECORDS = list(hostile_records(3_000))


def test_the_same_records_every_time() -> None:
    """And as the beginning of more of them."""
    assert list(hostile_records(100)) == RECORDS[:100]


def test_keys_values_and_headers_are_absent_empty_text_and_binary() -> None:
    """Each of the known contents comes in each place."""
    contents = set(CONTENTS)
    assert contents <= {record.key for record in RECORDS}
    assert contents <= {record.value for record in RECORDS}
    assert contents <= {value for record in RECORDS for _, value in record.headers}
    assert any(record.key is None and record.value is None for record in RECORDS)


def test_header_names_repeat_within_a_record_and_may_be_empty() -> None:
    """Kafka forbids neither."""
    names = [[name for name, _ in record.headers] for record in RECORDS]
    assert any(len(set(each)) < len(each) for each in names)
    assert any("" in each for each in names)


def test_times_are_equal_and_go_back() -> None:
    """In every partition, of which none is empty."""
    assert {record.partition for record in RECORDS} == set(range(PARTITIONS))
    for partition in range(PARTITIONS):
        times = [each.timestamp_ms or 0 for each in RECORDS if each.partition == partition]
        assert any(before == after for before, after in pairwise(times))
        assert any(before > after for before, after in pairwise(times))
