"""The container broker against a stub of a Docker engine: when it is chosen, and what it asks the engine for.

The stub speaks as much of the engine's API as starting and removing one container takes. In place of one it
opens the port that was asked for and answers there as a broker would.
"""

import json
import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer, ThreadingUnixStreamServer
from typing import Any

import pytest

from stream_pool.broker import BrokerMissingError, BrokerStartError, choose_broker
from stream_pool.broker.choose import BestBroker
from stream_pool.broker.docker import DockerBroker
from stream_pool.broker.kafka_home import kafka_version


class _Broker(StreamRequestHandler):
    """Answers every request with a cluster of one node."""

    def handle(self) -> None:
        while header := self.rfile.read(4):
            self.rfile.read(struct.unpack(">i", header)[0])
            answer = (
                struct.pack(">iiih4sihh", 1, 1, 1, 4, b"host", 9092, -1, 2) + b"id" + struct.pack(">ii", 1, 0)
            )
            self.wfile.write(struct.pack(">i", len(answer)) + answer)


@dataclass
class _Engine:
    """What the stub was asked for."""

    path: Path
    refuses: bool = False
    created: list[dict[str, Any]] = field(default_factory=list)
    removed: int = 0
    brokers: list[ThreadingTCPServer] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON for one request; the path comes without the API version."""
        route = f"{method} {re.sub('[?].*', '', path)}"
        if route == "GET /_ping":
            return 200, "OK"
        if route == "GET /version":
            return 200, {"ApiVersion": "1.44", "MinAPIVersion": "1.24", "Version": "27.0"}
        if route == "POST /containers/create":
            if self.refuses:
                return 500, {"message": "no space left on device"}
            self.created.append(json.loads(body))
            return 201, {"Id": "c0ffee", "Warnings": []}
        if route == "POST /containers/c0ffee/start":
            (binding,) = self.created[-1]["HostConfig"]["PortBindings"]["9092/tcp"]
            broker = ThreadingTCPServer(("127.0.0.1", int(binding["HostPort"])), _Broker)
            self.brokers.append(broker)
            threading.Thread(target=broker.serve_forever, daemon=True).start()
            return 204, None
        if route == "DELETE /containers/c0ffee":
            self.removed += 1
            return 204, None
        if route == "GET /containers/c0ffee/json":
            return 200, {"Id": "c0ffee", "Name": "/stub", "State": {"Status": "running"}, "Config": {}}
        if path.startswith("/images/"):
            return 200, {"Id": "sha256:1", "RepoTags": [], "Config": {}}
        return 404, {"message": f"the stub does not know {route}"}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Engine]:
    """A stub engine behind DOCKER_HOST."""
    stub = _Engine(tmp_path / "docker.sock")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = stub.answer(self.command, re.sub(r"^/v1\.\d+", "", self.path), body)
            text = (
                b"" if told is None else told.encode() if isinstance(told, str) else json.dumps(told).encode()
            )
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - the names that http.server looks up

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    server = ThreadingUnixStreamServer(str(stub.path), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{stub.path}")
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    monkeypatch.setattr("testcontainers.core.config.testcontainers_config.ryuk_disabled", True)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    yield stub
    server.shutdown()
    server.server_close()
    thread.join()
    for broker in stub.brokers:
        broker.shutdown()
        broker.server_close()


def test_a_container_is_chosen_when_an_engine_answers(engine: _Engine) -> None:
    """`auto` starts the container of the pinned image, and removes it at the end."""
    best = choose_broker("auto")
    assert isinstance(best, BestBroker)
    try:
        best.start()
        assert isinstance(best.chosen, DockerBroker)
        assert best.is_kafka
        assert [asked["Image"] for asked in engine.created] == [f"apache/kafka:{kafka_version()}"]
    finally:
        best.stop()
    assert engine.removed == 1


def test_the_container_advertises_the_port_of_the_host(engine: _Engine) -> None:
    """Clients are sent to the address that they came by: the bound port, not that inside the container."""
    broker = DockerBroker()
    try:
        broker.start()
        (asked,) = engine.created
        (binding,) = asked["HostConfig"]["PortBindings"]["9092/tcp"]
        host, port = broker.bootstrap_servers.split(":")
        assert binding["HostPort"] == port
        assert f"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{host}:{port}" in asked["Env"]
    finally:
        broker.stop()


def test_an_engine_that_refuses_is_a_start_error(engine: _Engine) -> None:
    """The engine's own words are in the message; `auto` would go on to the next kind."""
    engine.refuses = True
    broker = DockerBroker()
    try:
        with pytest.raises(BrokerStartError, match="no space left on device"):
            broker.start()
    finally:
        broker.stop()


@pytest.mark.parametrize("host", ["unix:///no/such/socket", "tcp://127.0.0.1:1"])
def test_no_engine_is_known_at_once(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: the kind is missing, whoever asked for it by name is told so."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(BrokerMissingError, match="a Docker engine that answers"):
        choose_broker("docker").start()


def test_an_engine_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that accepts and never answers counts as no engine, after the ping's time limit."""
    monkeypatch.setattr("stream_pool.broker.docker._ENGINE_TIMEOUT_S", 0.2)
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        assert DockerBroker().missing() is not None
