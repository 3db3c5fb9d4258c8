"""What can go wrong between Kafka and a handler.

Each with a `reason` slug and the exit code that it ends with.
"""

from stream_pool.errors import ExitCode, StreamPoolError


class BrokerUnavailable(StreamPoolError):
    """No broker answered. Says what was tried and for how long."""

    reason = "broker_unavailable"
    exit_code = ExitCode.BROKER_UNAVAILABLE


class TopicMissing(StreamPoolError):
    """A topic does not exist, or is not of the shape that it must have."""

    reason = "topic_missing"
    exit_code = ExitCode.TOPIC_MISSING


class HandlerFailed(StreamPoolError):
    """A handler raised, and its agent was told to stop at that. The record is not committed."""

    reason = "handler_error"
    exit_code = ExitCode.HANDLER_FAILED


class DeadLetterBudgetExceeded(StreamPoolError):
    """Too large a share of records went to the dead letters.

    Something is wrong with more than single records.
    """

    reason = "dead_letter_budget"
    exit_code = ExitCode.DEAD_LETTER_BUDGET


class DeadLetterUnwritable(StreamPoolError):
    """A dead letter was refused for good, so that the offset behind it can never be committed."""

    reason = "dead_letter_unwritable"
    exit_code = ExitCode.DEAD_LETTER_UNWRITABLE


class OffsetLost(StreamPoolError):
    """Retention has overtaken the committed offset: records were deleted before they were read."""

    reason = "offset_lost"
    exit_code = ExitCode.OFFSET_LOST
