"""Latency, traffic and errors as deltas that add up: over partitions, workers and intervals."""

from stream_pool.signals.coverage import Coverage, Covered
from stream_pool.signals.histogram import BOUNDS_S, Histogram
from stream_pool.signals.window import SignalWindow, Slice

__all__ = ["BOUNDS_S", "Coverage", "Covered", "Histogram", "SignalWindow", "Slice"]
