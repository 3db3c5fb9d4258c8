"""The worker as a process of its own, started the way that a user starts one."""

import os
import sys
from collections.abc import Mapping

from stream_pool.broker.process import Kennel, LeashedProcess
from stream_pool.errors import StreamPoolError

PREFIX = "STREAM_POOL_"
KEPT = frozenset({"STREAM_POOL_PURE"})
"""Chooses an implementation, not a behaviour; every other setting of the caller would change the story."""


class WorkerDiedError(StreamPoolError):
    """The worker ended, or never began to work; the message has its last words."""

    reason = "worker_died"


def worker_command(settings: Mapping[str, str], inherited: Mapping[str, str]) -> list[str]:
    """`stream-pool worker -A topologies.orders`, with these settings and no others."""
    strangers = sorted(name for name in inherited if name.startswith(PREFIX) and name not in KEPT)
    return [
        "env",
        *(argument for name in strangers for argument in ("-u", name)),
        *(f"{name}={value}" for name, value in settings.items()),
        *(sys.executable, "-m", "stream_pool.cli.main", "worker", "-A", "topologies.orders"),
    ]


def start_worker(kennel: Kennel, settings: Mapping[str, str]) -> LeashedProcess:
    """Start it, its output going to a file in the kennel."""
    return kennel.spawn(worker_command(settings, os.environ), log="worker.log")


def check_alive(worker: LeashedProcess) -> None:
    """Raises `WorkerDiedError` where the worker has ended."""
    if worker.exit_code is not None:
        raise WorkerDiedError(f"the worker ended with exit code {worker.exit_code}:\n{worker.log_tail()}")
