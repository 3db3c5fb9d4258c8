"""What the worker tells the world: metrics, health, logs, and probes of the process.

Names are loaded when they are first used, so that reading a record's trace context costs no import of the
Prometheus client or of structlog.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream_pool.telemetry.exposition import Exporter, Exposition
    from stream_pool.telemetry.gc import GcProbe
    from stream_pool.telemetry.health import Health, HealthFacts, HealthLimits, live, ready
    from stream_pool.telemetry.logging import configure_logging, logging_config, withhold_requests
    from stream_pool.telemetry.memory import MemoryProbe
    from stream_pool.telemetry.snapshot import (
        BuildInfo,
        Distribution,
        EventLogSnapshot,
        GcPauses,
        MemorySample,
        PartitionSnapshot,
        PoolSnapshot,
        TopicSnapshot,
        WorkerSnapshot,
    )
    from stream_pool.telemetry.trace_context import (
        TraceContext,
        current_record,
        parse_baggage,
        parse_traceparent,
    )

__all__ = [
    "BuildInfo",
    "Distribution",
    "EventLogSnapshot",
    "Exporter",
    "Exposition",
    "GcPauses",
    "GcProbe",
    "Health",
    "HealthFacts",
    "HealthLimits",
    "MemoryProbe",
    "MemorySample",
    "PartitionSnapshot",
    "PoolSnapshot",
    "TopicSnapshot",
    "TraceContext",
    "WorkerSnapshot",
    "configure_logging",
    "current_record",
    "live",
    "logging_config",
    "parse_baggage",
    "parse_traceparent",
    "ready",
    "withhold_requests",
]

_HOMES = {
    "exposition": ("Exporter", "Exposition"),
    "gc": ("GcProbe",),
    "health": ("Health", "HealthFacts", "HealthLimits", "live", "ready"),
    "logging": ("configure_logging", "logging_config", "withhold_requests"),
    "memory": ("MemoryProbe",),
    "trace_context": ("TraceContext", "current_record", "parse_baggage", "parse_traceparent"),
}
"""Where a name lives; what is not here is a value of `snapshot`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "snapshot")
    return getattr(import_module(f"{__name__}.{home}"), name)
