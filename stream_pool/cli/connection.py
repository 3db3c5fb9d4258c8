"""How a command that is no worker reaches Kafka: as whom the settings say."""

from stream_pool.clock import SystemClock
from stream_pool.settings import Settings
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.security import security_of


def connected_client(settings: Settings, name: str) -> KafkaClient:
    """A client named `name`; making it connects to nothing. Raises `MisuseError` for unusable credentials."""
    clock = SystemClock()
    connection = {
        "bootstrap_servers": list(settings.bootstrap_servers),
        **security_of(settings, clock).options,
    }
    return KafkaClient(connection, name, clock)
