"""What the two requests that we write by hand make of their answers."""

import struct

import pytest

from stream_pool.broker.probe import Cluster, parse_cluster, parse_quorum_leader
from stream_pool.free_port import free_ports


def _string(text: str | None) -> bytes:
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text)) + text.encode()


def _node(number: int, host: str, rack: str | None = None) -> bytes:
    return struct.pack(">i", number) + _string(host) + struct.pack(">i", 9092) + _string(rack)


def _answer(*nodes: bytes, cluster_id: str | None, correlation_id: int = 1) -> bytes:
    """Metadata, version 2: correlation id, nodes, cluster id, controller, no topics."""
    rest = _string(cluster_id) + struct.pack(">ii", 1, 0)
    return struct.pack(">ii", correlation_id, len(nodes)) + b"".join(nodes) + rest


@pytest.mark.parametrize(
    ("answer", "cluster"),
    [
        pytest.param(_answer(cluster_id="abc"), Cluster(0, "abc"), id="1 no node yet"),
        pytest.param(_answer(_node(1, "localhost"), cluster_id="abc"), Cluster(1, "abc"), id="2 one node"),
        pytest.param(
            _answer(_node(1, "a", rack="east"), _node(2, "b"), cluster_id="abc"),
            Cluster(2, "abc"),
            id="3 nodes with and without a rack",
        ),
        pytest.param(_answer(_node(1, "a"), cluster_id=None), Cluster(1, ""), id="4 no cluster id"),
    ],
)
def test_an_answer_tells_nodes_and_cluster_id(answer: bytes, cluster: Cluster) -> None:
    """Hosts and racks of any length are stepped over."""
    assert parse_cluster(answer) == cluster


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="1 another protocol"),
        pytest.param(_answer(cluster_id="abc", correlation_id=2), id="2 an answer to something else"),
        pytest.param(_answer(_node(1, "a"), cluster_id="abc")[:11], id="3 cut off in a node"),
        pytest.param(b"", id="4 nothing"),
    ],
)
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    """Anything but a Metadata answer to our request raises what the caller takes for silence."""
    with pytest.raises((ValueError, struct.error)):
        parse_cluster(answer)


def _quorum(*, correlation_id: int = 1, error: int = 0, partition_error: int = 0, leader: int = 3) -> bytes:
    """DescribeQuorum, version 0: one topic, one partition, its leader and epoch, and more behind it."""
    name = b"__cluster_metadata"
    head = struct.pack(">ibhbb", correlation_id, 0, error, 2, 1 + len(name)) + name
    return head + struct.pack(">bihii", 2, 0, partition_error, leader, 7) + b"more"


def test_an_answer_tells_the_controller() -> None:
    """The leader of the metadata's one partition."""
    assert parse_quorum_leader(_quorum()) == 3


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_quorum(correlation_id=2), id="1 an answer to something else"),
        pytest.param(_quorum(error=41), id="2 refused"),
        pytest.param(_quorum(partition_error=6), id="3 by the partition"),
        pytest.param(_quorum(leader=-1), id="4 no leader at the moment"),
        pytest.param(_quorum()[:30], id="5 cut off"),
        pytest.param(struct.pack(">ibhb", 1, 0, 41, 1), id="6 refused, and no topic in it"),
    ],
)
def test_without_a_controller_there_is_none(answer: bytes) -> None:
    """What names no controller raises what the caller takes for silence."""
    with pytest.raises((ValueError, struct.error)):
        parse_quorum_leader(answer)


def test_ports_are_given_once() -> None:
    """Nodes of one cluster never want the same."""
    assert len(set(free_ports(50))) == 50
