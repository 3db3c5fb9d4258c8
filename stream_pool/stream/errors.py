"""What can go wrong between Kafka and a handler.

Each with a `reason` slug and the exit code that it ends with.
"""

import asyncio

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    LeaderNotAvailableError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from stream_pool.errors import ExitCode, StreamPoolError

MISSING = (UnknownTopicOrPartitionError, NotLeaderForPartitionError, LeaderNotAvailableError)
"""What a client says where a topic is not there, any more or yet: one that was deleted has no leader."""
FORBIDDEN = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)
"""What a request fails with that the user may not make."""


class BrokerUnavailable(StreamPoolError):
    """No broker answered. Says what was tried and for how long."""

    reason = "broker_unavailable"
    exit_code = ExitCode.BROKER_UNAVAILABLE


class AccessDenied(StreamPoolError):
    """The cluster does not take the worker for who it says, or does not let it do what it must."""

    reason = "access_denied"
    exit_code = ExitCode.ACCESS_DENIED


def forbidden(error: BaseException) -> AccessDenied:
    """What to say of one of `FORBIDDEN`."""
    return AccessDenied(
        f"the cluster does not allow it: {error!r}. `stream-pool topics --print` has the access that it takes"
    )


class TopicMissing(StreamPoolError):
    """A topic does not exist, or is not of the shape that it must have."""

    reason = "topic_missing"
    exit_code = ExitCode.TOPIC_MISSING


def not_found(topic: str) -> TopicMissing:
    """What to say of a topic that a cluster does not show: one that may not be seen looks the same."""
    return TopicMissing(f"topic {topic!r} does not exist, or may not be seen by this user")


class HandlerFailed(StreamPoolError):
    """A handler raised, and its agent was told to stop at that. The record is not committed.

    `handler_error` is what it raised, which may quote the payload: the message has its type alone.
    """

    reason = "handler_error"
    exit_code = ExitCode.HANDLER_FAILED

    def __init__(self, problem: str, handler_error: BaseException | None = None) -> None:
        what = "" if handler_error is None else f": {type(handler_error).__qualname__}"
        super().__init__(problem + what)
        self.handler_error = handler_error


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
    """What the committed offset counts is no more: retention has overtaken it, or the topic was deleted, and
    another made of its name."""

    reason = "offset_lost"
    exit_code = ExitCode.OFFSET_LOST


def is_cancelled(error: BaseException) -> bool:
    """Whether an error is this task's own cancellation.

    A handler that awaits something which somebody else cancelled raises `CancelledError` too, and that is a
    failure like any other: taken for the task's own, it would end an agent in the middle of a batch.
    """
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def raise_if_cancelled(error: BaseException) -> None:
    """Raise `error` again where it is this task's own cancellation."""
    if is_cancelled(error):
        raise error
