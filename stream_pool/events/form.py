"""A dataclass's JSON form, derived once from its annotations: how to write it, read it, and its JSON Schema.

One walk over the type hints yields all three, so that they cannot drift apart. Understood are `str`, `int`,
`float`, `bool`, `None`, unions of these with None, `Scalar`, string enums, `Literal` strings, tuples,
`dict[str, …]`, dataclasses, and `Annotated[number, Bounds(…)]`; anything else is a programming error at
import.

Writing is byte-deterministic: members in the order of their declaration, mappings sorted by key. JSON has no
NaN: where a number may be None, a NaN or an infinity is written as null (unknown); where it must be a number
it is an `EventFormError`. Reading is strict about types, ignores members that it does not know, and fills in
defaults.
"""

import dataclasses
import math
import sys
import types
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from stream_pool.errors import StreamPoolError

Scalar: TypeAlias = str | int | float | bool | None
Schema: TypeAlias = dict[str, Any]


class EventFormError(StreamPoolError):
    """A value that an event's form does not allow; `path` leads to its member: `partitions[3].status`."""

    reason = "event_malformed"

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path

    def within(self, container: str) -> "EventFormError":
        """The same problem, seen from one level further out."""
        separator = "." if self.path and not self.path.startswith("[") else ""
        return EventFormError(self.problem, container + separator + self.path)


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """Inclusive limits of a number, for use in `Annotated`."""

    minimum: float
    maximum: float = math.inf

    def admits(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum


Count: TypeAlias = Annotated[int, Bounds(0)]
Quantity: TypeAlias = Annotated[float, Bounds(0)]
Ratio: TypeAlias = Annotated[float, Bounds(0, 1)]


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """`write` turns a value into JSON's types, `read` turns those into a value, `schema` describes them."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    schema: Schema


def form_of(hint: Any) -> Form:
    """The form of a type hint. Raises TypeError where the hint has none."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint == Scalar:
        return _SCALAR
    if hint in _PRIMITIVES:
        return _PRIMITIVES[hint]
    if origin is Annotated:
        return _bounded(arguments[0], arguments[1])
    if origin in (Union, types.UnionType) and len(arguments) == 2 and type(None) in arguments:
        return _optional(form_of(next(each for each in arguments if each is not type(None))))
    if origin is Literal:
        return _choice(arguments, str)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _choice(tuple(each.value for each in hint), hint)
    if origin is tuple:
        return _sequence(arguments[0]) if arguments[-1] is Ellipsis else _fixed(arguments)
    if origin is dict and arguments[0] is str:
        return _mapping(form_of(arguments[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _members(hint)
    raise TypeError(f"no JSON form for {hint!r}")


def _mismatch(wanted: str, value: object) -> EventFormError:
    shown = repr(value)
    return EventFormError(f"expected {wanted}, got {shown if len(shown) <= 60 else shown[:57] + '...'}")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch("a string", value)
    return str(value)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise _mismatch("an integer", value)
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _mismatch("a finite number", value)
    return float(value)


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _mismatch("a boolean", value)
    return value


def _read_scalar(value: Any) -> Scalar:
    if value is None or type(value) in (str, int, float, bool):
        return value  # type: ignore[no-any-return]  # the line above is the check
    raise _mismatch("a string, number, boolean or null", value)


def _write_scalar(value: Any) -> Scalar:
    return None if _is_unknown(value) else _read_scalar(value)


def _is_unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


_PRIMITIVES: dict[Any, Form] = {
    str: Form(_string, _string, {"type": "string"}),
    int: Form(_integer, _integer, {"type": "integer"}),
    float: Form(_number, _number, {"type": "number"}),
    bool: Form(_boolean, _boolean, {"type": "boolean"}),
}
_SCALAR = Form(_write_scalar, _read_scalar, {"type": ["string", "number", "boolean", "null"]})


def _bounded(kind: type[Any], bounds: Bounds) -> Form:
    form = form_of(kind)
    schema = {**form.schema, "minimum": bounds.minimum}
    if bounds.maximum < math.inf:
        schema["maximum"] = bounds.maximum
    low, high = bounds.minimum, min(bounds.maximum, sys.float_info.max)

    def convert_within(value: Any) -> Any:
        if type(value) is kind and low <= value <= high:
            return value  # nearly all of a log's members are such numbers: the rest may take longer
        number = form.read(value)
        if not bounds.admits(number):
            raise _mismatch(f"a number from {bounds.minimum} to {bounds.maximum}", value)
        return number

    return Form(convert_within, convert_within, schema)


def _optional(form: Form) -> Form:
    return Form(
        write=lambda value: None if _is_unknown(value) else form.write(value),
        read=lambda value: None if value is None else form.read(value),
        schema={"anyOf": [form.schema, {"type": "null"}]},
    )


def _choice(values: tuple[Any, ...], make: Callable[[str], Any]) -> Form:
    def checked(value: Any) -> str:
        if value not in values:
            raise _mismatch("one of " + ", ".join(values), value)
        return str(value)

    return Form(checked, lambda value: make(checked(value)), {"enum": list(values)})


def _sequence(item_hint: Any) -> Form:
    item = form_of(item_hint)

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _mismatch("an array", value)
        return _each(item.read, value)

    return Form(lambda value: list(_each(item.write, value)), read, {"type": "array", "items": item.schema})


def _each(convert: Callable[[Any], Any], values: Any) -> tuple[Any, ...]:
    converted = []
    for index, value in enumerate(values):
        try:
            converted.append(convert(value))
        except EventFormError as error:
            raise error.within(f"[{index}]") from None
    return tuple(converted)


def _fixed(hints: tuple[Any, ...]) -> Form:
    items = tuple(form_of(hint) for hint in hints)

    def write(value: Any) -> list[Any]:
        return [item.write(each) for item, each in zip(items, value, strict=True)]

    readers = tuple(item.read for item in items)

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(readers):
            raise _mismatch(f"an array of {len(readers)}", value)
        return tuple([read_item(each) for read_item, each in zip(readers, value, strict=True)])

    schema = {
        "type": "array",
        "prefixItems": [item.schema for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }
    return Form(write, read, schema)


def _mapping(item: Form) -> Form:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _mismatch("an object", value)
        return _values(item.read, value)

    return Form(
        lambda value: _values(item.write, value),
        read,
        {"type": "object", "additionalProperties": item.schema},
    )


def _values(convert: Callable[[Any], Any], mapping: dict[str, Any]) -> dict[str, Any]:
    converted = {}
    for key in sorted(mapping):
        try:
            converted[key] = convert(mapping[key])
        except EventFormError as error:
            raise error.within(key) from None
    return converted


def _members(cls: type[Any]) -> Form:
    hints = get_type_hints(cls, include_extras=True)
    fields = tuple((field.name, form_of(hints[field.name]), field) for field in dataclasses.fields(cls))
    readers = tuple((name, form.read, _has_default(field)) for name, form, field in fields)
    required = [name for name, _, has_default in readers if not has_default]

    def write(value: Any) -> dict[str, Any]:
        if type(value) is not cls:
            raise _mismatch(f"a {cls.__name__}", value)
        written = {}
        for name, form, _ in fields:
            try:
                written[name] = form.write(getattr(value, name))
            except EventFormError as error:
                raise error.within(name) from None
        return written

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _mismatch("an object", value)
        arguments = {}
        for name, read_member, has_default in readers:
            if name in value:
                try:
                    arguments[name] = read_member(value[name])
                except EventFormError as error:
                    raise error.within(name) from None
            elif not has_default:
                raise EventFormError("is missing", name)
        return cls(**arguments)

    schema = {
        "type": "object",
        "properties": {name: form.schema for name, form, _ in fields},
        "required": required,
    }
    return Form(write, read, schema)


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
