"""Every limit at its bound and just over it: the reason, the offset, and that nothing is read beyond need."""

import gc
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from stream_pool import DecodeError, Decoder, LimitExceeded, Limits, loads
from stream_pool.documents import reasons
from stream_pool.errors import MisuseError

pytestmark = pytest.mark.usefixtures("implementation")

SMALL = Limits(document_bytes=64, depth=2, keys=3, items=3, key_bytes=4, string_bytes=6, number_digits=5)

AT_THE_BOUND: list[tuple[str, bytes]] = [
    ("1 document_bytes", b"[" + b" " * 62 + b"]"),
    ("2 depth of objects", b'{"a":{}}'),
    ("3 depth of arrays", b"[[]]"),
    ("4 depth is not width", b"[[],[],{}]"),
    ("5 keys of all objects", b'[{"a":1},{"a":1,"b":1}]'),
    ("6 items of all arrays", b'{"a":[1,2],"b":[3]}'),
    ("7 members are no items", b'{"a":1,"b":2,"c":[1,2,3]}'),
    ("8 key_bytes", b'{"abcd":1}'),
    ("9 key_bytes of UTF-8", '{"€a":1}'.encode()),
    ("10 key_bytes with an escape as written", rb'{"a\nb":1}'),
    ("11 string_bytes", b'"abcdef"'),
    ("12 string_bytes of an escape as written", rb'"\u0041"'),
    ("13 string_bytes with an escaped quote", rb'"abcd\""'),
    ("14 number_digits", b"12345"),
    ("15 sign, dot and exponent mark are no digits", b"-12.3e+45"),
    ("16 commas and colons in strings are no items or keys", b'[",:,:[","::",":,["]'),
]  # fmt: skip


@pytest.mark.parametrize("raw", [case[1] for case in AT_THE_BOUND], ids=[case[0] for case in AT_THE_BOUND])
def test_at_the_bound(raw: bytes) -> None:
    """A document that reaches its limits is as good as any."""
    value = Decoder(limits=SMALL).decode(raw)
    assert value == Decoder().decode(raw)


OVER_THE_BOUND: list[tuple[str, bytes, str, int]] = [
    ("1 document_bytes", b" " * 65, reasons.DOCUMENT_BYTES_LIMIT, 64),
    ("2 document_bytes before any syntax", b"x" * 100, reasons.DOCUMENT_BYTES_LIMIT, 64),
    ("3 depth of objects", b'{"a":{"b":{}}}', reasons.DEPTH_LIMIT, 10),
    ("4 depth of arrays", b"[1,[[", reasons.DEPTH_LIMIT, 4),
    ("5 depth of empty arrays", b"[[[]]]", reasons.DEPTH_LIMIT, 2),
    ("6 depth of mixed containers", b'{"a":[{}]}', reasons.DEPTH_LIMIT, 6),
    ("7 keys", b'[{"a":1},{"a":1,"b":1},{ "c":1}]', reasons.KEYS_LIMIT, 25),
    ("8 keys before their value is read", b'{"a":1,"b":2,"c":3,"d"', reasons.KEYS_LIMIT, 19),
    ("9 items", b"[1,2,3, 4]", reasons.ITEMS_LIMIT, 8),
    ("10 items of all arrays", b'{"a":[1,2],"b":[3,"x"]}', reasons.ITEMS_LIMIT, 18),
    ("11 items that are containers", b"[[],[],[],[]]", reasons.ITEMS_LIMIT, 10),
    ("12 key_bytes", b'{"a":1,"abcde":1}', reasons.KEY_BYTES_LIMIT, 7),
    ("13 key_bytes of UTF-8", '{"€€":1}'.encode(), reasons.KEY_BYTES_LIMIT, 1),
    ("14 key_bytes as written, not as meant", rb'{"\u0061":1}', reasons.KEY_BYTES_LIMIT, 1),
    ("15 string_bytes", b'["abcdefg"]', reasons.STRING_BYTES_LIMIT, 1),
    ("16 string_bytes of UTF-8", '["","€€€"]'.encode(), reasons.STRING_BYTES_LIMIT, 4),
    ("17 string_bytes as written", rb'{"a":"\u0061b"}', reasons.STRING_BYTES_LIMIT, 5),
    ("18 number_digits", b"[123456]", reasons.NUMBER_DIGITS_LIMIT, 1),
    ("19 number_digits of a fraction", b"[0, -1.23456]", reasons.NUMBER_DIGITS_LIMIT, 4),
    ("20 number_digits of an exponent", b"1e00001", reasons.NUMBER_DIGITS_LIMIT, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "reason", "offset"),
    [case[1:] for case in OVER_THE_BOUND],
    ids=[case[0] for case in OVER_THE_BOUND],
)
def test_over_the_bound(raw: bytes, reason: str, offset: int) -> None:
    """One more is refused, at the first byte of the token that is too much."""
    with pytest.raises(LimitExceeded) as caught:
        Decoder(limits=SMALL).decode(raw)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


PRECEDENCE: list[tuple[str, bytes, str, int]] = [
    ("1 a string too long that is broken inside", b'"abc\\q\n\xffgh"', reasons.STRING_BYTES_LIMIT, 0),
    ("2 a string too long that does not end", b'"abcdefg', reasons.STRING_BYTES_LIMIT, 0),
    ("3 a string that does not end within its limit", b'"abcdef', reasons.UNEXPECTED_END, 7),
    ("4 a string broken inside within its limit", b'"abc\\q"', reasons.INVALID_ESCAPE, 4),
    ("5 a number too long that is broken", b"[123456.]", reasons.NUMBER_DIGITS_LIMIT, 1),
    ("6 a number too long that ends", b"[1234567e", reasons.NUMBER_DIGITS_LIMIT, 1),
    ("7 a number too long and too large", b"1e123456", reasons.NUMBER_DIGITS_LIMIT, 0),
    ("8 a leading zero before many digits", b"0123456", reasons.INVALID_NUMBER, 0),
    ("9 one key too many that is too long and comes twice",
     b'{"a":1,"b":1,"c":1,"aaaaaa":1}', reasons.KEYS_LIMIT, 19),
    ("10 one item too many that is too deep", b"[[1,2,[", reasons.ITEMS_LIMIT, 6),
    ("11 one item too many that begins no value", b"[1,2,3,x]", reasons.UNEXPECTED_BYTE, 7),
    ("12 one item too many that begins a literal and is none", b"[1,2,3,nil]", reasons.ITEMS_LIMIT, 7),
    ("13 syntax left of a limit", b'{"a" 1,"abcde":1}', reasons.UNEXPECTED_BYTE, 5),
    ("14 a limit left of syntax", b'{"abcde" 1}', reasons.KEY_BYTES_LIMIT, 1),
    ("15 a key too long and a duplicate", b'{"a":1,"abcdef":1,"a":2}', reasons.KEY_BYTES_LIMIT, 7),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "reason", "offset"), [case[1:] for case in PRECEDENCE], ids=[case[0] for case in PRECEDENCE]
)
def test_precedence(raw: bytes, reason: str, offset: int) -> None:
    """Of a limit and another error the leftmost wins; at one offset the limit does."""
    with pytest.raises(DecodeError) as caught:
        Decoder(limits=SMALL).decode(raw)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


DEFAULTS: list[tuple[str, bytes, bytes, str, int]] = [
    ("1 depth", b"[" * 64 + b"]" * 64, b"[" * 65 + b"]" * 65, reasons.DEPTH_LIMIT, 64),
    ("2 key_bytes", b'{"%s":1}' % (b"k" * 1024), b'{"%s":1}' % (b"k" * 1025), reasons.KEY_BYTES_LIMIT, 1),
    ("3 number_digits", b"1" * 1000, b"1" * 1001, reasons.NUMBER_DIGITS_LIMIT, 0),
    ("4 number_digits of a float", b"0." + b"1" * 999, b"0." + b"1" * 1000, reasons.NUMBER_DIGITS_LIMIT, 0),
    ("5 string_bytes", b'"%s"' % (b"s" * (8 << 20)), b'"%s"' % (b"s" * ((8 << 20) + 1)),
     reasons.STRING_BYTES_LIMIT, 0),
    ("6 keys", json.dumps(dict.fromkeys(map(str, range(100_000)), 0)).encode(),
     json.dumps(dict.fromkeys(map(str, range(100_001)), 0)).encode(), reasons.KEYS_LIMIT, 1_188_891),
    ("7 items", b"[%s]" % b",".join([b"1"] * 1_000_000), b"[%s]" % b",".join([b"1"] * 1_000_001),
     reasons.ITEMS_LIMIT, 2_000_001),
]  # fmt: skip


@pytest.mark.parametrize(
    ("good", "bad", "reason", "offset"), [case[1:] for case in DEFAULTS], ids=[case[0] for case in DEFAULTS]
)
def test_default_limits(good: bytes, bad: bytes, reason: str, offset: int) -> None:
    """The defaults are those of the documentation: the last good document, and the first bad one."""
    loads(good)
    with pytest.raises(LimitExceeded) as caught:
        loads(bad)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


HOSTILE: list[tuple[str, bytes, str, int]] = [
    ("1 10,000 arrays deep", b"[" * 10_000, reasons.DEPTH_LIMIT, 64),
    ("2 10,000 objects deep", b'{"a":' * 10_000, reasons.DEPTH_LIMIT, 64 * 5),
    ("3 1,000,000 keys", b"{%s}" % b",".join(b'"%07d":0' % n for n in range(1_000_000)), reasons.KEYS_LIMIT,
     100_000 * 12 + 1),
    ("4 a million times the same key", b"{%s}" % b",".join([b'"a":0'] * 1_000_000), reasons.DUPLICATE_KEY, 7),
    ("5 a long string of escapes that does not end", b'"' + rb"\u0041" * 1_000_000, reasons.UNEXPECTED_END,
     6_000_001),
    ("6 a long run of backslashes", b'"' + b"\\" * 4_000_000, reasons.UNEXPECTED_END, 4_000_001),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "reason", "offset"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_hostile_documents(raw: bytes, reason: str, offset: int) -> None:
    """What is made to hurt is refused with its plain reason."""
    with pytest.raises(DecodeError) as caught:
        loads(raw)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, bytes.decode], ids=lambda form: form.__name__)
def test_a_huge_document_is_refused_unread(form: Any) -> None:
    """100 MB are refused by their size: no copy, no scan."""
    raw = form(b"[" + b" " * 100_000_000)
    gc.collect()  # so that no collection of all that pytest holds is due meanwhile
    before = time.process_time()
    with pytest.raises(LimitExceeded) as caught:
        loads(raw)
    assert (caught.value.reason, caught.value.offset) == (reasons.DOCUMENT_BYTES_LIMIT, 16 << 20)
    assert time.process_time() - before < 0.01, "a scan or a copy of 100 MB takes longer"


WRONG_LIMITS: list[tuple[str, dict[str, int], str]] = [
    ("1 depth over the ceiling", {"depth": 1025}, "1024"),
    ("2 no digits", {"number_digits": 0}, "from 1 to 4300"),
    ("3 more digits than CPython converts", {"number_digits": 4301}, "from 1 to 4300"),
    ("4 a negative bound", {"keys": -1}, "keys is -1"),
]


@pytest.mark.parametrize(
    ("wrong", "message"), [case[1:] for case in WRONG_LIMITS], ids=[case[0] for case in WRONG_LIMITS]
)
def test_wrong_limits(wrong: dict[str, int], message: str) -> None:
    """A limit that cannot be is refused, with its name and what is allowed."""
    with pytest.raises(MisuseError, match=message):
        Limits(**wrong)


def test_limits_of_zero_allow_none() -> None:
    """Zero is a bound like any other: only scalars, no members, no elements, empty strings."""
    decoder = Decoder(limits=replace(Limits(), depth=0, keys=0, items=0, key_bytes=0, string_bytes=0))
    assert [decoder.decode(raw) for raw in (b"1", b"true", b'""')] == [1, True, ""]
    for raw, reason in [
        (b"[]", reasons.DEPTH_LIMIT),
        (b"{}", reasons.DEPTH_LIMIT),
        (b'"a"', reasons.STRING_BYTES_LIMIT),
    ]:
        with pytest.raises(LimitExceeded) as caught:
            decoder.decode(raw)
        assert (caught.value.reason, caught.value.offset) == (reason, 0)


def test_integers_keep_their_digits_whatever_the_interpreter_is_set_to() -> None:
    """`sys.set_int_max_str_digits` at its lowest changes neither what decodes nor what is written."""
    import subprocess
    import sys

    program = (
        "import stream_pool as s; raw = b'[' + b'7' * 4300 + b',-' + b'10' * 2000 + b'0]';"
        "value = s.Decoder(limits=s.Limits(number_digits=4300)).decode(raw);"
        "assert value[0] * 9 == 7 * (10**4300 - 1); assert s.dumps(value) == raw"
    )
    subprocess.run([sys.executable, "-X", "int_max_str_digits=640", "-c", program], check=True, timeout=60)
