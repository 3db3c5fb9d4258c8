"""What becomes of a record under rules: keys, headers, values that are no JSON, hashes and counts."""

import re
from collections.abc import Iterable

import orjson
import pytest
from redactors import hash_of, redacted, redactor

from stream_pool import DecodeError, Decoder
from stream_pool.incident.redaction import paths


def test_hashes_keep_equality_and_types() -> None:
    """Across members, keys and headers; a whole number stays one."""
    by = redactor("**: hash", "key: hash", "header.h: hash")
    value = by.value(
        b'{"a":"7f","b":["7f","7g"],"c":7,"d":7,"e":7.5,"f":true,"g":true,"h":false,"i":null,"j":0}'
    )
    told = orjson.loads(value or b"")
    key = by.key(b"7f")
    [(_, header)] = by.headers([("h", b"7f")])
    assert told["a"].encode() == told["b"][0].encode() == key == header
    assert told["a"] != told["b"][1]
    assert re.fullmatch("[0-9a-f]{16}", told["a"])
    assert told["c"] == told["d"] != told["j"]
    assert (type(told["c"]), type(told["e"]), type(told["f"])) == (int, float, bool)
    assert len(str(told["c"])) == len(str(told["j"])) == 15
    assert told["f"] == told["g"] != told["h"]
    assert told["i"] is None


@pytest.mark.parametrize(
    ("rules", "message", "stack"),
    [
        pytest.param(["**.email: mask"], b"***", b"***", id="1 a rule for values"),
        pytest.param(["**.email: hash", "header.h: drop"], b"***", b"***", id="2 another header's rule"),
        pytest.param(
            ["**.email: mask", "header.stream-pool.message: keep-shape"],
            b"xx xxx@x.xxx",
            b"***",
            id="3 a rule of its own",
        ),
        pytest.param(["key: hash"], b"no mia@e.com", b"at mia@e.com", id="4 no rule for values"),
    ],
)
def test_what_a_dead_letter_quotes_of_its_value(rules: list[str], message: bytes, stack: bytes) -> None:
    """Exceptions quote values: these headers do not leave where values may not; the others stay."""
    headers: list[tuple[str, bytes | None]] = [
        ("stream-pool.reason", b"handler_error"),
        ("stream-pool.message", b"no mia@e.com"),
        ("Stream-Pool.Stack", b"at mia@e.com"),
        ("stream-pool.stack", None),
    ]
    assert list(redactor(*rules).headers(headers)) == [
        ("stream-pool.reason", b"handler_error"),
        ("stream-pool.message", message),
        ("Stream-Pool.Stack", stack),
        ("stream-pool.stack", None),
    ]


def test_another_salt_gives_other_hashes() -> None:
    """And says that it is another."""
    one, other = redactor("key: hash"), redactor("key: hash", salt=b"another salt, 16" * 9)
    assert one.key(b"x") != other.key(b"x")
    assert one.salt_id != other.salt_id
    assert one.salt_id == redactor("a: mask").salt_id


@pytest.mark.parametrize(
    ("action", "content", "expected"),
    [
        pytest.param("drop", b"Ann", None, id="1 drop"),
        pytest.param("mask", b"Ann", b"***", id="2 mask"),
        pytest.param("mask", b"", b"***", id="3 mask nothing"),
        pytest.param("hash", b"Ann", hash_of("Ann").encode(), id="4 hash"),
        pytest.param("keep-shape", b"Ann-7", b"Xxx-0", id="5 shape"),
        pytest.param("keep-shape", b"\xffAnn", b"\xff\xff\xff\xff", id="6 shape of what is no text"),
        pytest.param("keep-shape", b"", b"", id="7 shape of nothing"),
        pytest.param("mask", None, None, id="8 null"),
        pytest.param("hash", None, None, id="9 null has no hash"),
    ],
)
def test_keys_and_headers(action: str, content: bytes | None, expected: bytes | None) -> None:
    """They are bytes; a header's name and place stay."""
    by = redactor(f"key: {action}", f"header.x-a: {action}")
    assert by.key(content) == expected
    assert by.headers([("b", b"1"), ("X-A", content), ("x-a", content)]) == [
        ("b", b"1"),
        ("X-A", expected),
        ("x-a", expected),
    ]
    assert by.value(b'{"key": 1}') == b'{"key": 1}'
    assert by.matches == [1, 2]


NO_JSON = [
    pytest.param(b"Ann", id="1 text"),
    pytest.param(b'{"a": "Ann"', id="2 cut off"),
    pytest.param(b'{"a": "Ann"}}', id="3 too much"),
    pytest.param(b'{"a": "Ann"} {}', id="4 two"),
    pytest.param(b'{"a": "Ann\xff"}', id="5 no UTF-8"),
    pytest.param(b'\xef\xbb\xbf{"a": "Ann"}', id="6 a byte order mark"),
    pytest.param(b'\x00\x00\x00\x00\x07{"a": "Ann"}', id="7 a registry's wire format"),
    pytest.param(b'{"a": "Ann", "b": NaN}', id="8 not a number"),
    pytest.param(b'{"a": "Ann\n"}', id="9 a control character"),
    pytest.param(b'{"a": "Ann\\x"}', id="10 an escape that is none"),
    pytest.param(b'{"a": "Ann", "b": 01}', id="11 a number that is none"),
    pytest.param(b'{"a": "Ann",}', id="12 a comma too many"),
    pytest.param(b'["Ann",]', id="13 in an array"),
    pytest.param(b'["Ann" "Bob"]', id="14 a comma too few"),
    pytest.param(b'{"a": "Ann"]', id="15 another bracket"),
    pytest.param(b'{"a" "Ann"}', id="16 no colon"),
    pytest.param(b"{'a': 'Ann'}", id="17 other quotes"),
    pytest.param(b'{"a": "Ann"}, 1', id="18 a comma at the end"),
    pytest.param(b'[{"a": "Ann"}', id="19 one bracket open"),
    pytest.param(b" ", id="20 white space"),
]


@pytest.mark.parametrize("value", NO_JSON)
def test_a_value_that_is_no_json_is_not_written_in_clear(value: bytes) -> None:
    """Its length and its hash are; nobody takes it for JSON, and equal ones stay equal."""
    by = redactor("nothing.here: mask")
    replaced = by.value(value)
    assert replaced is not None
    assert re.fullmatch(rf"redacted, no JSON: {len(value)} bytes, [0-9a-f]{{16}}", replaced.decode())
    assert replaced == by.value(value) != by.value(value + b" ")
    assert by.unreadable == 3
    with pytest.raises(DecodeError):
        Decoder().decode(replaced)


@pytest.mark.parametrize("value", NO_JSON)
def test_without_a_rule_for_values_they_stay(value: bytes) -> None:
    """Rules for keys say nothing about values."""
    assert redactor("key: hash").value(value) is value


@pytest.mark.parametrize("value", [None, b""])
def test_where_nothing_is_nothing_is_hidden(value: bytes | None) -> None:
    """Null and empty stay what they are."""
    assert redactor("value: hash").value(value) == value


def test_a_whole_value_is_dropped_unread() -> None:
    """Also one that is no JSON."""
    by = redactor("value: drop")
    assert by.value(b"{}") is None
    assert by.value(b"nonsense") is None
    assert by.matches == [2]
    assert by.unreadable == 0


def test_rules_that_name_nothing_are_known() -> None:
    """Those that name something count its places, inside of what goes, too."""
    by = redactor("a: drop", "a.b: mask", "c.d: hash", "key: hash", "header.h: hash")
    by.value(b'{"a":{"b":[1,2]}}')
    by.value(b'{"a":1}')
    by.key(b"k")
    assert by.matches == [2, 1, 0, 1, 0]
    assert [rule.text for rule in by.idle] == ["c.d: hash", "header.h: hash"]


def test_depth_costs_no_stack() -> None:
    """100,000 levels."""
    deep = '{"a":' * 100_000 + '"Ann"' + "}" * 100_000
    assert redacted(deep, "**.a: mask") == deep.replace("Ann", "***")
    assert redacted("[" * 100_000 + '"Ann"' + "]" * 100_000, "z: mask").count("Ann") == 1


def subsets() -> tuple[list[str], str]:
    """Rules that make a state of every subset of their steps, and a document that meets many of them."""
    rules = [f"**.{name}.*.*.*.*.*.*.*.*: mask" for name in "abcd"]
    path = "abcdbcadcbadbacd" * 4
    nested = [
        "".join(f'{{"{name}":' for name in (path[shift:] + path[:shift]) * 4) + "1" + "}" * 256
        for shift in range(60)
    ]
    return rules, f"[{','.join(nested)}]"


def test_the_automaton_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one document, too; what it comes to is the same."""
    rules, document = subsets()
    whole = redacted(document, *rules)
    monkeypatch.setattr(paths, "PLACES_AT_MOST", 500)
    steps = forgotten = 0
    plain, forget = paths.Paths.state, paths.Paths._forget

    def state(self: paths.Paths, places: Iterable[tuple[int, int]]) -> paths.State:
        nonlocal steps
        steps += 1
        made = plain(self, places)
        assert self._places <= 500
        assert len(self._alive) <= 500 + 300, "those that are open live on"
        return made

    def counted(self: paths.Paths) -> None:
        nonlocal forgotten
        forgotten += 1
        forget(self)

    monkeypatch.setattr(paths.Paths, "state", state)
    monkeypatch.setattr(paths.Paths, "_forget", counted)
    assert redacted(document, *rules) == whole
    assert forgotten > 10
    assert steps <= 60 * 257 + 2, "one a step at most"


def test_a_place_that_a_later_any_many_makes_needless_is_left() -> None:
    """So a rule with two of them has three places at a time at most here, however long the path."""
    by = redactor(*(f"**.{name}.**.{other}: mask" for name in "abcd" for other in "abcd"))
    by.value(("".join(f'{{"{name}":' for name in "abcdbcadcbadbacd" * 4) + "1" + "}" * 64).encode())
    assert max(len(state._places) for state in by._paths._states.values()) <= 16 * 3
