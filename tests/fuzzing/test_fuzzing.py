"""The proof itself: what tells a lie is found, made short and named; what is true is not."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fuzzing import faces
from fuzzing.campaign import CHUNK, State, campaign
from fuzzing.comparison import Finding, play
from fuzzing.faces import Face
from fuzzing.minimise import fate, minimised, snippet
from fuzzing.sequence import Settings, drawn
from stream_pool.documents.errors import DecodeError

SEQUENCES = 60

Decode = Callable[[Any], Any]


def lying(tell: Callable[[Decode, Any], Any]) -> Face:
    """The twin, but for what `tell` makes of a call of `decode`."""
    twin = faces.twin()

    class Liar:
        def __init__(self, shared: Any, settings: Settings) -> None:
            self._decoder = twin.make_decoder(shared, settings)

        def decode(self, raw: Any) -> Any:
            return tell(self._decoder.decode, raw)

    return replace(twin, make_decoder=Liar)


def _another_type(decode: Decode, raw: Any) -> Any:
    value = decode(raw)
    return (
        (True if type(value) is int and value == 1 else value) if type(value) is not tuple else _true(value)
    )


def _true(array: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(True if type(item) is int and item == 1 else item for item in array)


def _another_offset(decode: Decode, raw: Any) -> Any:
    try:
        return decode(raw)
    except DecodeError as error:
        if error.reason == "duplicate_key":
            raise DecodeError(error.reason, error.offset + 1) from None
        raise


def _an_earlier_document(decode: Decode, raw: Any, seen: dict[int, Any] = {}) -> Any:  # noqa: B006 - kept on purpose
    value = decode(raw)
    return seen.setdefault(len(raw), value)


def _a_lookup_too_many(decode: Decode, raw: Any) -> Any:
    value = decode(raw)
    decode(b'{"sku":1}')
    return value


def _a_duplicate(decode: Decode, raw: Any) -> Any:
    try:
        return decode(raw)
    except DecodeError as error:
        if error.reason == "duplicate_key":
            return decode(b"{}")
        raise


def _a_surprise(decode: Decode, raw: Any) -> Any:
    if bytes(raw if not isinstance(raw, str) else b"").endswith(b"}}}"):
        raise MemoryError
    return decode(raw)


def _a_crash(decode: Decode, raw: Any) -> Any:
    if bytes(raw if not isinstance(raw, str) else b"").endswith(b"}}"):
        os.kill(os.getpid(), signal.SIGKILL)
    return decode(raw)


LIES: list[tuple[str, Callable[[Decode, Any], Any]]] = [
    ("1 true for 1", _another_type),
    ("2 the byte beside", _another_offset),
    ("3 the document of one before", _an_earlier_document),
    ("4 a lookup too many", _a_lookup_too_many),
    ("5 a duplicate key let in", _a_duplicate),
    ("6 another error", _a_surprise),
    ("7 a crash", _a_crash),
]  # fmt: skip


@pytest.mark.parametrize("tell", [case[1] for case in LIES], ids=[case[0] for case in LIES])
def test_a_lie_is_found(tell: Callable[[Decode, Any], Any]) -> None:
    """Within some dozens of sequences, each in a process of its own."""
    face = lying(tell)
    assert any(fate(drawn(1, number), face, None) for number in range(SEQUENCES))


def test_the_truth_is_not() -> None:
    """The twin agrees with itself and with the standard library."""
    assert [fate(drawn(1, number), faces.twin(), faces.twin()) for number in range(20)] == [""] * 20


def test_a_sequence_is_a_function_of_its_numbers() -> None:
    """Whoever plays it, and whatever was played before."""
    assert repr(drawn(1, 7).steps[:5]) == repr(drawn(1, 7).steps[:5])
    assert drawn(1, 7).pool_seed != drawn(1, 8).pool_seed != drawn(2, 8).pool_seed


def test_a_finding_is_made_short() -> None:
    """Two documents, where the second is wrong because of the first."""
    before: list[bytes] = []

    def tell(decode: Decode, raw: Any) -> Any:
        value = decode(raw)
        if before and b"id" in before[-1] and b"sku" in bytes(raw if not isinstance(raw, str) else b""):
            return None
        before.append(bytes(raw) if not isinstance(raw, str) else b"")
        return value

    face = lying(tell)
    sequence = next(drawn(1, number) for number in range(SEQUENCES) if fate(drawn(1, number), face, None))
    shortest = minimised(sequence, lambda candidate: bool(fate(candidate, face, None)))
    assert shortest.cases == len(shortest.steps) == 2
    compile(snippet(shortest), "snippet", "exec")
    with pytest.raises(Finding):
        play(shortest, face)


def test_a_campaign_goes_on_where_it_was_stopped(tmp_path: Any) -> None:
    """One run, and one in two parts, come to the same."""
    kept = tmp_path / "state.json"
    campaign(State.of(kept, 3), 1, jobs=1, path=kept, face="twin")
    in_parts = campaign(State.of(kept, 3), 7000, jobs=1, path=kept, face="twin")
    at_once = campaign(State(3), 7000, jobs=1, face="twin")
    assert replace(in_parts, seconds=0.0) == replace(at_once, seconds=0.0)
    assert in_parts.next_number >= 2 * CHUNK
    with pytest.raises(ValueError, match="seed 3"):
        State.of(kept, 4)
