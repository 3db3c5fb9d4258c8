"""Why bytes are no document: a reason to count by and an offset to look at, never the payload itself."""

from stream_pool.errors import StreamPoolError


class DecodeError(StreamPoolError, ValueError):
    """The input is not one JSON text (RFC 8259) within the limits.

    `reason` is one of the slugs in `stream_pool.documents.reasons`; `offset` counts bytes of the input from
    0. When several things are wrong, the error is the one with the smallest offset.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.reason} at byte {self.offset}"


class LimitExceeded(DecodeError):
    """The input may be JSON, but is larger, deeper or longer than `Limits` allows."""
