"""How far behind a consumer group is, and what state it is in: pure functions of commits and end offsets."""

from stream_pool.lag.status import Status

__all__ = ["Status"]
