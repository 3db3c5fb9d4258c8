"""The twin's quick way and its exact scanner: whichever decodes, value, error and counts are the same."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_pool.documents import DecodeError, Limits
from stream_pool.documents import decoder as decoder_module
from stream_pool.documents.decoder import Decoder
from stream_pool.documents.writer import dumps
from stream_pool.pool import PoolStats
from stream_pool.pool.pool import Pool

LIMITS = Limits(
    document_bytes=400, depth=5, keys=12, items=12, key_bytes=12, string_bytes=20, number_digits=12
)
Outcome = tuple[Any, ...]


def outcome(decoder: Decoder, raw: bytes) -> Outcome:
    try:
        value = decoder.decode(raw)
    except DecodeError as error:
        return type(error), error.reason, error.offset
    return type(value), value, dumps(value)


def both_ways(raw: bytes, limits: Limits, last_wins: bool) -> tuple[list[Outcome], list[PoolStats]]:
    """What three decodes in a row give, and the figures after them, each way from an empty pool."""
    outcomes, readings = [], []
    for is_provable in (decoder_module._is_provable, lambda raw, limits: False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decoder_module, "_is_provable", is_provable)
            decoder = Decoder(pool=Pool(8), limits=limits, duplicate_keys="last" if last_wins else "error")
            outcomes.append(tuple(outcome(decoder, raw) for _ in range(3)))
            readings.append(decoder.pool.stats())
    return outcomes, readings


KEYS = st.sampled_from(["", "a", "b", "é", "key", "a longer key", "\n", "€€€€", "\U0001f600"])
NUMBERS = st.sampled_from(
    ["0", "-0", "1e5", "1.5", "123456789012", "1234567890123", "1e400", "01", "-", "1."]
)
STRINGS = st.text(max_size=8) | st.sampled_from(["s" * 20, "s" * 21, "€" * 6, "€" * 7, '"', "\\"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON text, most of it sound.

    Members may repeat, numbers and escapes may be wrong, limits may be passed.
    """

    def string(value: str) -> str:
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    def value(levels: int) -> str:
        kind = draw(st.sampled_from("snklOA" if levels else "snkl"))
        space = draw(st.sampled_from(["", " "]))
        if kind == "s":
            return string(draw(STRINGS))
        if kind == "n":
            return draw(NUMBERS)
        if kind == "k":
            return string(draw(KEYS))
        if kind == "l":
            return draw(
                st.sampled_from(["true", "false", "null", "NaN", "-Infinity", rb'"\ud83d\ude00"'.decode()])
            )
        inner = [value(levels - 1) for _ in range(draw(st.integers(0, 4)))]
        if kind == "A":
            return f"[{space}{f',{space}'.join(inner)}]"
        return "{" + ",".join(f"{string(draw(KEYS))}:{space}{member}" for member in inner) + space + "}"

    return value(draw(st.integers(0, 7))).encode("utf-8", "surrogatepass")


@given(texts(), st.booleans(), st.booleans())
@example(b'{"a":1,"a":[[[[[]]]]]}', True, True)
@example(b'{"a":[[[[[]]]]],"a":1}', True, True)
@example(b'["' + b"\xc3\xa9" * 10 + b'"]', False, True)
@example(rb'{"":"","a":"000\u001f","b":0}', False, True)
def test_generated_texts(raw: bytes, last_wins: bool, tight: bool) -> None:
    """Same value or same error, and the same hits and misses."""
    outcomes, readings = both_ways(raw, LIMITS if tight else Limits(), last_wins)
    assert outcomes[0] == outcomes[1]
    assert (readings[0].hits, readings[0].misses) == (readings[1].hits, readings[1].misses)


TRIED_TWICE: list[tuple[str, bytes]] = [
    ("1 a layout", b'{"%s":"\\u0041 text"}' % (b"k" * 200)),
    ("2 a value", b'["a text",{"%s":"\\u0041 text"}]' % (b"k" * 200)),
    ("3 a refused layout", b'{"a":1,"b":2} x'),
    (
        "4 more values than the door remembers",
        b'{"%s":["\\u0041",%s]}' % (b"k" * 200, b",".join(b'"text %d"' % n for n in range(5000))),
    ),
]
"""What the quick way gives up on after it has seen something."""


@pytest.mark.parametrize("raw", [case[1] for case in TRIED_TWICE], ids=[case[0] for case in TRIED_TWICE])
def test_a_try_that_proved_nothing_was_no_sighting(raw: bytes) -> None:
    """Nothing is pooled or shared that was seen once."""
    decoder = Decoder(pool=Pool())
    outcome(decoder, raw)
    stats = decoder.pool.stats()
    assert stats.shapes == 0
    assert stats.size <= raw.count(b":")


SOUND = dumps(Decoder().decode('{"é":[1,{"k":"€"},"\\n",1.5e3,null],"list":[[],{}],"t":true}'))


@given(
    st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=3),
    st.integers(0, len(SOUND)),
)
def test_mutated_bytes(mutations: list[tuple[int, int]], length: int) -> None:
    """Any byte may be wrong, and the end may be missing."""
    raw = bytearray(SOUND)
    for at, byte in mutations:
        raw[at] = byte
    outcomes, _ = both_ways(bytes(raw[:length]), LIMITS, last_wins=False)
    assert outcomes[0] == outcomes[1]


PROVABLE: list[tuple[str, bytes, bool]] = [
    ("1 plain", b'{"a":[1,"x"]}', True),
    ("2 as many colons as keys", b'{"a":":::::::::::"}', True),
    ("3 one more", b'{"a":"::::::::::::"}', False),
    ("4 as many commas and brackets as items", b'["",",,,,,,,,,,"]', True),
    ("5 one more", b'["",",,,,,,,,,,,"]', False),
    ("6 a surrogate escape", rb'"\ud83d\ude00"', False),
    ("7 another escape", rb'"\u00e9"', True),
    ("8 as many digits in a row", b"[123456789012]", True),
    ("9 one more", b"[1234567890123]", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "provable"), [case[1:] for case in PROVABLE], ids=[case[0] for case in PROVABLE]
)
def test_what_is_provable(raw: bytes, provable: bool) -> None:
    """The quick way is tried where counts of bytes leave no limit open that it does not watch."""
    assert decoder_module._is_provable(raw, LIMITS) is provable


def test_ordinary_documents_take_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order with defaults never needs the exact scanner."""
    monkeypatch.delattr(decoder_module, "ExactScanner")
    value = {"a": {"b": [{"c": "é\n", "d": 1.5}] * 90}, "x" * 170: "y" * 5000, "z": 10**999}
    raw = json.dumps(value, ensure_ascii=False)
    assert Decoder().decode(raw).to_dict() == value


def test_a_deep_stack_does_not_hinder() -> None:
    """Where the interpreter's recursion limit stops the quick way, the exact scanner goes on."""
    raw = b'{"k":' * 1000 + b"1" + b"}" * 1000
    decoder = Decoder(limits=Limits(depth=1024))

    def down(levels: int) -> Any:
        return down(levels - 1) if levels else decoder.decode(raw)

    assert dumps(down(300)) == raw
    stats = decoder.pool.stats()
    assert (stats.hits, stats.misses) == (999, 1)
