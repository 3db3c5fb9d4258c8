"""A private Apache Kafka: one KRaft node, broker and controller at once, on a Java virtual machine of ours.

It can be frozen, thawed, killed and brought back on the same port with the same data, which is what tests of
bad days need. Its data live in a temporary directory and end with `stop`.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.errors import BrokerMissingError, BrokerStartError
from stream_pool.broker.kafka_home import cached_jars, fetch_jars, kafka_version
from stream_pool.broker.probe import await_cluster
from stream_pool.broker.process import Kennel, LeashedProcess
from stream_pool.free_port import free_port

_OLDEST_JAVA = 17
_CLUSTER_ID = "c3RyZWFtLXBvb2wtbm9kZQ"
_START_TIMEOUT_S = 60.0
_TAKEN = "Address already in use"
_STOP_GRACE_S = 20.0

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
log.cleaner.dedupe.buffer.size=16777216
log.retention.check.interval.ms=30000
"""


class JavaBroker(Broker):
    """Apache Kafka from Maven's repository, with its life in our hands."""

    kind = "java"
    may_move: ClassVar[bool] = True
    """Whether its addresses are its own to choose."""
    machine_options: ClassVar[Sequence[str]] = ("-Xmx512m",)
    """Of the Java virtual machine that the broker runs on."""

    def __init__(self, say: Say = silent) -> None:
        self._say = say
        self._kennel = Kennel("kafka")
        self._port = free_port()
        self._command: list[str] = []
        self._process: LeashedProcess | None = None

    @property
    def version(self) -> str:
        return kafka_version()

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the Java virtual machine."""
        return self._running.pid

    def missing(self) -> str | None:
        if (found := _java_version(_java())) is None or found < _OLDEST_JAVA:
            return f"Java {_OLDEST_JAVA} or later on PATH or in JAVA_HOME (found: {found or 'none'})"
        if not cached_jars().is_dir() and shutil.which("mvn") is None:
            return "Maven (mvn) on PATH, to fetch Apache Kafka once"
        return None

    def start(self) -> None:
        if (missing := self.missing()) is not None:
            raise BrokerMissingError(f"an Apache Kafka of its own needs {missing}")
        jars = fetch_jars(self._kennel, shutil.which("mvn") or "mvn", self._say)
        self._say(f"starting Apache Kafka {self.version}")
        properties = self._kennel.write("server.properties", self._properties())
        java = [_java(), "-cp", f"{jars}/*", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        java += ["-Dorg.slf4j.simpleLogger.showDateTime=true", "-Djava.awt.headless=true"]
        format_storage = ["-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"]
        format_storage += ["--cluster-id", _CLUSTER_ID, "--config", str(properties)]
        format_storage += self._storage_options()
        self._kennel.run([*java, *format_storage], log="format.log", timeout_s=_START_TIMEOUT_S)
        self._command = [*java, *self.machine_options, "kafka.Kafka", str(properties)]
        try:
            self._bring_up()
        except BrokerStartError as error:
            if not self.may_move or _TAKEN not in str(error):
                raise
            self._say("somebody took one of its ports meanwhile, taking others")
            self._running.end(_STOP_GRACE_S)
            self._port = free_port()
            self._kennel.write("server.properties", self._properties())
            self._bring_up()

    def stop(self) -> None:
        self._kennel.close()

    def _properties(self) -> str:
        """What is in `server.properties`; more may stand behind it, and the last of a name counts."""
        return _PROPERTIES.format(port=self._port, controller_port=free_port())

    def _storage_options(self) -> list[str]:
        """Further options of the tool that formats the storage, such as users to begin with."""
        return []

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers any more."""
        self._running.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after `freeze`."""
        self._running.signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, as a power cut; returns when it is gone. `restart` brings it back."""
        self._running.signal(signal.SIGKILL)
        self._running.wait()

    def restart(self) -> None:
        """End it in good order if it runs, frozen or not; return when it answers again, on the same data."""
        self.thaw()
        self._running.end(_STOP_GRACE_S)
        self._bring_up()

    @property
    def _running(self) -> LeashedProcess:
        if self._process is None:
            raise BrokerStartError("this broker has not been started")
        return self._process

    def _bring_up(self) -> None:
        process = self._process = self._kennel.spawn(self._command, log="server.log")
        if await_cluster(self.bootstrap_servers, _START_TIMEOUT_S, lambda: process.exit_code is None) is None:
            ended = process.exit_code
            how = f"gave no answer in {_START_TIMEOUT_S:.0f} s" if ended is None else f"ended with {ended}"
            raise BrokerStartError(f"Apache Kafka {how}; the end of its log:\n{process.log_tail()}")


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    if home and (at_home := Path(home) / "bin" / "java").is_file():
        return str(at_home)
    return shutil.which("java") or "java"


@cache
def _java_version(java: str) -> int | None:
    """Major version, or None where it does not run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', told.stderr)
    return int(found[1]) if found else None
