"""What every broker has in common, however it was come by.

Starting and stopping are plain blocking calls, so that a test session without an event loop can hold a
broker; `start_broker` wraps them for asyncio. `stop` may be called at any time, from any thread, more than
once, and also while another thread is still in `start`, which then ends with an error.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeAlias

Say: TypeAlias = Callable[[str], None]
"""Where a broker reports what takes long: one line, no newline at its end."""


def silent(_line: str) -> None:
    """The `Say` of those who do not care."""


class Broker(ABC):
    """A broker that speaks the Kafka protocol, from `start` to `stop`."""

    kind: ClassVar[str]
    """`external`, `docker`, `java` or `embedded`."""

    product: ClassVar[str] = "Apache Kafka"
    """What it calls itself."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The product's version, or `unknown`."""

    @property
    @abstractmethod
    def bootstrap_servers(self) -> str:
        """`host:port`, more of them separated by commas. Known from `start` on."""

    @property
    def is_kafka(self) -> bool:
        """Whether it is the real thing, with transactions, idempotent producers and exact end offsets."""
        return True

    @abstractmethod
    def missing(self) -> str | None:
        """What this machine lacks for this kind, as a phrase; None when nothing is known to be missing.

        Quick (3 s at most), and downloads nothing.
        """

    @abstractmethod
    def start(self) -> None:
        """Return when a client gets an answer.

        Raises BrokerMissingError where `missing` would say something, BrokerStartError where it did not come
        up. Whoever calls `start` calls `stop`, also after an error.
        """

    @abstractmethod
    def stop(self) -> None:
        """End it and remove what it left on disk; it does not come back."""

    def __str__(self) -> str:
        return f"{self.product} {self.version} ({self.kind}) at {self.bootstrap_servers}"
