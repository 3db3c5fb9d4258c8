"""Measuring side by side: what the whole path costs, how a worker stops, and how a detector comes back."""

from stream_pool.bench.recovery import bench_recovery
from stream_pool.bench.report import Bar, Report
from stream_pool.bench.stop import bench_stop
from stream_pool.bench.stream import bench_stream

__all__ = ["Bar", "Report", "bench_recovery", "bench_stop", "bench_stream"]
