"""Between Kafka and a handler: the app, its consumers and agents, offsets, dead letters and the event log."""

from stream_pool.stream.app import App
from stream_pool.stream.batch import Batch, Rejected
from stream_pool.stream.discovery import find_app
from stream_pool.stream.errors import (
    BrokerUnavailable,
    DeadLetterBudgetExceeded,
    DeadLetterUnwritable,
    HandlerFailed,
    OffsetLost,
    TopicMissing,
)
from stream_pool.stream.order import Headers, Order
from stream_pool.stream.worker import Worker

__all__ = [
    "App",
    "Batch",
    "BrokerUnavailable",
    "DeadLetterBudgetExceeded",
    "DeadLetterUnwritable",
    "HandlerFailed",
    "Headers",
    "OffsetLost",
    "Order",
    "Rejected",
    "TopicMissing",
    "Worker",
    "find_app",
]
