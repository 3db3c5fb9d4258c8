"""The root of every error that stream-pool raises, and the exit codes of its command line.

Each leaf carries a `reason`: a short slug that is at once the dead-letter header, the metric label and the
word to search the documentation for. Expected outcomes are values, not exceptions; what is raised is a fault.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What `stream-pool` ends with. Documented in the README; never renumbered."""

    OK = 0
    FINDING = 1
    MISUSE = 2
    BROKER_UNAVAILABLE = 3
    TOPIC_MISSING = 4
    HANDLER_FAILED = 5
    DEAD_LETTER_BUDGET = 6
    OFFSET_LOST = 7
    DEAD_LETTER_UNWRITABLE = 8
    STOP_FORCED = 9
    ACCESS_DENIED = 10


class StreamPoolError(Exception):
    """Root of stream-pool's errors."""

    reason: str = "internal"
    exit_code: ExitCode = ExitCode.FINDING


class MisuseError(StreamPoolError):
    """Something was asked for that cannot be: a wrong setting, an app that is none, a refused agent."""

    reason = "misuse"
    exit_code = ExitCode.MISUSE
