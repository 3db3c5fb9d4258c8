"""Dead letters: everything to replay a record with, in the largest form that the topic takes."""

import asyncio
import hashlib
from typing import Any

import orjson
import pytest
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    RecordListTooLargeError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from fakes import FakeClock, FakeRecord
from structlog.testing import capture_logs

from stream_pool.documents import DecodeError, loads
from stream_pool.stream import dead_letters
from stream_pool.stream.dead_letters import DeadLetters, letter_forms
from stream_pool.stream.errors import DeadLetterUnwritable

RECORD = FakeRecord(
    7, value=b"\xff not json", key=b"customer-1", partition=3, headers=[("tenant", b"\xfe"), ("tenant", b"b")]
)


class Producer:
    """Answers each send with the next of `answers`, then with success."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, bytes | None, bytes | None, dict[str, bytes]]] = []

    async def send_and_wait(
        self, topic: str, value: bytes | None, key: bytes | None, *, headers: list[tuple[str, bytes]]
    ) -> None:
        self.sent.append((topic, value, key, dict(headers)))
        if self.answers:
            raise self.answers.pop(0)


def decode_error() -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        loads(b'{"a": 1,}')
    return caught.value


def desk(producer: Producer) -> tuple[DeadLetters, list[float]]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def missing() -> None:
        pauses.append(0.0)

    desk = DeadLetters("g.dead-letters", "g", producer, clock=FakeClock(), on_missing=missing, sleep=sleep)
    return desk, pauses


def test_01_a_letter_has_all_it_takes_to_replay() -> None:
    """Value, key and headers as they came.

    Place, reason, exception, offset of the fault and stack beside them.
    """
    letter = letter_forms(RECORD, "unexpected_byte", decode_error(), "g")[0]
    assert (letter.key, letter.value) == (RECORD.key, RECORD.value)
    assert letter.headers[:2] == RECORD.headers
    ours = dict(letter.headers[2:])
    assert ours["stream-pool.reason"] == b"unexpected_byte"
    assert ours["stream-pool.group"] == b"g"
    assert ours["stream-pool.topic"] == b"orders"
    assert ours["stream-pool.partition"] == b"3"
    assert ours["stream-pool.offset"] == b"7"
    assert ours["stream-pool.timestamp"] == str(RECORD.timestamp).encode()
    assert ours["stream-pool.exception"].endswith(b"DecodeError")
    assert ours["stream-pool.error-offset"] == b"8"
    assert b"Traceback" in ours["stream-pool.stack"]


def test_02_the_second_form_has_no_stack() -> None:
    """A letter too large loses its stack first, and nothing else."""
    whole, without, _ = letter_forms(RECORD, "r", decode_error(), "g")
    assert [name for name, _ in whole.headers if name not in dict(without.headers)] == ["stream-pool.stack"]
    assert without.value == RECORD.value


def test_03_the_last_form_is_a_pointer() -> None:
    """Topic, partition, offset and SHA-256 say where the record is and that it is the same one."""
    pointer = letter_forms(RECORD, "r", None, "g")[-1]
    assert orjson.loads(pointer.value or b"") == {
        "topic": "orders",
        "partition": 3,
        "offset": 7,
        "sha256": hashlib.sha256(RECORD.value or b"").hexdigest(),
        "value_bytes": len(RECORD.value or b""),
    }
    assert dict(pointer.headers)["stream-pool.pointer"] == b"true"
    assert "tenant" not in dict(pointer.headers)
    assert len(pointer.value or b"") < 1_000


def test_04_a_pointer_leaves_a_huge_key_out() -> None:
    """The pointer is small whatever made the record large."""
    huge = FakeRecord(1, key=b"k" * 1_000_000)
    assert letter_forms(huge, "r", None, "g")[-1].key is None


@pytest.mark.parametrize("refusal", [MessageSizeTooLargeError(), RecordListTooLargeError()])
async def test_05_too_large_goes_on_to_the_next_form(refusal: Exception) -> None:
    """Whole, then without the stack, then a pointer, until one is taken."""
    producer = Producer(refusal, refusal)
    letters, pauses = desk(producer)
    await letters.write(RECORD, "r", decode_error())
    assert ["stream-pool.stack" in sent[3] for sent in producer.sent] == [True, False, False]
    assert "stream-pool.pointer" in producer.sent[-1][3]
    assert (letters.written, letters.pointers, pauses) == (1, 1, [])


async def test_06_a_broker_that_is_away_is_waited_for() -> None:
    """Writing goes on until it is acknowledged, with growing pauses up to 2 s."""
    letters, pauses = desk(Producer(*[KafkaConnectionError(), RequestTimedOutError()] * 4))
    await letters.write(RECORD, "r", None)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
    assert (letters.written, letters.failures) == (1, 8)


@pytest.mark.parametrize(
    "answers",
    [
        [TopicAuthorizationFailedError()],
        [InvalidTopicError()],
        [InvalidTimestampError()],
        [MessageSizeTooLargeError()] * 3,
        [AssertionError("a fault of the client's")],
    ],
    ids=lambda answers: type(answers[0]).__name__,
)
async def test_07_a_final_refusal_is_an_error(answers: list[Any]) -> None:
    """Where no form is taken, or the topic is closed to us, the record can never be committed."""
    letters, _ = desk(Producer(*answers))
    with pytest.raises(DeadLetterUnwritable, match="orders-3@7"):
        await letters.write(RECORD, "r", None)
    assert letters.written == 0


def test_08_text_that_is_not_unicode_is_escaped() -> None:
    """A message with a lone surrogate does not fail on its way into a header."""
    letter = letter_forms(RECORD, "r", ValueError("bad \ud800"), "g")[0]
    assert dict(letter.headers)["stream-pool.message"] == b"bad \\ud800"


def test_09_neither_key_nor_value() -> None:
    """Such a tombstone cannot be written as it came: its letter is a pointer from the start."""
    (only,) = letter_forms(FakeRecord(5, key=None, value=None), "tombstone", None, "g")
    assert orjson.loads(only.value or b"")["offset"] == 5
    assert dict(only.headers)["stream-pool.reason"] == b"tombstone"


async def test_10_a_topic_that_is_away_is_told_once_a_minute() -> None:
    """DESIGN 2.4: many letters that wait for one topic write one line, not one each and one an attempt."""
    producer = Producer(*[UnknownError()] * 300)
    letters, _ = desk(producer)
    with capture_logs() as lines:
        await asyncio.gather(*(letters.write(FakeRecord(n), "r", None) for n in range(100)))
    assert [line["event"] for line in lines] == [
        "dead letter not written, trying again",
        "no longer: dead letter not written, trying again",
    ]
    assert (letters.written, letters.failures) == (100, 300)


@pytest.mark.parametrize("error", [UnknownTopicOrPartitionError(), NotLeaderForPartitionError()])
async def test_11_a_missing_topic_is_told(error: Exception) -> None:
    """Who can make the topic anew learns that it is not there, and the letter waits for it."""
    letters, pauses = desk(Producer(error))
    await letters.write(RECORD, "r", None)
    assert pauses == [0.0, 0.1], "told first, then waited"
    assert letters.written == 1


async def test_12_an_answer_that_never_comes_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter does not hang for ever on an answer that was lost: better two letters than a stuck worker."""
    monkeypatch.setattr(dead_letters, "_ANSWER_TIMEOUT_S", 0.01)
    calls = 0

    class Silent(Producer):
        async def send_and_wait(self, *args: Any, **kwargs: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                await asyncio.Event().wait()

    letters, _ = desk(Silent())
    await letters.write(RECORD, "r", None)
    assert (calls, letters.written, letters.failures) == (2, 1, 1)
