"""What every agent of an app works with.

One decoder, one clock, one set of counters, one dead-letter desk.
"""

import random as chance
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import orjson

from stream_pool.clock import Clock
from stream_pool.documents import DecodeError, Document
from stream_pool.errors import StreamPoolError
from stream_pool.stream.budget import DeadLetterBudget
from stream_pool.stream.counters import Counters
from stream_pool.stream.dead_letters import DeadLetters
from stream_pool.stream.errors import DeadLetterBudgetExceeded
from stream_pool.stream.offsets import Record
from stream_pool.stream.wire_format import WireFormat, is_wire_format

Work = Callable[[Record], Awaitable[None]]
"""Passes the time that the handling of a record takes."""

OBJECT_TYPES = frozenset({Document, dict})
"""The types that a decoded JSON object may have: the decoder's own, or orjson's."""


class Tombstone(StreamPoolError):
    """A record without a value, where an agent takes only objects."""

    reason = "tombstone"


class RootNotObject(StreamPoolError):
    """A value whose root is no JSON object, where an agent takes only objects."""

    reason = "root_not_object"


def refuse_root(document: Any) -> NoReturn:
    """Say that this is no object. Raises `RootNotObject`."""
    raise RootNotObject(f"the root is of type {type(document).__name__}, not an object")


def poison_reason(error: Exception, value: bytes | None) -> str:
    """The slug of an error that reading a value raised."""
    if isinstance(error, DecodeError | orjson.JSONDecodeError) and is_wire_format(value):
        return WireFormat.reason
    if isinstance(error, StreamPoolError):
        return error.reason
    if isinstance(error, orjson.JSONDecodeError):
        return "invalid_json"
    return "decoder_error"


class Runtime:
    """Shared by the agents of one app.

    `decode` makes a document of a value, and raises on None. `fail` stops the worker with an error, and
    returns at once. `random` is for jitter. `work` is the host's.
    """

    def __init__(
        self,
        *,
        decode: Callable[[Any], Any],
        clock: Clock,
        counters: Counters,
        letters: DeadLetters,
        budget: DeadLetterBudget,
        fail: Callable[[StreamPoolError], None],
        yield_interval_s: float,
        random: chance.Random,
        stop_on_wire_format: bool = True,
        work: Work | None = None,
    ) -> None:
        self.decode = decode
        self.clock = clock
        self.counters = counters
        self.letters = letters
        self.budget = budget
        self.fail = fail
        self.yield_interval_s = yield_interval_s
        self.random = random
        self.stop_on_wire_format = stop_on_wire_format
        self.work = work

    def decode_any(self, value: bytes | None) -> Any:
        """As `decode`, and None of a tombstone: for agents that take more than objects."""
        return None if value is None else self.decode(value)

    def read(self, record: Record, *, objects_only: bool) -> Any:
        """The record's document. Raises what the decoder raises, and `RootNotObject`."""
        if not objects_only:
            return self.decode_any(record.value)
        document = self.decode(record.value)
        if type(document) not in OBJECT_TYPES:
            refuse_root(document)
        return document

    def spend(self, records: int, dead_letters: int) -> None:
        """Charge the budget. Raises `DeadLetterBudgetExceeded`."""
        budget = self.budget
        if not budget.spend(self.clock.monotonic(), records, dead_letters):
            raise DeadLetterBudgetExceeded(
                f"{budget.dead_letters} of the last {budget.records} records went to the dead letters: "
                "more than single records is wrong. Look at their reasons before you start again."
            )
