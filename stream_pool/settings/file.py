"""Settings from a TOML file: the same names in lower case, without the prefix, one level."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from stream_pool.errors import MisuseError
from stream_pool.settings.masking import masked_path
from stream_pool.settings.names import PREFIX

CONFIG_FILE = f"{PREFIX}CONFIG_FILE"
"""The variable that names the file."""


def config_file() -> str:
    """The file that is named, or nothing."""
    return os.environ.get(CONFIG_FILE, "")


def read_config_file() -> dict[str, Any]:
    """What the file says, if one is named. Raises `MisuseError` where it cannot be read or is no TOML."""
    path = config_file()
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise MisuseError(f"{CONFIG_FILE}={masked_path(path)} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MisuseError(f"{CONFIG_FILE}={masked_path(path)} is no TOML: {error}") from None


class ConfigFile(PydanticBaseSettingsSource):
    """The file as a source of settings. Raises as `read_config_file`."""

    def __init__(self, settings_class: type[BaseSettings]) -> None:
        super().__init__(settings_class)
        self._said = read_config_file()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked for: the file is taken whole, so that unknown names in it are seen."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        return self._said
