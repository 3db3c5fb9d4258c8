"""What is JSON and what it means: RFC 8259 case by case, through the public names alone."""

import json
from math import copysign
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_pool import DecodeError, Decoder, Limits, dumps, loads
from stream_pool.documents import reasons

pytestmark = pytest.mark.usefixtures("implementation")

ACCEPTED: list[tuple[str, bytes, Any]] = [
    ("1 an empty object", b"{}", {}),
    ("2 an empty array", b"[]", ()),
    ("3 null at the root", b"null", None),
    ("4 true at the root", b"true", True),
    ("5 false at the root", b"false", False),
    ("6 a string at the root", b'"a"', "a"),
    ("7 an empty string", b'""', ""),
    ("8 zero", b"0", 0),
    ("9 minus zero is the integer 0", b"-0", 0),
    ("10 minus zero with a fraction keeps its sign", b"-0.0", -0.0),
    ("11 a negative integer", b"-12", -12),
    ("12 an exponent makes a float", b"1E2", 100.0),
    ("13 an exponent with a plus", b"1e+2", 100.0),
    ("14 an exponent with leading zeros", b"1e-002", 0.01),
    ("15 a fraction and an exponent", b"0.5e1", 5.0),
    ("16 zero to a huge exponent", b"0e999", 0.0),
    ("17 zero to an exponent beyond any integer type", b"0.0e99999999999999999999", 0.0),
    ("18 a number too small is zero", b"1e-400", 0.0),
    ("19 the smallest subnormal", b"5e-324", 5e-324),
    ("20 the largest float", b"1.7976931348623157e308", 1.7976931348623157e308),
    ("21 an integer beyond 64 bits keeps every digit", b"18446744073709551617", 18446744073709551617),
    ("22 an integer of a thousand digits keeps every one", b"9" * 1000, 10**1000 - 1),
    ("23 a negative one too", b"-" + b"9" * 1000, 1 - 10**1000),
    ("24 halfway rounds to even", b"9007199254740993.0", 9007199254740992.0),
    ("25 a long fraction rounds once", b"0.5000000000000000277555756156289135105907917022705078125", 0.5),
    ("26 white space of all four kinds everywhere", b' \t\n\r{ \t"a"\n:\r[ 1 , 2 ] } \n', {"a": (1, 2)}),
    ("27 the short escapes", rb'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
    ("28 an escaped letter", rb'"\u0041"', "A"),
    ("29 hexadecimal digits of either case", rb'"\u00eB\u00Eb"', "\u00eb\u00eb"),
    ("30 an escaped NUL", rb'"\u0000"', "\0"),
    ("31 a surrogate pair", rb'"\ud83d\uDE00"', "\U0001f600"),
    ("32 the first and the last pair", rb'"\uD800\uDC00\udbff\udfff"', "\U00010000\U0010ffff"),
    ("33 a backslash before what looks like a surrogate", rb'"\\ud800"', "\\ud800"),
    ("34 two, three and four bytes of UTF-8", '"é€\U0001f600"'.encode(), "é€\U0001f600"),
    ("35 DEL and the C1 controls are ordinary", b'"\x7f\xc2\x80"', "\x7f\x80"),
    ("36 line and paragraph separators are ordinary", b'"\xe2\x80\xa8\xe2\x80\xa9"', "\u2028\u2029"),
    ("37 U+FEFF inside a string", b'"\xef\xbb\xbf"', "\ufeff"),
    ("38 noncharacters", b'"\xef\xbf\xbf\\uffff"', "\uffff\uffff"),
    ("39 keys differ by case and by normal form", '{"a":1,"A":2,"é":3,"e\u0301":4}'.encode(),
     {"a": 1, "A": 2, "é": 3, "e\u0301": 4}),
    ("40 an empty key", b'{"":{"":1}}', {"": {"": 1}}),
    ("41 arrays in arrays are tuples in tuples", b"[[],[[1]],{}]", ((), ((1,),), {})),
    ("42 objects in arrays in objects", b'{"a":[{"b":[null]}]}', {"a": ({"b": (None,)},)}),
    ("43 brackets and commas in strings mean nothing", rb'["[{,:\"]}"]', ('[{,:"]}',)),
    ("44 the same key in different objects", b'[{"a":1},{"a":2}]', ({"a": 1}, {"a": 2})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "value"), [case[1:] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED]
)
def test_accepted(raw: bytes, value: Any) -> None:
    """Every JSON text gives its value, of the very type."""
    decoded = loads(raw)
    assert decoded == value
    if not isinstance(value, dict):
        assert type(decoded) is type(value)
    if isinstance(value, float):
        assert copysign(1, decoded) == copysign(1, value)


REFUSED: list[tuple[str, bytes, str, int]] = [
    ("1 nothing", b"", reasons.UNEXPECTED_END, 0),
    ("2 only white space", b" \n", reasons.UNEXPECTED_END, 2),
    ("3 a byte order mark", b"\xef\xbb\xbf{}", reasons.BYTE_ORDER_MARK, 0),
    ("4 a byte order mark and nothing else", b"\xef\xbb\xbf", reasons.BYTE_ORDER_MARK, 0),
    ("5 U+FEFF after white space is no mark", b" \xef\xbb\xbf{}", reasons.UNEXPECTED_BYTE, 1),
    ("6 UTF-16 with its mark", b"\xff\xfe{\0}\0", reasons.INVALID_UTF8, 0),
    ("7 UTF-16 without", b"{\0}\0", reasons.UNEXPECTED_BYTE, 1),
    ("8 a second root", b"{} {}", reasons.TRAILING_BYTES, 3),
    ("9 a comma after the root", b"{},", reasons.TRAILING_BYTES, 2),
    ("10 a closing bracket too many", b"[]]", reasons.TRAILING_BYTES, 2),
    ("11 no UTF-8 after the root", b"{}\xff", reasons.TRAILING_BYTES, 2),
    ("12 NUL after the root", b"1\0", reasons.TRAILING_BYTES, 1),
    ("13 a letter after a number at the root", b"1x", reasons.TRAILING_BYTES, 1),
    ("14 a hexadecimal number", b"0x1F", reasons.TRAILING_BYTES, 1),
    ("15 an object that does not end", b'{"a":1', reasons.UNEXPECTED_END, 6),
    ("16 an object after its brace", b"{", reasons.UNEXPECTED_END, 1),
    ("17 an object after a key", b'{"a"', reasons.UNEXPECTED_END, 4),
    ("18 an object after a colon", b'{"a": ', reasons.UNEXPECTED_END, 6),
    ("19 an array after a comma", b"[1, ", reasons.UNEXPECTED_END, 4),
    ("20 a comma before a brace", b'{"a":1,}', reasons.UNEXPECTED_BYTE, 7),
    ("21 a comma before a bracket", b"[1,]", reasons.UNEXPECTED_BYTE, 3),
    ("22 a leading comma", b"[,1]", reasons.UNEXPECTED_BYTE, 1),
    ("23 two commas", b"[1,,2]", reasons.UNEXPECTED_BYTE, 3),
    ("24 no comma", b"[1 2]", reasons.UNEXPECTED_BYTE, 3),
    ("25 a colon in an array", b'["a":1]', reasons.UNEXPECTED_BYTE, 4),
    ("26 a comma for a colon", b'{"a",1}', reasons.UNEXPECTED_BYTE, 4),
    ("27 two colons", b'{"a"::1}', reasons.UNEXPECTED_BYTE, 5),
    ("28 the wrong closing bracket", b'{"a":[1}', reasons.UNEXPECTED_BYTE, 7),
    ("29 a key without quotes", b"{a:1}", reasons.UNEXPECTED_BYTE, 1),
    ("30 a key in single quotes", b"{'a':1}", reasons.UNEXPECTED_BYTE, 1),
    ("31 a number for a key", b"{1:1}", reasons.UNEXPECTED_BYTE, 1),
    ("32 null for a key", b"{null:1}", reasons.UNEXPECTED_BYTE, 1),
    ("33 a comment", b"[1, /* */ 2]", reasons.UNEXPECTED_BYTE, 4),
    ("34 a form feed is no white space", b"[\f1]", reasons.UNEXPECTED_BYTE, 1),
    ("35 nor is a no-break space", b"[\xc2\xa01]", reasons.UNEXPECTED_BYTE, 1),
    ("36 no UTF-8 where a value is due", b"[\xff]", reasons.INVALID_UTF8, 1),
    ("37 half a character where a value is due", b"[\xe2\x82", reasons.INVALID_UTF8, 1),
    ("38 a literal in capitals", b"[True]", reasons.UNEXPECTED_BYTE, 1),
    ("39 a literal that goes wrong", b"[trux]", reasons.UNEXPECTED_BYTE, 4),
    ("40 a literal that ends", b"[nul", reasons.UNEXPECTED_END, 4),
    ("41 a literal that goes on", b"[nulll]", reasons.UNEXPECTED_BYTE, 5),
    ("42 a literal that goes wrong in no UTF-8", b"[fa\xff", reasons.INVALID_UTF8, 3),
    ("43 NaN", b'{"a":NaN}', reasons.UNEXPECTED_BYTE, 5),
    ("44 Infinity", b"[Infinity]", reasons.UNEXPECTED_BYTE, 1),
    ("45 minus Infinity", b"[-Infinity]", reasons.INVALID_NUMBER, 1),
    ("46 a leading zero", b"[01]", reasons.INVALID_NUMBER, 1),
    ("47 a leading zero after a minus", b"[-012]", reasons.INVALID_NUMBER, 1),
    ("48 a leading plus", b"[+1]", reasons.UNEXPECTED_BYTE, 1),
    ("49 a leading dot", b"[.5]", reasons.UNEXPECTED_BYTE, 1),
    ("50 a trailing dot", b"[1.]", reasons.INVALID_NUMBER, 1),
    ("51 a dot and an exponent", b"[1.e5]", reasons.INVALID_NUMBER, 1),
    ("52 an exponent without digits", b"[10e]", reasons.INVALID_NUMBER, 1),
    ("53 an exponent with a sign and no digits", b"[1e+]", reasons.INVALID_NUMBER, 1),
    ("54 an exponent after a fraction without digits", b"[1.5E-x]", reasons.INVALID_NUMBER, 1),
    ("55 two dots", b"[1.5.2]", reasons.UNEXPECTED_BYTE, 4),
    ("56 two exponents", b"[1e5e2]", reasons.UNEXPECTED_BYTE, 4),
    ("57 an underscore", b"[1_000]", reasons.UNEXPECTED_BYTE, 2),
    ("58 a lone minus", b"[-]", reasons.INVALID_NUMBER, 1),
    ("59 a minus that ends", b"[-", reasons.UNEXPECTED_END, 2),
    ("60 a fraction that ends", b"[1.", reasons.UNEXPECTED_END, 3),
    ("61 an exponent that ends", b"[1e+", reasons.UNEXPECTED_END, 4),
    ("62 digits of another script", "[\u0661]".encode(), reasons.UNEXPECTED_BYTE, 1),
    ("63 a number that overflows", b"[1, 1E400]", reasons.NUMBER_OUT_OF_RANGE, 4),
    ("64 a negative one", b"-1e309", reasons.NUMBER_OUT_OF_RANGE, 0),
    ("65 just over the largest float", b"1.7976931348623159e308", reasons.NUMBER_OUT_OF_RANGE, 0),
    ("66 an exponent beyond any integer type", b"1e99999999999999999999", reasons.NUMBER_OUT_OF_RANGE, 0),
    ("67 a newline in a string", b'["a\nb"]', reasons.CONTROL_CHARACTER, 3),
    ("68 NUL in a string", b'"\0"', reasons.CONTROL_CHARACTER, 1),
    ("69 a tab in a key", b'{"a\t":1}', reasons.CONTROL_CHARACTER, 3),
    ("70 0x1f after multi-byte text", b'"\xe2\x82\xac\x1f"', reasons.CONTROL_CHARACTER, 4),
    ("71 an unknown escape", rb'["\x41"]', reasons.INVALID_ESCAPE, 2),
    ("72 an escaped single quote", rb'"\'"', reasons.INVALID_ESCAPE, 1),
    ("73 an escaped newline", b'"\\\n"', reasons.INVALID_ESCAPE, 1),
    ("74 an escape in capitals", rb'"\U0041"', reasons.INVALID_ESCAPE, 1),
    ("75 three hexadecimal digits", rb'"\u123"', reasons.INVALID_ESCAPE, 1),
    ("76 a letter that is none", rb'"a\u12G4"', reasons.INVALID_ESCAPE, 2),
    ("77 an escape after multi-byte text", '"é\\q"'.encode(), reasons.INVALID_ESCAPE, 3),
    ("78 a lone high surrogate", rb'["\ud800"]', reasons.LONE_SURROGATE, 2),
    ("79 a lone low surrogate", rb'["\udc00"]', reasons.LONE_SURROGATE, 2),
    ("80 the two halves in the wrong order", rb'"\udc00\ud800"', reasons.LONE_SURROGATE, 1),
    ("81 two high halves", rb'"\ud800\ud800\udc00"', reasons.LONE_SURROGATE, 1),
    ("82 a high half and a letter", rb'"\uDBFFa"', reasons.LONE_SURROGATE, 1),
    ("83 a high half and another escape", rb'"\ud800\n"', reasons.LONE_SURROGATE, 1),
    ("84 a high half and a broken escape", rb'"\ud800\uZZZZ"', reasons.LONE_SURROGATE, 1),
    ("85 a low half after a pair", rb'"\ud83d\ude00\ude00"', reasons.LONE_SURROGATE, 13),
    ("86 a lone half in a key after multi-byte text", '{"€\\uD800":1}'.encode(), reasons.LONE_SURROGATE, 5),
    ("87 a string that ends", b'"abc', reasons.UNEXPECTED_END, 4),
    ("88 a string that ends after a backslash", b'"abc\\', reasons.UNEXPECTED_END, 5),
    ("89 a string whose quote is escaped", rb'"abc\"', reasons.UNEXPECTED_END, 6),
    ("90 an escape that ends", rb'"\u12', reasons.UNEXPECTED_END, 5),
    ("91 a pair that ends", rb'"\ud83d\ude', reasons.UNEXPECTED_END, 11),
    ("92 a pair that ends and could not be one", rb'"\ud83d\u0', reasons.LONE_SURROGATE, 1),
    ("93 a character that ends", b'"a\xe2\x82', reasons.UNEXPECTED_END, 4),
    ("94 a character that the quote cuts", b'"a\xe2\x82"', reasons.INVALID_UTF8, 2),
    ("95 a character that an escape cuts", b'"\xe2\\n"', reasons.INVALID_UTF8, 1),
    ("96 a lone continuation byte", b'"a\x80"', reasons.INVALID_UTF8, 2),
    ("97 0xFF in a string", b'["\xc3\xa9\xff"]', reasons.INVALID_UTF8, 4),
    ("98 an overlong form", b'"\xc0\xaf"', reasons.INVALID_UTF8, 1),
    ("99 an overlong form of three bytes", b'"\xe0\x80\xaf"', reasons.INVALID_UTF8, 1),
    ("100 a surrogate in UTF-8", b'"ab\xed\xa0\x80"', reasons.INVALID_UTF8, 3),
    ("101 a surrogate pair in UTF-8 (CESU-8)", b'"\xed\xa0\xbd\xed\xb8\x80"', reasons.INVALID_UTF8, 1),
    ("102 above U+10FFFF", b'"\xf4\x90\x80\x80"', reasons.INVALID_UTF8, 1),
    ("103 a character that ends after its first byte, of three", b'"\xe0', reasons.UNEXPECTED_END, 2),
    ("104 that its next byte makes a surrogate or not", b'"\xed', reasons.UNEXPECTED_END, 2),
    ("105 of four", b'"\xf0', reasons.UNEXPECTED_END, 2),
    ("106 that its next byte makes too high or not", b'"\xf4', reasons.UNEXPECTED_END, 2),
    ("107 a surrogate that ends is no beginning", b'"\xed\xa0', reasons.INVALID_UTF8, 1),
    ("108 a key twice", b'{"a":1,"b":2,"a":3}', reasons.DUPLICATE_KEY, 13),
    ("109 a key twice, once escaped", rb'{"a":1,"\u0061":2}', reasons.DUPLICATE_KEY, 7),
    ("110 a key twice after multi-byte text", '{"é":"€","é":1}'.encode(), reasons.DUPLICATE_KEY, 12),
    ("111 an empty key twice, deep inside", b'[{"a":{"":1,"":1}}]', reasons.DUPLICATE_KEY, 12),
    ("112 a key twice where the second ends the input", b'{"a":1,"a"', reasons.DUPLICATE_KEY, 7),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "reason", "offset"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused(raw: bytes, reason: str, offset: int) -> None:
    """Whatever is not JSON is refused with its reason and the byte at fault."""
    with pytest.raises(DecodeError) as caught:
        loads(raw)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


LEFTMOST: list[tuple[str, bytes, str, int]] = [
    ("1 a duplicate before a broken value", b'{"a":1,"a":x}', reasons.DUPLICATE_KEY, 7),
    ("2 a broken value before a duplicate", b'{"a":x,"a":1}', reasons.UNEXPECTED_BYTE, 5),
    ("3 no UTF-8 after a missing comma", b'["a" "\xff"]', reasons.UNEXPECTED_BYTE, 5),
    ("4 no UTF-8 before a missing comma", b'["\xff" "a"]', reasons.INVALID_UTF8, 2),
    ("5 an escape before a control character", b'"\\q\n"', reasons.INVALID_ESCAPE, 1),
    ("6 a control character before an escape", b'"\n\\q"', reasons.CONTROL_CHARACTER, 1),
    ("7 no UTF-8 before an escape in one string", b'"\xff\\q"', reasons.INVALID_UTF8, 1),
    ("8 an overflow before the end", b"[1e999", reasons.NUMBER_OUT_OF_RANGE, 1),
    ("9 a lone surrogate before the end", rb'"\udc00', reasons.LONE_SURROGATE, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "reason", "offset"), [case[1:] for case in LEFTMOST], ids=[case[0] for case in LEFTMOST]
)
def test_the_leftmost_error_wins(raw: bytes, reason: str, offset: int) -> None:
    """Of several errors the one with the smallest offset is told."""
    with pytest.raises(DecodeError) as caught:
        loads(raw)
    assert (caught.value.reason, caught.value.offset) == (reason, offset)


STRINGS = st.text(max_size=40)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(STRINGS, inner, max_size=5),
    max_leaves=30,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_value_that_the_standard_library_writes_comes_back(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    """Escaped or not, spaced or not: the value is the standard library's, and so is its text again."""
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert json.loads(dumps(loads(raw))) == value


@given(st.dictionaries(STRINGS, JSON_VALUES, max_size=5), st.booleans(), st.data())
def test_a_document_cut_short_ends_unexpectedly(
    value: dict[str, Any], ascii_only: bool, data: st.DataObject
) -> None:
    """Every proper beginning of an object is refused as just that, at its length."""
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(DecodeError) as caught:
        loads(raw[:cut])
    assert (caught.value.reason, caught.value.offset) == (reasons.UNEXPECTED_END, cut)


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    """No input gets past with another exception, and an offset is never outside the input."""
    offset = 0
    try:
        loads(raw)
    except DecodeError as error:
        offset = error.offset
    assert 0 <= offset <= len(raw)


INPUTS = [
    pytest.param(b'{"a":"\xc3\xa9"}', id="1 bytes"),
    pytest.param(bytearray(b'{"a":"\xc3\xa9"}'), id="2 bytearray"),
    pytest.param(memoryview(b'x{"a":"\xc3\xa9"}')[1:], id="3 a part of a memoryview"),
    pytest.param(memoryview(b'{-"-a-"-:-"-\xc3-\xa9-"-}-')[::2], id="4 a memoryview with gaps"),
    pytest.param('{"a":"é"}', id="5 str"),
]


@pytest.mark.parametrize("raw", INPUTS)
def test_forms_of_input(raw: bytes | bytearray | memoryview | str) -> None:
    """Bytes in any form, and text, decode alike."""
    assert loads(raw) == {"a": "é"}


@pytest.mark.parametrize("raw", [None, 1, ["{}"], {"a": 1}, object()], ids=lambda raw: type(raw).__name__)
def test_other_input_is_a_type_error(raw: Any) -> None:
    """What is neither bytes nor text, such as a tombstone's None, is the caller's mistake."""
    with pytest.raises(TypeError, match=type(raw).__name__):
        loads(raw)


def test_offsets_in_text_count_its_utf8_bytes() -> None:
    """For a `str` the offset is that of its UTF-8 form."""
    with pytest.raises(DecodeError) as caught:
        loads('["€", x]')
    assert caught.value.offset == 8


def test_a_lone_surrogate_in_text_is_no_utf8() -> None:
    """A `str` that is no Unicode text is refused where that shows, not before."""
    with pytest.raises(DecodeError) as caught:
        loads('["€\ud800"]')
    assert (caught.value.reason, caught.value.offset) == (reasons.INVALID_UTF8, 5)


def test_last_duplicate_wins_on_request() -> None:
    """With `duplicate_keys="last"` a key stands where it first came, with its last value."""
    raw = b'{"a":1,"b":{"c":1,"c":[2]},"a":3}'
    document = Decoder(duplicate_keys="last").decode(raw)
    assert list(document) == list(json.loads(raw)) == ["a", "b"]
    assert document.to_dict() == json.loads(raw)


def test_a_dropped_duplicate_is_held_to_the_limits() -> None:
    """A value that a later duplicate replaces still counts for depth."""
    decoder = Decoder(limits=Limits(depth=2), duplicate_keys="last")
    with pytest.raises(DecodeError) as caught:
        decoder.decode(b'{"a":{"b":[]},"a":1}')
    assert (caught.value.reason, caught.value.offset) == (reasons.DEPTH_LIMIT, 10)


def test_errors_say_reason_and_offset_and_nothing_of_the_payload() -> None:
    """The message can go to a log as it is."""
    with pytest.raises(DecodeError) as caught:
        loads(b'{"secret":"hunter2",}')
    assert str(caught.value) == "unexpected_byte at byte 20"
    assert isinstance(caught.value, ValueError)
