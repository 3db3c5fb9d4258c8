"""Brokers for tests, and topics of their own on them.

The session starts one broker, when the first test asks: the best that this machine can give, or the kind
named in STREAM_POOL_TEST_BROKER (`docker`, `java`, `embedded`, or an address). Where tests run side by side
(`-n`), each process of pytest is such a session. The closing summary says which it was. Tests that use these
fixtures get the markers `broker` and `kafka` by that alone.
"""

from collections.abc import AsyncIterator, Iterator
from os import environ
from typing import Any

import pytest
import structlog
from kafka_topics import Topics

from stream_pool import free_port
from stream_pool.broker import Broker, JavaBroker, choose_broker
from stream_pool.settings.names import PREFIX

_OPENED = pytest.StashKey[list[str]]()
_TOLD = "opened brokers"
"""Under this name a process of pytest tells the one that began it what it opened."""


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker of any kind, shared by the session."""
    chosen = choose_broker(environ.get("STREAM_POOL_TEST_BROKER", "auto"))
    try:
        chosen.start()
        request.config.stash[_OPENED].append(str(chosen))
        yield chosen
    finally:
        chosen.stop()


@pytest.fixture(scope="session")
def kafka(broker: Broker) -> Broker:
    """The shared broker, if it is a real Apache Kafka."""
    if not broker.is_kafka:
        pytest.skip(f"needs a real Apache Kafka (Docker, or Java 17 and Maven); this is {broker}")
    return broker


@pytest.fixture
def own_kafka() -> Iterator[JavaBroker]:
    """An Apache Kafka for one test alone, to be frozen, killed and restarted."""
    own = JavaBroker()
    try:
        if (missing := own.missing()) is not None:
            pytest.skip(f"needs an Apache Kafka that it may freeze and kill, and so {missing}")
        own.start()
        yield own
    finally:
        own.stop()


@pytest.fixture
async def topics(broker: Broker) -> AsyncIterator[Topics]:
    """Topics on the shared broker; they go when the test ends."""
    made = Topics(broker.bootstrap_servers)
    yield made
    await made.delete_all()


@pytest.fixture
def own_topics(own_kafka: JavaBroker) -> Topics:
    """Topics on the test's own Kafka; they go with it."""
    return Topics(own_kafka.bootstrap_servers)


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    """A command that is called in this process sets up its logs, which are global."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _settings_as_they_were() -> Iterator[None]:
    """A command that is called in this process and given a file names it in the environment."""
    before = _settings()
    yield
    for name in _settings().keys() - before.keys():
        del environ[name]
    environ.update(before)


def _settings() -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(PREFIX)}


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OPENED] = []
    _take_own_ports()


def _take_own_ports() -> None:
    """A port is taken a moment after it was found free, so processes that run side by side have their own."""
    number = int(environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    free_port._PORTS = free_port._PORTS[number % count :: count]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if used & {"broker", "kafka", "own_kafka"}:
            item.add_marker("broker")
        if used & {"kafka", "own_kafka"}:
            item.add_marker("kafka")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[_TOLD] = session.config.stash[_OPENED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_OPENED] += getattr(node, "workeroutput", {}).get(_TOLD, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for told in config.stash[_OPENED]:
        terminalreporter.write_line(f"broker: {told}")
