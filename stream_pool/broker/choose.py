"""Which broker: the one asked for, or the best that this machine can give.

Best first: the address in KAFKA_BOOTSTRAP_SERVERS, a container, Apache Kafka on Java, the embedded one. The
embedded broker comes last since it only speaks the protocol; the others are Kafka itself.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from stream_pool.broker.base import Broker, Say, silent
from stream_pool.broker.docker import DockerBroker
from stream_pool.broker.embedded import EmbeddedBroker
from stream_pool.broker.errors import BrokerMissingError, BrokerStartError
from stream_pool.broker.external import ExternalBroker
from stream_pool.broker.java import JavaBroker

Maker: TypeAlias = Callable[[Say], Broker]

MAKERS: Mapping[str, Maker] = {"docker": DockerBroker, "java": JavaBroker, "embedded": EmbeddedBroker}
"""Brokers that we start ourselves, best first."""


class BestBroker(Broker):
    """The first of several that comes up; before `start` and after a failed one it is none of them."""

    kind = "auto"

    def __init__(self, makers: Mapping[str, Maker], say: Say) -> None:
        self._makers = makers
        self._say = say
        self._lock = threading.Lock()
        self._stopped = False
        self._chosen: Broker | None = None

    @property
    def chosen(self) -> Broker:
        """The one that came up."""
        if self._chosen is None:
            raise BrokerStartError("no broker has been started yet")
        return self._chosen

    @property
    def version(self) -> str:
        return self.chosen.version

    @property
    def bootstrap_servers(self) -> str:
        return self.chosen.bootstrap_servers

    @property
    def is_kafka(self) -> bool:
        return self.chosen.is_kafka

    def missing(self) -> str | None:
        return None

    def start(self) -> None:
        told = []
        for kind, make in self._makers.items():
            with self._lock:
                if self._stopped:
                    raise BrokerStartError("stopped while starting")
                candidate = self._chosen = make(self._say)
            try:
                candidate.start()
            except BrokerMissingError as error:
                told.append(f"{kind}: {error}")
            except BrokerStartError as error:
                if self._stopped:
                    raise
                told.append(f"{kind}: {error}")
                self._say(f"{error}; trying the next kind")
            else:
                return
            candidate.stop()
        raise BrokerMissingError("this machine can give no broker; " + "; ".join(told))

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._chosen is not None:
                self._chosen.stop()

    def __str__(self) -> str:
        return str(self.chosen)


def choose_broker(kind: str = "auto", say: Say = silent) -> Broker:
    """A broker, not yet started: `auto`, `docker`, `java`, `embedded`, or an address with or without `kafka://`.

    Raises BrokerMissingError for a kind that is none of these.
    """
    if kind == "auto":
        if address := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            return ExternalBroker(address, say)
        return BestBroker(MAKERS, say)
    if kind in MAKERS:
        return MAKERS[kind](say)
    if ":" in kind:
        return ExternalBroker(kind, say)
    known = ", ".join(["auto", *MAKERS])
    raise BrokerMissingError(
        f"no broker of kind {kind!r}: choose {known}, or an address such as kafka://host:9092"
    )


@asynccontextmanager
async def start_broker(kind: str = "auto", say: Say = silent) -> AsyncIterator[Broker]:
    """A broker for as long as the block runs; kinds and errors are those of `choose_broker` and `start`.

    Cancelled while starting, it stops what has been started; `say` is called from another thread.
    """
    broker = choose_broker(kind, say)
    try:
        await asyncio.to_thread(broker.start)
        yield broker
    finally:
        await asyncio.to_thread(broker.stop)
