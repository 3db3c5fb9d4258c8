"""What of a setting may be shown to anybody, in an error or in `--print-config`.

Secrets are pasted where only a place belongs: a key or a password where the path of its file should stand, a
password in an address. So a path is shown only where it is one beyond doubt, and no address with its user.
"""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

MASK = "**********"

_LONGEST_PATH = 4_096
_ONE_LINE = r"[^\x00-\x1f\x7f]*"
_ENDINGS = (".cer", ".crt", ".key", ".pem", ".toml", ".txt")
_ANYTHING_BEFORE_AT = re.compile(r"^(?!.*://).*@", re.DOTALL)
_USER_INFO = re.compile(r"(?<=://).*@", re.DOTALL)
_QUERY = re.compile(r"(?<=[?#]).+", re.DOTALL)

FilePath = Annotated[
    str,
    Field(
        pattern=f"^{_ONE_LINE}$",
        max_length=_LONGEST_PATH,
        json_schema_extra={"allowed": "the path of a file, in one line"},
    ),
]
"""A setting that names a file; its name ends in `file`."""


def masked(name: str, value: str) -> str:
    """The value of the field `name`, which is no secret by itself, as it may be shown."""
    if name.endswith("file"):
        return masked_path(value)
    if name == "broker" or name.endswith("_url"):
        return masked_address(value)
    return _USER_INFO.sub(f"{MASK}@", value)


def masked_path(path: str) -> str:
    """A path as it is where there is a file, or its directory is there; anything else is masked.

    The root and the working directory prove nothing, for they are there for any text: a name in them is shown
    by a usual ending alone.
    """
    return path if not path or _is_path(path) else MASK


def masked_address(address: str) -> str:
    """An address, such as a URL, without its user, query and fragment."""
    known = _USER_INFO.sub(f"{MASK}@", _ANYTHING_BEFORE_AT.sub(f"{MASK}@", address))
    return _QUERY.sub(MASK, known)


def _is_path(text: str) -> bool:
    if len(text) > _LONGEST_PATH or re.fullmatch(_ONE_LINE, text) is None:
        return False
    parent = Path(text).parent
    if parent == parent.parent:
        return is_file(text) or text.endswith(_ENDINGS)
    return os.path.isdir(parent)  # noqa: PTH112  # as in is_file


def is_file(path: str) -> bool:
    """Whether there is one; False for a text that no file system takes, where `Path.is_file` raises."""
    return os.path.isfile(path)  # noqa: PTH113
