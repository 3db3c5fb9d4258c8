"""Reads the settings once, at the edge, and says clearly what is wrong with them.

Command-line options stand above environment variables, those above a TOML file (`STREAM_POOL_CONFIG_FILE`),
that above the defaults. A wrong value is a `MisuseError` that names where it stands, the value and what is
allowed; so is a name that no setting has, with the nearest one that exists. An empty variable counts as
unset. Secrets, and what may be one by mistake, are never quoted.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stream_pool.errors import MisuseError
from stream_pool.settings.file import config_file, read_config_file
from stream_pool.settings.masking import MASK, masked
from stream_pool.settings.names import PREFIX, variable
from stream_pool.settings.settings import BrokerUrl, Settings
from stream_pool.settings.unknown import UnknownVariable, nearest_variable, unknown_variables

LONGEST_QUOTED_VALUE = 80


def load_settings(**overrides: Any) -> Settings:
    """The settings, with `overrides` (command-line options) above all else.

    Raises `MisuseError` with one line for each setting that is wrong.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        keys = _keys_of_file(overrides)
        lines = (_as_it_stands(_complaint(detail, keys), keys) for detail in error.errors())
        raise MisuseError("\n".join(lines)) from None


def with_broker(settings: Settings, broker: str) -> Settings:
    """The same settings with another broker. Raises `MisuseError` where that is no address."""
    try:
        TypeAdapter(BrokerUrl).validate_python(broker)
    except ValidationError:
        raise MisuseError(_not_allowed("broker", broker)) from None
    return settings.model_copy(update={"broker": broker})


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raise `MisuseError`, one line each, where variables of our prefix are no settings."""
    strangers = unknown_variables(environment)
    if strangers:
        raise MisuseError("\n".join(map(str, strangers)))


def shown(settings: Settings) -> dict[str, str | int | float | bool]:
    """Every setting by its variable, in order, with secrets masked: what may be shown to anybody."""
    return {variable(name): _shown(name, getattr(settings, name)) for name in type(settings).model_fields}


def allowed(field: FieldInfo) -> str:
    """What a setting takes, in words made from its declaration."""
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra["allowed"])
    if get_origin(field.annotation) is Literal:
        return " or ".join(choice or "nothing" for choice in get_args(field.annotation))
    bounds = {
        name: getattr(bound, name) for bound in field.metadata for name in _BOUNDS if hasattr(bound, name)
    }
    limits = (f" {_BOUNDS[name]} {bound}" for name, bound in bounds.items())
    return _KINDS.get(str(field.annotation), "a whole number") + "".join(limits)


_KINDS = {str(bool): "true or false", str(float): "a number", str(str): "a text", str(SecretStr): "a text"}
_BOUNDS = {
    "gt": "above",
    "ge": "from",
    "le": "to",
    "max_length": "of at most so many characters:",
}


def _shown(name: str, value: Any) -> str | int | float | bool:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, str):
        return masked(name, value)
    shown_value: str | int | float | bool = value
    return shown_value


def _keys_of_file(overrides: Mapping[str, Any]) -> list[str]:
    """What the file says, and neither an option nor the environment."""
    set_there = {name.upper() for name, value in os.environ.items() if value}
    return [key for key in read_config_file() if key not in overrides and variable(key) not in set_there]


def _as_it_stands(complaint: str, keys: Iterable[str]) -> str:
    """A complaint with the file's own names for what stands in the file, and the file."""
    told = complaint
    for key in keys:
        told = re.sub(rf"\b{re.escape(variable(key))}\b", lambda _: key, told)  # noqa: B023  # called at once
    return complaint if told == complaint else f"{config_file()}: {told}"


def _complaint(detail: ErrorDetails, keys: Collection[str]) -> str:
    if not detail["loc"]:
        return str(detail["ctx"]["error"])
    field = str(detail["loc"][0])
    if field not in Settings.model_fields:
        nearest = nearest_variable(field)
        if field in keys and nearest is not None:
            nearest = nearest.removeprefix(PREFIX).lower()
        return str(UnknownVariable(variable(field), nearest))
    return _not_allowed(field, detail["input"])


def _not_allowed(field: str, value: object) -> str:
    must = allowed(Settings.model_fields[field])
    return f"{variable(field)}={_quoted(field, value)} is not allowed: it must be {must}"


def _quoted(field: str, value: object) -> str:
    if Settings.model_fields[field].annotation is SecretStr:
        return MASK
    text = masked(field, str(value))
    return text if len(text) <= LONGEST_QUOTED_VALUE else text[:LONGEST_QUOTED_VALUE] + "…"
