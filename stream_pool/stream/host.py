"""Everything that an app takes from the machine that it runs on, in one place.

In production it is the real one. Under `stream_pool.testing` a simulation sets `HOST` while it makes an app,
and the same app runs on an in-memory log and a virtual clock, unchanged.
"""

import os
import random
import socket
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from stream_pool.clock import Clock, SystemClock
from stream_pool.settings import Settings
from stream_pool.stream.client import Client
from stream_pool.stream.event_writer import Identity
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.runtime import Work
from stream_pool.stream.security import Security
from stream_pool.telemetry import GcPauses, GcProbe, MemoryProbe, MemorySample


class GcSource(Protocol):
    """Where pauses of the collector come from (`GcProbe` has it)."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def total(self) -> GcPauses: ...
    def take_interval(self) -> GcPauses: ...


class MemorySource(Protocol):
    """Where the process's memory comes from (`MemoryProbe` has it)."""

    def sample(self) -> MemorySample: ...


@dataclass(frozen=True, slots=True)
class Host:
    """Clock, Kafka, name, chance, and the probes of one worker.

    `random` is for jitter only: nothing that is logged or folded rests on it. `work` is for a clock that does
    not move while a handler works: it is awaited before each call of one.
    """

    clock: Clock
    client: Client
    identity: Identity
    random: random.Random
    gc_probe: GcSource
    memory_probe: MemorySource
    work: Work | None = None


HOST: ContextVar[Callable[[Settings], Host] | None] = ContextVar("stream_pool_host", default=None)
"""Makes the host of every app that is created in this context; None: the real one."""


def host_of(settings: Settings, security: Security) -> Host:
    """The host of an app that is being created."""
    make = HOST.get()
    return real_host(settings, security) if make is None else make(settings)


def real_host(settings: Settings, security: Security) -> Host:
    """This machine, whose clients are who `security` says. The name is the host and the web port: it outlives
    restarts, and tells the workers of one host apart."""
    clock = SystemClock()
    place = settings.web_port or f"pid-{os.getpid()}"
    identity = Identity(worker=f"{socket.gethostname()}:{place}", incarnation=uuid.uuid4().hex[:12])
    return Host(
        clock=clock,
        client=KafkaClient(
            {"bootstrap_servers": list(settings.bootstrap_servers), **security.options},
            identity.worker,
            clock,
        ),
        identity=identity,
        random=random.Random(),
        gc_probe=GcProbe(),
        memory_probe=MemoryProbe(),
    )
