"""Dead letters by reason: what is counted, and what of a value may be seen."""

import pytest

from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.report.letters import (
    MAX_REASONS,
    SHOWN_CHARACTERS,
    LetterBook,
    form_of,
    in_full,
)

VALUE = b'{"order": {"customer": "Ada Lovelace", "card": 4929123412341234, "vip": true, "note": null}}'


def letter(
    offset: int, reason: str | None = "depth_limit", of: int | None = None, value: bytes | None = VALUE
) -> RawRecord:
    headers = [
        ("their-own", b"1"),
        ("stream-pool.topic", b"orders"),
        ("stream-pool.partition", b"3"),
        ("stream-pool.offset", str(offset if of is None else of).encode()),
        ("stream-pool.exception", b"stream_pool.documents.errors.LimitExceeded"),
        ("stream-pool.message", b"Ada Lovelace is 17 levels deep"),
        ("stream-pool.error-offset", b"12"),
    ]
    if reason is not None:
        headers.append(("stream-pool.reason", reason.encode()))
    return RawRecord(offset, 1_000 * offset, 1, b"k", tuple(headers), value)


def book(*letters: RawRecord, redacted: bool = True) -> LetterBook:
    made = LetterBook("g.dead-letters", form_of() if redacted else in_full, redacted=redacted)
    for each in letters:
        made.take("g.dead-letters", 0, each)
    return made


def test_letters_are_counted_by_reason() -> None:
    """The most frequent first, each with its first and its last."""
    told = book(letter(1), letter(2, "tombstone", value=None), letter(5), letter(9)).letters()
    assert [(each.reason, each.count, each.first_ms, each.last_ms) for each in told.reasons] == [
        ("depth_limit", 3, 1_000, 9_000),
        ("tombstone", 1, 2_000, 2_000),
    ]
    first = told.reasons[0]
    assert (first.sample.place, first.sample.of) == ("g.dead-letters/0/1", "orders/3/1")
    assert first.last_place == "g.dead-letters/0/9"
    assert told.reasons[1].sample.value == "no value"


def test_a_letter_that_was_written_twice_counts_once() -> None:
    """They are of one record."""
    told = book(letter(1), letter(2, of=1), letter(3)).letters()
    assert (told.count, told.repeated) == (2, 1)


def test_of_a_value_the_form_is_shown() -> None:
    """Names and lengths; no text, no number, and nothing that an exception says."""
    (reason,) = book(letter(1)).letters().reasons
    sample = reason.sample
    assert sample.value == (
        '{"order": {"customer": "Xxx Xxxxxxxx", "card": 1111111111111111, "vip": false, "note": null}}'
    )
    assert sample.message is None
    assert (sample.exception, sample.error_offset) == ("stream_pool.documents.errors.LimitExceeded", "12")
    assert sample.size_bytes == len(VALUE)


@pytest.mark.parametrize("value", [b"Ada {", b"\xff\xfeAda", b'{"a": 1}{'])
def test_of_what_is_no_json_the_length_is_told(value: bytes) -> None:
    """Its form cannot be told from what is in it."""
    (reason,) = book(letter(1, value=value)).letters().reasons
    assert "Ada" not in reason.sample.value
    assert f"{len(value)} bytes" in reason.sample.value


def test_values_are_shown_where_it_is_asked_for() -> None:
    """Whatever their bytes are; long ones are cut."""
    for value, shown in ((VALUE, VALUE.decode()), (b"\xff", "\\xff"), (b"", "")):
        (reason,) = book(letter(1, value=value), redacted=False).letters().reasons
        assert reason.sample.value == shown
        assert reason.sample.message == "Ada Lovelace is 17 levels deep"
    (reason,) = book(letter(1, value=b"x" * 10_000), redacted=False).letters().reasons
    assert len(reason.sample.value) == SHOWN_CHARACTERS + 2


def test_reasons_are_bounded_and_counted() -> None:
    """A topic that is somebody else's may have any number of them."""
    told = book(*(letter(offset, f"r{offset}") for offset in range(MAX_REASONS + 4))).letters()
    assert (len(told.reasons), told.left_out, told.count) == (MAX_REASONS, 4, MAX_REASONS + 4)


def test_what_is_no_dead_letter_has_no_reason() -> None:
    """It is told all the same, at its own place."""
    told = book(RawRecord(4, 0, 1, None, (), b"1")).letters()
    assert (told.reasons[0].reason, told.reasons[0].sample.of) == ("no reason given", "g.dead-letters/0/4")
