"""stream-pool: a Kafka consumer worker that decodes nested JSON through an adaptive pool.

Names are looked up when they are first used, so that `import stream_pool` loads no Faust.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream_pool.documents import DecodeError, Decoder, Document, LimitExceeded, Limits, dumps, loads
    from stream_pool.pool import Pool
    from stream_pool.stream import App, Batch, Order, Rejected

_ROOMS = {
    "App": "stream_pool.stream",
    "Batch": "stream_pool.stream",
    "DecodeError": "stream_pool.documents",
    "Decoder": "stream_pool.documents",
    "Document": "stream_pool.documents",
    "LimitExceeded": "stream_pool.documents",
    "Limits": "stream_pool.documents",
    "Order": "stream_pool.stream",
    "Pool": "stream_pool.pool",
    "Rejected": "stream_pool.stream",
    "dumps": "stream_pool.documents",
    "loads": "stream_pool.documents",
}
"""Each public name and its room."""

__all__ = [
    "App",
    "Batch",
    "DecodeError",
    "Decoder",
    "Document",
    "LimitExceeded",
    "Limits",
    "Order",
    "Pool",
    "Rejected",
    "dumps",
    "loads",
]


def __getattr__(name: str) -> Any:
    """A public name, taken from its room on first use and kept; rooms themselves too."""
    if name in _ROOMS:
        value = getattr(import_module(_ROOMS[name]), name)
    elif name in ("documents", "pool"):
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
