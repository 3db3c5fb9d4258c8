"""Apache Kafka in a container, by testcontainers, from the image that the project itself publishes.

The image advertises one fixed address, so a port of the host is chosen before the container starts.
Testcontainers' own reaper removes the container should this process be killed.
"""

from __future__ import annotations

import os
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.errors import BrokerMissingError, BrokerStartError
from stream_pool.broker.kafka_home import kafka_version
from stream_pool.broker.probe import await_cluster
from stream_pool.free_port import free_port

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

_DEFAULT_HOST = "unix:///var/run/docker.sock"
_ENGINE_TIMEOUT_S = 2
_START_TIMEOUT_S = 120.0
_CONTAINER_PORT = 9092


class DockerBroker(Broker):
    """A container of `apache/kafka`, pinned to the version that the Java broker runs too."""

    kind = "docker"

    def __init__(self, say: Say = silent) -> None:
        self._say = say
        self._address = ""
        self._container: DockerContainer | None = None
        self._stopped = False

    @property
    def version(self) -> str:
        return kafka_version()

    @property
    def bootstrap_servers(self) -> str:
        return self._address

    def missing(self) -> str | None:
        if find_spec("testcontainers") is None:
            return "the package testcontainers (pip install 'stream-pool[docker]')"
        if not _engine_answers():
            return "a Docker engine that answers (at DOCKER_HOST, or the local socket)"
        return None

    def start(self) -> None:
        if (missing := self.missing()) is not None:
            raise BrokerMissingError(f"Apache Kafka in a container needs {missing}")
        from docker.errors import DockerException
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.docker_client import DockerClient

        image = f"apache/kafka:{self.version}"
        self._say(f"starting a container of {image} (fetched first where it is not there)")
        port = free_port()
        try:
            self._address = f"{DockerClient().host()}:{port}"
            container = DockerContainer(image).with_bind_ports(_CONTAINER_PORT, port)
            for name, value in _environment(self._address).items():
                container = container.with_env(name, value)
            self._container = container.start()
            if self._stopped:
                self.stop()
        except (DockerException, OSError) as error:
            raise BrokerStartError(f"the container of {image} did not start: {error}") from error
        if await_cluster(self._address, _START_TIMEOUT_S, lambda: not self._stopped) is None:
            raise BrokerStartError(f"no answer from the container of {image} in {_START_TIMEOUT_S:.0f} s")

    def stop(self) -> None:
        self._stopped = True
        container, self._container = self._container, None
        if container is not None:
            container.stop()


def _engine_answers() -> bool:
    from docker.client import DockerClient
    from docker.errors import DockerException

    if not _socket_answers(os.environ.get("DOCKER_HOST", _DEFAULT_HOST)):
        return False
    try:
        client = DockerClient.from_env(timeout=_ENGINE_TIMEOUT_S)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()


def _socket_answers(host: str) -> bool:
    """Whether anybody listens: docker's client leaves a socket open behind it when nobody does."""
    url = urlsplit(host)
    try:
        if url.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as local:
                local.settimeout(_ENGINE_TIMEOUT_S)
                local.connect(url.path)
        elif url.scheme == "tcp":
            socket.create_connection((url.hostname or "", url.port or 2375), _ENGINE_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _environment(address: str) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{_CONTAINER_PORT},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{address}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    }
