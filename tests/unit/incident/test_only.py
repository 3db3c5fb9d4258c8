"""Which records are chosen, and which words are misuse."""

import pytest

from stream_pool.errors import MisuseError
from stream_pool.events.raw_record import RawRecord
from stream_pool.incident.moments import parse_time_ms
from stream_pool.incident.only import Only, parse_only


def record(key: bytes | None = None, at_ms: int = 0) -> RawRecord:
    return RawRecord(0, at_ms, 0, key, (), b"{}")


@pytest.mark.parametrize(
    ("texts", "only"),
    [
        pytest.param([], Only(), id="1 nothing"),
        pytest.param(["partition=0,3"], Only(frozenset({0, 3})), id="2 partitions"),
        pytest.param(["partition=0", "partition=3"], Only(frozenset({0, 3})), id="3 one by one"),
        pytest.param(["key=C-1"], Only(keys=frozenset({b"C-1"})), id="4 a key"),
        pytest.param(["key=a,b=c"], Only(keys=frozenset({b"a,b=c"})), id="5 a key with a comma"),
        pytest.param(["key="], Only(keys=frozenset({b""})), id="6 the empty key"),
        pytest.param(["key=base64:/w=="], Only(keys=frozenset({b"\xff"})), id="7 a key that is no text"),
        pytest.param(["time=5..9"], Only(times=((5, 9),)), id="8 a time"),
        pytest.param(["time=..9", "time=20.."], Only(times=((None, 9), (20, None))), id="9 open ends"),
        pytest.param(
            ["partition=0,3,key=a,time=5.."],
            Only(frozenset({0, 3}), frozenset({b"a"}), ((5, None),)),
            id="10 all at once",
        ),
    ],
)
def test_choices_are_read(texts: list[str], only: Only) -> None:
    """By one name a choice, by several all of them."""
    assert parse_only(texts, int) == only


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("offset=3", id="1 another name"),
        pytest.param("partition", id="2 without a value"),
        pytest.param("partition=a", id="3 no number"),
        pytest.param("partition=0,,3", id="4 a number missing"),
        pytest.param("key=base64:*", id="5 no base64"),
        pytest.param("time=5", id="6 no range"),
        pytest.param("time=..", id="7 a range of nothing"),
        pytest.param("time=9..5", id="8 the wrong way round"),
    ],
)
def test_other_words_are_misuse(text: str) -> None:
    """Named in the message."""
    with pytest.raises(MisuseError, match="--only"):
        parse_only([text], int)


@pytest.mark.parametrize(
    ("only", "partition", "told", "taken"),
    [
        pytest.param(Only(), 7, record(), True, id="1 no choice takes all"),
        pytest.param(Only(frozenset({0, 3})), 3, record(), True, id="2 its partition"),
        pytest.param(Only(frozenset({0, 3})), 1, record(), False, id="3 another partition"),
        pytest.param(Only(keys=frozenset({b"a"})), 0, record(b"a"), True, id="4 its key"),
        pytest.param(Only(keys=frozenset({b""})), 0, record(None), False, id="5 no key is not the empty key"),
        pytest.param(Only(times=((5, 9),)), 0, record(at_ms=5), True, id="6 the beginning is in"),
        pytest.param(Only(times=((5, 9),)), 0, record(at_ms=9), False, id="7 the end is not"),
        pytest.param(Only(times=((5, 9), (20, None))), 0, record(at_ms=30), True, id="8 the second range"),
        pytest.param(Only(frozenset({0}), frozenset({b"a"})), 0, record(b"b"), False, id="9 all must agree"),
    ],
)
def test_a_record_is_taken_or_not(only: Only, partition: int, told: RawRecord, taken: bool) -> None:
    """By partition, key and time."""
    assert only.takes(partition, told) is taken


@pytest.mark.parametrize(
    ("texts", "canonical"),
    [
        pytest.param([], (), id="1 no choice"),
        pytest.param(["partition=3,0", "partition=0"], ("partition=0,3",), id="2 sorted, each once"),
        pytest.param(["key=b", "key=a"], ("key=a", "key=b"), id="3 keys"),
        pytest.param(["key=a,b=c", "key=base64:/w=="], ("key=a,b=c", "key=base64:/w=="), id="4 no text"),
        pytest.param(["key=base64:YSxrZXk9Yg=="], ("key=base64:YSxrZXk9Yg==",), id="5 a text of two choices"),
        pytest.param(
            ["time=-1h..now"], ("time=2026-01-01T00:00:00.000Z..2026-01-01T01:00:00.000Z",), id="6 ago"
        ),
        pytest.param(["time=-90s.."], ("time=2026-01-01T00:58:30.000Z..",), id="7 open"),
        pytest.param(["time=..1960-01-01"], ("time=..1960-01-01T00:00:00.000Z",), id="8 before the epoch"),
    ],
)
def test_a_choice_has_one_form(texts: list[str], canonical: tuple[str, ...]) -> None:
    """Which tells what was chosen whenever it is read: times are no longer relative."""
    now_ms = 1_767_229_200_000
    only = parse_only(texts, lambda text: parse_time_ms(text, now_ms))
    assert only.texts() == canonical
    assert parse_only(only.texts(), lambda text: parse_time_ms(text, now_ms + 3_600_000)) == only
