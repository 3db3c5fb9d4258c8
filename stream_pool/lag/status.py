"""What can be said of one partition's consumer, in the words of Burrow."""

from enum import StrEnum


class Status(StrEnum):
    """The state of one partition of one group; `stream_pool.lag.evaluate_partition` gives the rules."""

    OK = "OK"
    WARN = "WARN"
    STOP = "STOP"
    STALL = "STALL"
    REWIND = "REWIND"
