"""Where a capture may go, case by case as the module numbers them, and to which partitions."""

import pytest
from aiokafka.partitioner import DefaultPartitioner

from stream_pool.incident.replay_guard import (
    Placement,
    Target,
    allowed_clusters,
    refusal,
    retention_warning,
)

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("cluster", "servers", "captured_from", "allow", "may"),
    [
        pytest.param("prod", ("p:9092",), "prod", "", False, id="1 the captured one"),
        pytest.param("prod", ("p:9092",), "prod", "prod,p:9092", False, id="1 though it is listed"),
        pytest.param("test", ("t:9092",), "prod", "test", True, id="2 listed by its id"),
        pytest.param("test", ("t:9092",), None, "test", True, id="2 whatever was captured"),
        pytest.param("test", ("t:9092",), "prod", "t:9092", True, id="3 listed by its server"),
        pytest.param("test", ("t:9092", "u:9092"), "prod", " kafka://t:9092 , u:9092", True, id="3 by all"),
        pytest.param("test", ("t:9092", "p:9092"), "prod", "t:9092", False, id="3 not by one of them"),
        pytest.param(None, ("t:9092",), "prod", "t:9092", True, id="3 a cluster that tells no id"),
        pytest.param("test", ("t:9092",), "prod", "", False, id="4 nothing is listed"),
        pytest.param("test", ("t:9092",), "prod", "other,t:9093", False, id="4 others are"),
        pytest.param(None, ("t:9092",), None, "", False, id="4 nothing is known"),
    ],
)
def test_where_a_replay_may_go(
    cluster: str | None, servers: tuple[str, ...], captured_from: str | None, allow: str, may: bool
) -> None:
    """Only where somebody allowed it, and never back."""
    target = Target(cluster, servers, "orders", 4)
    assert (refusal(target, captured_from, allowed_clusters(allow)) is None) is may


@pytest.mark.parametrize(
    ("captured", "count", "partitions", "partition", "key", "goes_to"),
    [
        pytest.param([0, 1, 2], None, 3, 2, b"a", 2, id="1 as many: its own"),
        pytest.param([0, 1, 2], 12, 12, 2, b"b", 2, id="1 as many, of which the first were captured"),
        pytest.param([0, 3], 12, 12, 3, b"a", 3, id="1 or some"),
        pytest.param([0, 3], None, 12, 3, b"a", 3, id="2 a part of more: its own"),
        pytest.param([0, 3], None, 4, 3, b"a", 3, id="2 or of as many"),
        pytest.param([0, 1, 2], None, 4, 2, None, 2, id="4 no key: its own"),
        pytest.param([0, 1, 2], None, 2, 2, None, 0, id="4 modulo"),
        pytest.param([0, 3], 12, 2, 3, None, 1, id="4 of a part, too"),
    ],
)
def test_where_a_record_goes(
    captured: list[int], count: int | None, partitions: int, partition: int, key: bytes | None, goes_to: int
) -> None:
    """By the table's numbers."""
    assert Placement(captured, partitions, count).of(partition, key) == goes_to


@pytest.mark.parametrize(("captured", "count"), [([0, 1, 2], None), ([0, 5], None), ([0, 3], 12)])
@pytest.mark.parametrize("key", [b"", b"a", b"customer-17", b"\xff\x00", bytes(range(256))])
def test_by_3_a_key_goes_where_kafka_s_clients_send_it(
    captured: list[int], count: int | None, key: bytes
) -> None:
    """aiokafka's partitioner is held to the Java client's."""
    placement = Placement(captured, 5, count)
    assert not placement.is_kept
    assert placement.of(1, key) == placement.of(0, key) == DefaultPartitioner()(key, list(range(5)), [])


@pytest.mark.parametrize(
    ("config", "age_ms", "warned"),
    [
        pytest.param({"retention.ms": str(HOUR_MS)}, 2 * HOUR_MS, True, id="1 older than is kept"),
        pytest.param({"retention.ms": str(HOUR_MS)}, HOUR_MS, False, id="2 not older"),
        pytest.param({"retention.ms": "-1"}, 2 * HOUR_MS, False, id="3 kept for ever"),
        pytest.param({}, 2 * HOUR_MS, False, id="4 not known"),
        pytest.param(
            {"retention.ms": str(HOUR_MS), "message.timestamp.type": "LogAppendTime"},
            2 * HOUR_MS,
            False,
            id="5 the broker has its own times",
        ),
    ],
)
def test_times_that_retention_would_delete_are_warned_of(
    config: dict[str, str], age_ms: int, warned: bool
) -> None:
    """With what helps."""
    warning = retention_warning(config, 10 * HOUR_MS, 10 * HOUR_MS + age_ms)
    assert (warning is not None) is warned
    assert warning is None or "--times shift" in warning
