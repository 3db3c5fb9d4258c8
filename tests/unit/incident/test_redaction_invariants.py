"""What holds of redaction whatever the document and the rules."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from redactors import redacted, redactor

from stream_pool.incident.redaction import parse_rule
from stream_pool.incident.redaction.paths import Paths
from stream_pool.incident.redaction.rules import ANY_MANY, ANY_ONE, Step

names = st.sampled_from(["a", "b", "c", "\u00e9", 'q"', "x.y", ""])
SECRET = "S3cretPlanted"
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
documents = st.recursive(
    leaves | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
rule_paths = (
    st.lists(st.sampled_from(["a", "b", "c", "*", "**", '"x.y"']), min_size=1, max_size=5)
    .filter(lambda steps: steps.count("**") <= 2)
    .map(".".join)
)
actions = st.sampled_from(["drop", "mask", "hash", "keep-shape"])


def shape(told: Any) -> Any:
    """Names, order, lengths of arrays, and types: what redaction keeps, but for what was dropped."""
    if isinstance(told, dict):
        return {name: shape(member) for name, member in told.items()}
    if isinstance(told, list):
        return [shape(item) for item in told]
    return type(told)


@given(
    document=documents,
    ascii_only=st.booleans(),
    path=rule_paths,
    action=st.sampled_from(["mask", "hash", "keep-shape"]),
)
def test_structure_is_kept(document: Any, ascii_only: bool, path: str, action: str) -> None:
    """Types, depth, names and their order."""
    text = json.dumps(document, ensure_ascii=ascii_only)
    told = json.loads(redacted(text, f"{path}: {action}"))
    assert shape(told) == shape(document)
    assert json.dumps(shape(told), default=str) == json.dumps(shape(document), default=str), (
        "in the same order"
    )


@given(document=documents, ascii_only=st.booleans(), action=actions)
def test_nothing_planted_survives(document: Any, ascii_only: bool, action: str) -> None:
    """Under a rule for all of it; and where one names its member, whatever the rest is."""
    text = json.dumps({"a": document, "b": {"c": [SECRET, {"d": SECRET}]}}, ensure_ascii=ascii_only)
    assert SECRET not in redacted(text, f"value.*: {action}")
    assert SECRET not in redacted(text, f"**.*: {action}")
    assert SECRET not in redacted(text, f"a: {action}", f"*.c.*: {action}")


@given(document=documents, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]), path=rule_paths)
def test_lengths_are_kept_where_shape_is(
    document: Any, ascii_only: bool, indent: int | None, path: str
) -> None:
    """In bytes as written, but for true, which becomes false."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent).replace("true", "false")
    assert len(redacted(text, f"{path}: keep-shape").encode()) == len(text.encode())


@given(document=documents, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_what_no_rule_names_stays_to_the_byte(document: Any, ascii_only: bool, indent: int | None) -> None:
    """However it is written."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert redacted(text, "nobody.here.*: drop", "x.y.z: hash") == text


@given(
    value=st.binary(max_size=30)
    | st.text(alphabet='{}[]",:\\ \n0123eE+-.truefalsn', max_size=30).map(str.encode)
)
def test_what_passes_for_json_is_json(value: bytes) -> None:
    """As the standard library has it; all else is replaced whole."""
    by = redactor("nobody: mask")
    replaced = by.value(value)
    try:
        json.loads(value.decode(), parse_constant=_refuse)
        is_json = True
    except (ValueError, RecursionError):
        is_json = False
    assert (replaced == value) == (is_json or not value)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def named(steps: tuple[Step, ...], place: tuple[str | None, ...]) -> bool:
    """Whether a rule names a place itself, tried step by step; None is an item."""
    if not steps:
        return not place
    if steps[0] is ANY_MANY and named(steps[1:], place):
        return True
    if not place:
        return False
    if place[0] is None and named(steps, place[1:]):
        return True
    if steps[0] is ANY_MANY:
        return named(steps, place[1:])
    return (steps[0] is ANY_ONE or steps[0] == place[0]) and named(steps[1:], place[1:])


@given(
    paths=st.lists(rule_paths, min_size=1, max_size=4),
    place=st.lists(st.sampled_from(["a", "b", "c", None]), max_size=7).map(tuple),
)
def test_what_a_rule_names_is_what_its_steps_say(paths: list[str], place: tuple[str | None, ...]) -> None:
    """Held against trying every way through a path."""
    rules = [parse_rule(f"{path}: mask") for path in paths]
    state = Paths(rules).root()
    for step in place:
        state = state.item() if step is None else state.member(step)
    assert set(state.rules) == {number for number, rule in enumerate(rules) if named(rule.steps, place)}
