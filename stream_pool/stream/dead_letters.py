"""Dead letters: poison records kept as they came, with everything needed to read them again.

A letter has the record's own key, value and headers, and beside them ours (prefix `stream-pool.`): reason,
exception, message, stack, and where the record stood. A letter that the topic will not take loses its stack
first, then becomes a pointer: topic, partition, offset and SHA-256 of the value. Its offset may be
committed once the letter is acknowledged and not before, so writing goes on until that, or until the broker
refuses for good. Where an acknowledgement was lost there are two letters of one record.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from stream_pool.clock import Clock
from stream_pool.stream.errors import MISSING, DeadLetterUnwritable
from stream_pool.stream.offsets import Record
from stream_pool.stream.trouble import Trouble

_PREFIX = "stream-pool."
_STACK_BYTES = 16_384
_MESSAGE_BYTES = 1_024
_KEY_BYTES_OF_POINTER = 1_024
_FIRST_BACKOFF_S = 0.1
_LAST_BACKOFF_S = 2.0
_ANSWER_TIMEOUT_S = 60.0
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
_FINAL = (TopicAuthorizationFailedError, InvalidTopicError, InvalidTimestampError)

Headers = list[tuple[str, bytes | None]]


class LetterProducer(Protocol):
    """What is asked of the producer (aiokafka's has it)."""

    async def send_and_wait(
        self, topic: str, value: bytes | None, key: bytes | None, *, headers: Headers
    ) -> Any: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: Headers


def letter_forms(record: Record, reason: str, error: BaseException | None, group: str) -> list[Letter]:
    """The forms of one dead letter, largest first: whole, without the stack, a pointer.

    A record with neither key nor value has the pointer only: the client writes no such message.
    """
    place: Headers = [
        (_PREFIX + "reason", reason.encode()),
        (_PREFIX + "group", group.encode()),
        (_PREFIX + "topic", record.topic.encode()),
        (_PREFIX + "partition", str(record.partition).encode()),
        (_PREFIX + "offset", str(record.offset).encode()),
        (_PREFIX + "timestamp", str(record.timestamp).encode()),
    ]
    stack: Headers = []
    if error is not None:
        cause = type(error)
        place.append((_PREFIX + "exception", f"{cause.__module__}.{cause.__qualname__}".encode()))
        place.append((_PREFIX + "message", _text(str(error))[:_MESSAGE_BYTES]))
        offset = getattr(error, "offset", None)
        if isinstance(offset, int):
            place.append((_PREFIX + "error-offset", str(offset).encode()))
        stack = [(_PREFIX + "stack", _text("".join(traceback.format_exception(error)))[-_STACK_BYTES:])]
    own = list(record.headers)
    if record.key is None and record.value is None:
        return [_pointer(record, place)]
    return [
        Letter(record.key, record.value, own + place + stack),
        Letter(record.key, record.value, own + place),
        _pointer(record, place),
    ]


def _pointer(record: Record, place: Headers) -> Letter:
    value = record.value or b""
    where = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "sha256": hashlib.sha256(value).hexdigest(),
        "value_bytes": len(value),
    }
    key = record.key if record.key is not None and len(record.key) <= _KEY_BYTES_OF_POINTER else None
    return Letter(key, orjson.dumps(where), [*place, (_PREFIX + "pointer", b"true")])


def _text(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


class DeadLetters:
    """Writes letters to one topic. `write` returns when the broker has acknowledged.

    `on_missing` is called where the topic is not there.
    """

    def __init__(
        self,
        topic: str,
        group: str,
        producer: LetterProducer,
        *,
        clock: Clock,
        on_missing: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.topic = topic
        self.written = 0
        self.pointers = 0
        self.failures = 0
        self._group = group
        self._producer = producer
        self._on_missing = on_missing
        self._sleep = sleep
        self._away = Trouble("dead letter not written, trying again", clock, topic=topic)

    async def write(self, record: Record, reason: str, error: BaseException | None) -> None:
        """Write one dead letter, however long the broker is away.

        Raises `DeadLetterUnwritable` where it refuses for good.
        """
        forms = letter_forms(record, reason, error, self._group)
        form = 0
        backoff_s = _FIRST_BACKOFF_S
        while True:
            try:
                await self._send(forms[form])
            except _TOO_LARGE as refused:
                if form == len(forms) - 1:
                    raise self._unwritable(record, refused) from refused
                form += 1
            except _FINAL as refused:
                raise self._unwritable(record, refused) from refused
            except (KafkaError, TimeoutError, OSError) as failed:
                self.failures += 1
                self._away.met(failed)
                if isinstance(failed, MISSING):
                    await self._on_missing()
                await self._sleep(backoff_s)
                backoff_s = min(backoff_s * 2, _LAST_BACKOFF_S)
            except Exception as fault:
                raise self._unwritable(record, fault) from fault
            else:
                self.written += 1
                self.pointers += form == len(forms) - 1
                self._away.over()
                return

    async def _send(self, letter: Letter) -> None:
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            await self._producer.send_and_wait(self.topic, letter.value, letter.key, headers=letter.headers)

    def _unwritable(self, record: Record, refused: Exception) -> DeadLetterUnwritable:
        where = f"{record.topic}-{record.partition}@{record.offset}"
        return DeadLetterUnwritable(
            f"the dead letter of {where} was refused by topic {self.topic!r}: {refused!r}. "
            "The record stays uncommitted; create or open the topic, then start again."
        )
