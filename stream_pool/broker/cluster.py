"""A private cluster of Apache Kafka: KRaft nodes, each broker and controller at once, to be killed singly.

Records and commits are on three of them (on all, where there are fewer), and are taken while one of those is
away. Until the controller takes a silent broker for gone, what it led stands still, and what it followed
takes no records. Clients are told all addresses.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.errors import BrokerStartError
from stream_pool.broker.java import JavaBroker
from stream_pool.broker.probe import ask_controller, await_cluster
from stream_pool.free_port import free_ports

REPLICAS_AT_MOST = 3
_TOGETHER_TIMEOUT_S = 60.0
_ASK_TIMEOUT_S = 2.0
_AGAIN_S = 0.1

_PROPERTIES = """\
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
offsets.topic.replication.factor={replicas}
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={least}
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={least}
default.replication.factor={replicas}
min.insync.replicas={least}
broker.heartbeat.interval.ms={heartbeat_ms}
broker.session.timeout.ms={session_ms}
"""


class _Node(JavaBroker):
    """One of them, with the addresses of all controllers."""

    may_move = False  # the others know them
    machine_options = ("-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

    def __init__(
        self, node: int, port: int, controller_ports: dict[int, int], session_s: float, say: Say
    ) -> None:
        super().__init__(say)
        self._port = port
        self._node = node
        self._controller_ports = controller_ports
        self._session_ms = round(session_s * 1_000)

    def _properties(self) -> str:
        replicas = min(len(self._controller_ports), REPLICAS_AT_MOST)
        return super()._properties() + _PROPERTIES.format(
            node=self._node,
            voters=",".join(f"{node}@127.0.0.1:{port}" for node, port in self._controller_ports.items()),
            port=self._port,
            controller_port=self._controller_ports[self._node],
            replicas=replicas,
            least=max(replicas - 1, 1),
            heartbeat_ms=self._session_ms // 4,
            session_ms=self._session_ms,
        )

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._running.exit_code is None

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return self._running.log_tail()


class JavaCluster(Broker):
    """Nodes 1 to `nodes`. Each can be killed, and comes back on the same ports with the same data.

    `session_s` is how long a broker may be silent before it is taken for gone; Kafka's default is 9 s.
    """

    kind = "java"

    def __init__(self, nodes: int = 3, *, session_s: float = 9.0, say: Say = silent) -> None:
        self.session_s = session_s
        ports = free_ports(2 * nodes)
        numbers = range(1, nodes + 1)
        controllers = dict(zip(numbers, ports[nodes:], strict=True))
        self._say = say
        self._nodes = {
            node: _Node(node, port, controllers, session_s, say if node == 1 else silent)
            for node, port in zip(numbers, ports[:nodes], strict=True)
        }

    @property
    def version(self) -> str:
        return self._nodes[1].version

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.bootstrap_servers for node in self._nodes.values())

    @property
    def nodes(self) -> list[int]:
        """Their ids."""
        return list(self._nodes)

    @property
    def controller(self) -> int:
        """The node that is the active controller. Raises BrokerStartError where none is for a minute."""
        give_up_s = time.monotonic() + _TOGETHER_TIMEOUT_S
        while time.monotonic() < give_up_s:
            found = ask_controller(self.bootstrap_servers, _ASK_TIMEOUT_S)
            if found is not None:
                return found
            time.sleep(_AGAIN_S)
        raise BrokerStartError(f"{self} has no controller")

    def missing(self) -> str | None:
        return self._nodes[1].missing()

    def start(self) -> None:
        with ThreadPoolExecutor(len(self._nodes)) as pool:
            list(pool.map(_Node.start, self._nodes.values()))
        self._wait_until_together()

    def stop(self) -> None:
        with ThreadPoolExecutor(len(self._nodes)) as pool:
            list(pool.map(_Node.stop, self._nodes.values()))

    def kill(self, node: int) -> None:
        """SIGKILL to one node, as a power cut; returns when it is gone."""
        self._nodes[node].kill()

    def restart(self, node: int) -> None:
        """Bring back a node that was killed; returns when the cluster counts it again, its replicas yet to
        catch up."""
        self._nodes[node].restart()
        self._wait_until_together()

    def __str__(self) -> str:
        nodes = f"{self.kind}, {len(self._nodes)} nodes"
        return f"{self.product} {self.version} ({nodes}) at {self.bootstrap_servers}"

    def _wait_until_together(self) -> None:
        count = len(self._nodes)

        def all_run() -> bool:
            return all(node.is_running for node in self._nodes.values())

        for node in self._nodes.values():
            servers = node.bootstrap_servers
            if await_cluster(servers, _TOGETHER_TIMEOUT_S, all_run, nodes=count) is None:
                raise BrokerStartError(
                    f"{count} nodes of Apache Kafka did not come together in {_TOGETHER_TIMEOUT_S:.0f} s; "
                    f"the end of a log:\n{node.last_words}"
                )
