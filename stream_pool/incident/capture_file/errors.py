"""What can be wrong with a capture."""

from stream_pool.errors import ExitCode, StreamPoolError


class CaptureUnreadable(StreamPoolError):
    """A file that cannot be opened, is no capture, or is one of a later format."""

    reason = "capture_unreadable"
    exit_code = ExitCode.MISUSE


class CaptureDamaged(StreamPoolError):
    """A capture that is not as it was written. `line` counts from 1; what stood before it was read.

    `is_cut_off` where the file only ends too early.
    """

    reason = "capture_damaged"

    def __init__(self, line: int, problem: str, *, is_cut_off: bool = False) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem
        self.is_cut_off = is_cut_off


class CaptureInUse(StreamPoolError):
    """A capture that somebody else is writing."""

    reason = "capture_in_use"
    exit_code = ExitCode.MISUSE


class CaptureUnwritable(StreamPoolError):
    """The file cannot be written any further. What is in it can be read, and be continued."""

    reason = "capture_unwritable"
