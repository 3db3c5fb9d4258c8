"""What becomes of a value under rules, place by place and action by action."""

import pytest
from redactors import hash_of, redacted


@pytest.mark.parametrize(
    ("rule", "document", "expected"),
    [
        pytest.param("a: mask", '{"a": "Ann", "b": 1}', '{"a": "***", "b": 1}', id="1 a member"),
        pytest.param("a: mask", '{"b": {"a": 1}}', '{"b": {"a": 1}}', id="2 not deeper"),
        pytest.param(
            "a.b: mask", '{"a":{"b":"x","c":"y"},"b":"z"}', '{"a":{"b":"***","c":"y"},"b":"z"}', id="3 a path"
        ),
        pytest.param(
            "a.*: mask",
            '{"a":{"b":"x","c":"y"},"b":"z"}',
            '{"a":{"b":"***","c":"***"},"b":"z"}',
            id="4 any one",
        ),
        pytest.param(
            "*.b: mask",
            '{"a":{"b":"x","c":"y"},"b":"z"}',
            '{"a":{"b":"***","c":"y"},"b":"z"}',
            id="5 any one first",
        ),
        pytest.param(
            "**.b: mask",
            '{"a":{"b":"x","c":{"b":"y"}},"b":"z"}',
            '{"a":{"b":"***","c":{"b":"***"}},"b":"***"}',
            id="6 at any depth",
        ),
        pytest.param(
            "a.**.b: mask",
            '{"b":"x","a":{"b":"y","c":{"d":{"b":"z"}}}}',
            '{"b":"x","a":{"b":"***","c":{"d":{"b":"***"}}}}',
            id="7 any depth in something",
        ),
        pytest.param(
            "a.**: mask",
            '{"b":"x","a":{"b":"y","c":{"d":"z"}}}',
            '{"b":"x","a":{"b":"***","c":{"d":"***"}}}',
            id="8 all in something",
        ),
        pytest.param(
            "**: mask",
            '[1, {"a": [true, null, 1.5]}, "x"]',
            '[0, {"a": [false, null, 0.0]}, "***"]',
            id="9 all",
        ),
        pytest.param(
            "value: mask",
            '[1, {"a": [true, null, 1.5]}, "x"]',
            '[0, {"a": [false, null, 0.0]}, "***"]',
            id="10 the value",
        ),
        pytest.param("value: mask", '"Ann"', '"***"', id="11 a value that is no container"),
        pytest.param(
            "a.b: mask",
            '{"a":[{"b":"x"},{"b":"y"},[{"b":"z"}]]}',
            '{"a":[{"b":"***"},{"b":"***"},[{"b":"***"}]]}',
            id="12 through arrays",
        ),
        pytest.param(
            "a.*.b: mask",
            '{"a":[{"b":"x"},{"b":"y"}]}',
            '{"a":[{"b":"***"},{"b":"***"}]}',
            id="13 a star for an item",
        ),
        pytest.param(
            "a.*: mask", '{"a":["x",["y"],{"b":"z"}]}', '{"a":["***",["***"],{"b":"***"}]}', id="14 items"
        ),
        pytest.param(
            "a: mask",
            '{"a":["x",["y"],{"b":"z"}]}',
            '{"a":["***",["***"],{"b":"***"}]}',
            id="15 all in a container",
        ),
        pytest.param(
            "b: mask",
            '[{"b":"x"},[{"b":"y"}]]',
            '[{"b":"***"},[{"b":"***"}]]',
            id="16 a root that is an array",
        ),
        pytest.param(
            "a: drop", '{"a":{"b":[1,{"c":2}]},"d":3}', '{"a":null,"d":3}', id="17 drop a container"
        ),
        pytest.param(
            "a.b: drop", '{"a":{"b":[1,{"c":2}]},"d":3}', '{"a":{"b":null},"d":3}', id="18 drop deeper"
        ),
        pytest.param(
            "a.*: drop", '{"a":[1,[2],{"b":3}]}', '{"a":[null,null,null]}', id="19 drop items: as many stay"
        ),
        pytest.param("a: drop", '{"a":{}, "b":[]}', '{"a":null, "b":[]}', id="20 drop what is empty"),
        pytest.param("a: drop", ' { "a" : [ ] } ', ' { "a" : null } ', id="21 white space stays"),
        pytest.param(
            "a: mask",
            '{"a":"x","b":1,"a":"y"}',
            '{"a":"***","b":1,"a":"***"}',
            id="22 a member that is there twice",
        ),
        pytest.param("\u00e9: mask", '{"\\u00e9":"x"}', '{"\\u00e9":"***"}', id="23 an escaped name"),
        pytest.param("a: mask", '{"\\u0061":"x"}', '{"\\u0061":"***"}', id="24 a name escaped for nothing"),
        pytest.param(
            "z: mask",
            '{"a": 1.10, "b": 1e5, "c": 12345678901234567890123}',
            '{"a": 1.10, "b": 1e5, "c": 12345678901234567890123}',
            id="25 numbers stay as written",
        ),
        pytest.param("a: mask", '{"a":[],"b":{}}', '{"a":[],"b":{}}', id="26 nothing in it"),
        pytest.param(
            "a: mask", '{"a":{"a":1},"b":{"a":1}}', '{"a":{"a":0},"b":{"a":1}}', id="27 back out of it"
        ),
        pytest.param(
            '"a.b": mask', '{"a.b":1,"a":{"b":1}}', '{"a.b":0,"a":{"b":1}}', id="28 a dot in a name"
        ),
        pytest.param("a: hash", '{"a":"Ann"}', '{"a":"' + hash_of("Ann") + '"}', id="29 hash"),
        pytest.param(
            "a: hash",
            '{"a":"\\u00e9"}',
            '{"a":"' + hash_of("\u00e9") + '"}',
            id="30 hash of what an escape means",
        ),
        pytest.param(
            "a: keep-shape", '{"a":"Ann B. a@b-7.c"}', '{"a":"Xxx X. x@x-0.x"}', id="31 shape of a string"
        ),
        pytest.param(
            "a: keep-shape",
            '{"a":"\u00c9\u8a9e\U0001d4d0"}',
            '{"a":"\u00f6\u5b57\U0001f600"}',
            id="32 shape in bytes",
        ),
        pytest.param(
            "a: keep-shape",
            r'{"a":"q\"\\\n\/\u00e9Z"}',
            r'{"a":"x\"\\\n\/\u0078X"}',
            id="33 shape of escapes",
        ),
        pytest.param(
            "a: keep-shape",
            r'{"a":"\ud801\udc01 \ud801"}',
            r'{"a":"\ud83d\ude00 \ud83d"}',
            id="34 half a pair stays one",
        ),
        pytest.param(
            "a: keep-shape",
            '{"a":[-12,3.50,4e-07,true,null,""]}',
            '{"a":[-11,1.11,1e-00,false,null,""]}',
            id="35 shape of others",
        ),
    ],
)
def test_what_becomes_of_a_value(rule: str, document: str, expected: str) -> None:
    """Place by place, action by action."""
    assert redacted(document, rule) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param(
            ["a.*: keep-shape", "a.b: drop"], '{"a":{"b":null,"c":"x"}}', id="1 the stricter of two"
        ),
        pytest.param(
            ["a.b: drop", "a.*: keep-shape"], '{"a":{"b":null,"c":"x"}}', id="2 whichever comes first"
        ),
        pytest.param(["a: mask", "a.b: keep-shape"], '{"a":{"b":"***","c":"***"}}', id="3 not less inside"),
        pytest.param(["a: keep-shape", "a.b: mask"], '{"a":{"b":"***","c":"x"}}', id="4 more inside"),
        pytest.param(["a: drop", "a.b: mask"], '{"a":null}', id="5 nothing inside what goes"),
    ],
)
def test_the_stricter_rule_counts(rules: list[str], expected: str) -> None:
    """Whatever their order, and in which container."""
    assert redacted('{"a":{"b":"q","c":"q"}}', *rules) == expected
