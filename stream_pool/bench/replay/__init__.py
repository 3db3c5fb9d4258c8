"""`bench replay`: what capturing costs and replaying, and whether what comes back is what was there.

One file a figure: the CPU of a capture (`capture_cost`) and of a replay (`replay_cost`) against bare
aiokafka, memory over a large capture (`memory`), a round trip of hostile records (`round_trip`), the pace of
a replay (`pace`), the reference incident offline (`offline`), a worker on a broker against a replay of its
traffic (`live`), and the page of a report (`page`). Any choice of them can be run.

What is measured are the commands themselves, each in a process of its own.
"""

from stream_pool.bench.replay.run import bench_replay

__all__ = ["bench_replay"]
