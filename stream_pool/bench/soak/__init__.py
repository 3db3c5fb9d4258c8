"""`bench soak`: hours of orders at half load, and a fault every 30 s.

Three workers of one group on six partitions of a Kafka of our own. The faults are those of `plan.py`, in
rounds that have each kind once; the first worker is spared those that end or stop a process, and its memory
is watched. Whatever happens, every record that the topic has must have been handled or be a dead letter with
its reason, the log must verify as identical, and every worker must end with exit code 0 when it is asked to.

Half load is half of what the group drains at the start, while all three are at work on a backlog. Each order
takes a worker half a millisecond, as a call to a service next door would, in which it does nothing. Without
that the group would drain all that two cores can write, and more than a disk holds for an hour; with it half
load leaves the cores idle for the most part, so that what is measured is the worker and not the machine. What
the rate is capped at, and which share of the measured one it is, stands in the report.

Orders lie on the disk as they are (2.4 kB each). Retention takes them by size, long after they were handled:
a worker that it overtook would stop with an exit code of its own, and end the bench.
"""

from stream_pool.bench.soak.run import bench_soak

__all__ = ["bench_soak"]
