"""Reads the environment once, at the edge, and says clearly what is wrong with it.

A wrong value is a `MisuseError` that names the variable, the value and what is allowed; a variable that no
setting has is reported with the nearest name that exists, as a value for the caller to log. An empty variable
counts as unset.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stream_pool.errors import MisuseError
from stream_pool.settings.settings import PREFIX, Settings, variable

LONGEST_QUOTED_VALUE = 80

ELSEWHERE = frozenset({"STREAM_POOL_PURE"})
"""Variables of this prefix that are no settings: they choose code at import time, before settings exist."""


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A variable with our prefix that nothing reads, and the setting probably meant, if any is near."""

    name: str
    nearest: str | None

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{self.name} is not a setting{hint}"


def load_settings(**overrides: Any) -> Settings:
    """The environment's settings, with `overrides` (command-line options) above it.

    Raises `MisuseError` with one line for each setting that is wrong.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise MisuseError("\n".join(_complaint(detail) for detail in error.errors())) from None


def unknown_variables(environment: Mapping[str, str]) -> tuple[UnknownVariable, ...]:
    """Variables of `environment` that carry our prefix and that nothing reads, sorted by name."""
    known = {variable(field) for field in Settings.model_fields} | ELSEWHERE
    strangers = (
        name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    return tuple(UnknownVariable(name, _nearest(name)) for name in sorted(strangers))


def allowed(field: FieldInfo) -> str:
    """What a setting takes, in words made from its declaration."""
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["allowed"])
    if get_origin(field.annotation) is Literal:
        return " or ".join(get_args(field.annotation))
    bounds = {
        name: getattr(bound, name) for bound in field.metadata for name in _BOUNDS if hasattr(bound, name)
    }
    limits = (f" {_BOUNDS[name]} {bound}" for name, bound in bounds.items())
    return _KINDS.get(str(field.annotation), "a whole number") + "".join(limits)


_KINDS = {str(bool): "true or false", str(float): "a number", str(str): "a text"}
_BOUNDS = {
    "gt": "above",
    "ge": "from",
    "le": "to",
    "max_length": "of at most so many characters:",
}


def _nearest(name: str) -> str | None:
    fields = difflib.get_close_matches(name.upper().removeprefix(PREFIX).lower(), Settings.model_fields, n=1)
    return variable(fields[0]) if fields else None


def _complaint(detail: ErrorDetails) -> str:
    if not detail["loc"]:
        return str(detail["ctx"]["error"])
    field = str(detail["loc"][0])
    if field not in Settings.model_fields:
        return str(UnknownVariable(variable(field), _nearest(field)))
    value = str(detail["input"])
    if len(value) > LONGEST_QUOTED_VALUE:
        value = value[:LONGEST_QUOTED_VALUE] + "…"
    return f"{variable(field)}={value} is not allowed: it must be {allowed(Settings.model_fields[field])}"
