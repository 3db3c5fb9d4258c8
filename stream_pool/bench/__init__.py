"""Measuring side by side: what the whole path costs, and how a worker stops."""

from stream_pool.bench.report import Bar, Report
from stream_pool.bench.stop import bench_stop
from stream_pool.bench.stream import bench_stream

__all__ = ["Bar", "Report", "bench_stop", "bench_stream"]
