"""What the one request that we write by hand makes of its answers."""

import struct

import pytest

from stream_pool.broker.probe import Cluster, parse_cluster


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
