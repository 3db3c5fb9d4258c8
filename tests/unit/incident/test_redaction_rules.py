"""What a rule may say."""

import pytest

from stream_pool.errors import ExitCode
from stream_pool.incident.redaction import Action, RuleError, parse_rule, parse_rules
from stream_pool.incident.redaction.rules import ANY_MANY, ANY_ONE, Step


@pytest.mark.parametrize(
    ("text", "steps", "action"),
    [
        pytest.param("order: drop", ("order",), Action.DROP, id="1 a name"),
        pytest.param("order.customer.*: hash", ("order", "customer", ANY_ONE), Action.HASH, id="2 any one"),
        pytest.param("**.email:mask", (ANY_MANY, "email"), Action.MASK, id="3 any many, no space"),
        pytest.param("  a . b : keep-shape ", ("a ", " b"), Action.KEEP_SHAPE, id="4 spaces are of the name"),
        pytest.param('a."b.c": drop', ("a", "b.c"), Action.DROP, id="5 a dot in a name"),
        pytest.param('"*": drop', ("*",), Action.DROP, id="6 a star for a name"),
        pytest.param('"a\\"b": drop', ('a"b',), Action.DROP, id="7 a quote in a name"),
        pytest.param("urn:a:b: drop", ("urn:a:b",), Action.DROP, id="8 colons in a name"),
        pytest.param("value: mask", (), Action.MASK, id="9 the whole value"),
        pytest.param("value.key: mask", ("key",), Action.MASK, id="10 a member named key"),
        pytest.param("value.value: mask", ("value",), Action.MASK, id="11 a member named value"),
        pytest.param('"value".x: mask', ("value", "x"), Action.MASK, id="12 quoted, a name"),
        pytest.param("header: mask", ("header",), Action.MASK, id="13 a member named header"),
        pytest.param("keys.*: mask", ("keys", ANY_ONE), Action.MASK, id="14 begins like key"),
        pytest.param("preis.\u00f6: mask", ("preis", "\u00f6"), Action.MASK, id="15 any language"),
    ],
)
def test_a_rule_for_values(text: str, steps: tuple[Step, ...], action: Action) -> None:
    """A path and an action."""
    rule = parse_rule(text)
    assert (rule.part, rule.steps, rule.action) == ("value", steps, action)


@pytest.mark.parametrize(
    ("text", "part", "header"),
    [
        pytest.param("key: hash", "key", "", id="1 key"),
        pytest.param("header.x-customer: hash", "header", "x-customer", id="2 header"),
        pytest.param("header.X-Customer: hash", "header", "x-customer", id="3 header in capitals"),
        pytest.param("header.a.b: hash", "header", "a.b", id="4 a dot in a header's name"),
        pytest.param("header.*: hash", "header", "*", id="5 all headers"),
    ],
)
def test_a_rule_for_keys_and_headers(text: str, part: str, header: str) -> None:
    """They have their own."""
    rule = parse_rule(text)
    assert (rule.part, rule.header, rule.action) == (part, header, Action.HASH)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("order", "is no rule", id="1 no action"),
        pytest.param(": hash", "is no rule", id="2 no path"),
        pytest.param(
            "order: hide", "'hide' is no action: keep-shape, hash, mask, drop are", id="3 no such action"
        ),
        pytest.param("order:", "is no action", id="4 an empty action"),
        pytest.param("a..b: hash", "no step", id="5 an empty step"),
        pytest.param("a.: hash", "no step", id="6 ends with a dot"),
        pytest.param(".a: hash", "no step", id="7 begins with a dot"),
        pytest.param("cust*: hash", "a star stands alone", id="8 half a star"),
        pytest.param('"a: hash', "no step", id="9 half a quote"),
        pytest.param('"a"b: hash', "a dot should stand", id="10 behind a quote"),
        pytest.param('"\\x": hash', "no JSON string", id="11 no JSON string"),
        pytest.param("key.id: hash", "a key is taken whole", id="12 into a key"),
        pytest.param(".".join("a" * 65) + ": hash", "64 are allowed", id="13 too deep"),
        pytest.param("**.a.**.b.**.c: hash", "3 times \\*\\*, 2 are allowed", id="14 any many too often"),
    ],
)
def test_a_rule_that_says_nothing_is_misuse(text: str, problem: str) -> None:
    """And is told with what is wrong about it."""
    with pytest.raises(RuleError, match=problem) as raised:
        parse_rule(text)
    assert raised.value.exit_code == ExitCode.MISUSE


def test_a_file_of_rules() -> None:
    """A line each; empty ones and comments are none."""
    rules = parse_rules(["# who", "", "  a: hash", "key:drop\n"])
    assert [rule.text for rule in rules] == ["a: hash", "key: drop"]


def test_the_number_of_rules_is_bounded() -> None:
    """500."""
    with pytest.raises(RuleError, match="501 rules"):
        parse_rules(f"a{number}: hash" for number in range(501))
