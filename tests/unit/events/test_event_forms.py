"""DESIGN 2.1: the dataclass, its JSON and its JSON Schema say the same of every event type."""

import json
from dataclasses import FrozenInstanceError, fields, replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from event_examples import EXAMPLES
from event_values import strategy_of
from hypothesis import given

from stream_pool.events import EVENT_TYPES, Event, EventFormError, PoolSampled, json_schema
from stream_pool.events.catalog import FORMS
from stream_pool.events.form import form_of

SCHEMAS = files("stream_pool.events") / "schemas"
by_type = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)


def test_every_event_type_has_an_example_here() -> None:
    """A new event type comes with an example, and so with the tests below."""
    assert {type(example) for example in EXAMPLES} == set(EVENT_TYPES.values())


@by_type
def test_event_is_a_value(example: Event) -> None:
    """An event cannot be changed, nor given members that it does not have."""
    with pytest.raises(FrozenInstanceError):
        setattr(example, fields(example)[0].name, "other")
    assert not hasattr(example, "__dict__")


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_type_names_follow_the_pattern(type_: str) -> None:
    """Types read stream-pool.<noun>.<past participle>.v1."""
    prefix, _noun, participle, version = type_.split(".")
    assert (prefix, version) == ("stream-pool", "v1")
    assert participle.endswith(("ed", "lost"))


def test_schema_files_are_those_of_the_dataclasses() -> None:
    """Each file under schemas/ is what its dataclass yields, and there is no other file."""
    expected = {f"{type_}.json": json_schema(cls) for type_, cls in EVENT_TYPES.items()}
    stored = {path.name: json.loads(path.read_text()) for path in SCHEMAS.iterdir()}
    assert stored == expected, "run tests/unit/events/write_schemas.py"


@by_type
def test_schema_is_a_valid_schema(example: Event) -> None:
    """Every schema is sound by JSON Schema 2020-12 itself."""
    jsonschema.Draft202012Validator.check_schema(json_schema(type(example)))


@by_type
def test_example_validates_and_reads_back(example: Event) -> None:
    """An event's JSON satisfies its schema, and reads back as the event."""
    form = FORMS[type(example)]
    written = json.loads(json.dumps(form.write(example)))
    jsonschema.Draft202012Validator(json_schema(type(example))).validate(written)
    assert form.read(written) == example


@by_type
def test_missing_member_is_refused_by_reader_and_schema_alike(example: Event) -> None:
    """Leaving out any one member is an error to both, or to neither where the member has a default."""
    form, schema = FORMS[type(example)], json_schema(type(example))
    written = form.write(example)
    for name in written:
        rest = {key: value for key, value in written.items() if key != name}
        valid = jsonschema.Draft202012Validator(schema).is_valid(json.loads(json.dumps(rest)))
        assert valid == (name not in schema["required"])
        if not valid:
            with pytest.raises(EventFormError, match=f"^{name}: is missing$"):
                form.read(rest)


@pytest.mark.parametrize("cls", EVENT_TYPES.values(), ids=lambda cls: cls.__name__)
def test_any_event_reads_back(cls: type[Event]) -> None:
    """Whatever values an event's hints admit survive writing and reading, and satisfy the schema."""
    form, validator = FORMS[cls], jsonschema.Draft202012Validator(json_schema(cls))

    @given(strategy_of(cls))
    def reads_back(event: Event) -> None:
        written = json.loads(json.dumps(form.write(event)))
        assert form.read(written) == event
        assert validator.is_valid(written)

    reads_back()


WRONG_VALUES = [
    ("01 text for a number", {"hits": "9"}, "hits: expected an integer, got '9'"),
    ("02 a boolean is no integer", {"hits": True}, "hits: expected an integer, got True"),
    ("03 a float is no count", {"hits": 9.0}, "hits: expected an integer, got 9.0"),
    ("04 negative count", {"hits": -1}, "hits: expected a number from 0 to inf, got -1"),
    ("05 ratio over one", {"reuse_ratio": 1.5}, "reuse_ratio: expected a number from 0 to 1, got 1.5"),
    (
        "06 null where a number must be",
        {"interval_s": None},
        "interval_s: expected a finite number, got None",
    ),
    ("07 a number for text", {"worker": 3}, "worker: expected a string, got 3"),
]


@pytest.mark.parametrize(
    ("change", "message"), [row[1:] for row in WRONG_VALUES], ids=[row[0] for row in WRONG_VALUES]
)
def test_wrong_value_is_named(change: dict[str, Any], message: str) -> None:
    """A value of the wrong type or out of bounds is refused with its member's name, by the schema too (03
    excepted).

    JSON Schema has no floats: 9.0 is an integer to it.
    """
    form = FORMS[PoolSampled]
    written = {**form.write(EXAMPLES[0]), **change}
    with pytest.raises(EventFormError) as caught:
        form.read(written)
    assert str(caught.value) == message
    assert jsonschema.Draft202012Validator(json_schema(PoolSampled)).is_valid(written) == (
        change == {"hits": 9.0}
    )


UNKNOWN_NUMBERS = [("NaN", float("nan")), ("infinity", float("inf"))]


@pytest.mark.parametrize(
    "value", [row[1] for row in UNKNOWN_NUMBERS], ids=[row[0] for row in UNKNOWN_NUMBERS]
)
def test_unknown_number_is_null(value: float) -> None:
    """NaN and infinity are written as null where null is allowed, and are errors elsewhere."""
    sample = EXAMPLES[0]
    assert isinstance(sample, PoolSampled)
    assert FORMS[PoolSampled].write(replace(sample, reuse_ratio=value))["reuse_ratio"] is None
    with pytest.raises(EventFormError, match=r"^lookups_per_s: expected a finite number"):
        FORMS[PoolSampled].write(replace(sample, lookups_per_s=value))


def test_hint_without_a_form_is_refused_at_import() -> None:
    """A type that has no JSON form is a TypeError when the form is made, not when an event is written."""
    with pytest.raises(TypeError, match="no JSON form"):
        form_of(set[int])
