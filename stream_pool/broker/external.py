"""A broker that somebody else runs: it is only asked whether it answers, and never stopped."""

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.errors import BrokerStartError
from stream_pool.broker.probe import Cluster, await_cluster

_ANSWER_TIMEOUT_S = 10.0


class ExternalBroker(Broker):
    """A broker at an address; `kafka://` before it is allowed."""

    kind = "external"

    def __init__(self, address: str, say: Say = silent) -> None:
        self._say = say
        self._servers = address.removeprefix("kafka://").rstrip("/")
        self._cluster: Cluster | None = None

    @property
    def version(self) -> str:
        return "unknown"

    @property
    def bootstrap_servers(self) -> str:
        return self._servers

    @property
    def is_kafka(self) -> bool:
        """Taken for granted, but for Tansu, which gives itself away by its cluster id."""
        return self._cluster is None or not self._cluster.cluster_id.startswith("tansu")

    def missing(self) -> str | None:
        return None

    def start(self) -> None:
        self._say(f"asking for a broker at {self._servers}")
        self._cluster = await_cluster(self._servers, _ANSWER_TIMEOUT_S, lambda: True)
        if self._cluster is None:
            raise BrokerStartError(
                f"no broker answers at {self._servers} (tried for {_ANSWER_TIMEOUT_S:.0f} s)"
            )

    def stop(self) -> None:
        """Leaves it as it is."""
