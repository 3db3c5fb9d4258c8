"""Is a broker there, and who is the controller? Two requests by hand.

They are asked without a client library so that the answer comes in one blocking call, needs no event loop and
leaves no log lines behind while a broker is still starting; and clients name any broker as the controller,
since each passes on what is for it. Plain text connections only.
"""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_Answer = TypeVar("_Answer")

_METADATA_V2 = struct.pack(">hhi", 3, 2, 1) + struct.pack(">h11s", 11, b"stream-pool") + struct.pack(">i", 0)
"""Metadata (api key 3) in version 2, correlation id 1, for no topic: nodes and cluster id only."""

_METADATA_LOG = b"__cluster_metadata"
_DESCRIBE_QUORUM_V0 = (
    struct.pack(">hhih11s", 55, 0, 1, 11, b"stream-pool")
    + struct.pack(">bbb18s", 0, 2, 1 + len(_METADATA_LOG), _METADATA_LOG)
    + struct.pack(">bibbb", 2, 0, 0, 0, 0)
)
"""DescribeQuorum (api key 55) in version 0, correlation id 1, for the one partition of the metadata. Single
bytes are lengths plus one, and empty lists of tags."""
_QUORUM = struct.Struct(">ibhbb18sbihi")
"""The answer: correlation id, tags, error, topics, name, partitions, index, error, leader, and more."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a broker says of its cluster."""

    nodes: int
    cluster_id: str


def ask_cluster(bootstrap_servers: str, timeout_s: float) -> Cluster | None:
    """The answer of the first of the servers that gives one, or None.

    A cluster without nodes has no broker ready to take topics yet (Kafka's are fenced while they start).
    """
    return _first(bootstrap_servers, _METADATA_V2, parse_cluster, timeout_s)


def ask_controller(bootstrap_servers: str, timeout_s: float) -> int | None:
    """The node that is the active controller, by the first of the servers that says so, or None."""
    return _first(bootstrap_servers, _DESCRIBE_QUORUM_V0, parse_quorum_leader, timeout_s)


def await_cluster(
    bootstrap_servers: str, timeout_s: float, alive: Callable[[], bool], nodes: int = 1
) -> Cluster | None:
    """Ask until a cluster with so many nodes answers; give up after `timeout_s`, or once it is no longer
    `alive`."""
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0 and alive():
        cluster = ask_cluster(bootstrap_servers, min(left, 2.0))
        if cluster is not None and cluster.nodes >= nodes:
            return cluster
        time.sleep(0.05)
    return None


def _first(
    bootstrap_servers: str, request: bytes, parse: Callable[[bytes], _Answer], timeout_s: float
) -> _Answer | None:
    """The answer of the first of the servers that gives one that can be read, or None."""
    for server in bootstrap_servers.split(","):
        try:
            return parse(_ask(server.strip(), request, timeout_s))
        except (OSError, ValueError, struct.error):
            continue
    return None


def _ask(server: str, request: bytes, timeout_s: float) -> bytes:
    host, _, port = server.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout_s) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (length,) = struct.unpack(">i", _read(connection, 4))
        if not 0 < length < 1 << 20:
            raise ValueError("not a Kafka answer")
        return _read(connection, length)


def parse_cluster(answer: bytes) -> Cluster:
    """Read a Metadata answer, version 2, up to the cluster id; ValueError or struct.error when it is none."""
    correlation_id, nodes = struct.unpack_from(">ii", answer)
    if correlation_id != 1:
        raise ValueError("not an answer to our request")
    at = 8
    for _ in range(nodes):
        at = _after_string(answer, at + 4)  # node id, then host
        at = _after_string(answer, at + 4)  # port, then rack
    end = _after_string(answer, at)
    return Cluster(nodes=nodes, cluster_id=answer[at + 2 : end].decode("utf-8", "replace"))


def parse_quorum_leader(answer: bytes) -> int:
    """Read a DescribeQuorum answer up to the leader; ValueError or struct.error when it has none."""
    correlation_id, _, error, _, _, name, _, _, partition_error, leader = _QUORUM.unpack_from(answer)
    if correlation_id != 1 or name != _METADATA_LOG:
        raise ValueError("not an answer to our request")
    if error or partition_error or leader < 0:
        raise ValueError(f"no controller: errors {error} and {partition_error}, leader {leader}")
    return int(leader)


def _after_string(answer: bytes, at: int) -> int:
    length: int = struct.unpack_from(">h", answer, at)[0]
    return at + 2 + max(length, 0)


def _read(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            raise OSError("connection closed")
        received += piece
    return bytes(received)
