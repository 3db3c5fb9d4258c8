"""Measuring: decoding, what the whole path costs, how a worker stops and all comes back, a soak, replays.

Names are loaded when they are first used, so that a process that is weighed holds what it needs alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream_pool.bench.brokers import bench_brokers
    from stream_pool.bench.decode import bench_decode
    from stream_pool.bench.deploy import bench_deploy
    from stream_pool.bench.recovery import bench_recovery
    from stream_pool.bench.replay import bench_replay
    from stream_pool.bench.report import Bar, Report
    from stream_pool.bench.soak import bench_soak
    from stream_pool.bench.stop import bench_stop
    from stream_pool.bench.stream import bench_stream

_MODULES = {
    "Bar": "report",
    "Report": "report",
    "bench_brokers": "brokers",
    "bench_decode": "decode",
    "bench_deploy": "deploy",
    "bench_recovery": "recovery",
    "bench_replay": "replay",
    "bench_soak": "soak",
    "bench_stop": "stop",
    "bench_stream": "stream",
}
"""Each public name and its module."""

__all__ = [
    "Bar",
    "Report",
    "bench_brokers",
    "bench_decode",
    "bench_deploy",
    "bench_recovery",
    "bench_replay",
    "bench_soak",
    "bench_stop",
    "bench_stream",
]


def __getattr__(name: str) -> Any:
    """A public name, taken from its module on first use and kept."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
