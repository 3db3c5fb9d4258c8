"""One rule for every file that a command writes: it replaces nothing but an older one of its own kind.

| the file | may be replaced |
|---|---|
| a log (`--out`) | never: it is evidence, and could be the very file that is read |
| a page (`--html`) | by a page |
| a replay's state (`--state`) | by a state (`incident.replay_state.begun` sees to that) |

So an output is never an input, whatever links lead there. What is no regular file (`/dev/null`, a pipe) is
written to as it is.
"""

from pathlib import Path
from typing import Final

from stream_pool.errors import MisuseError

_PAGE_BEGINS: Final = b"<!doctype html"


def check_log(path: Path | None) -> None:
    """Raises `MisuseError` where something is there already."""
    if path is not None and path.is_file():
        raise MisuseError(f"{path} is there already, and a log is never written over a file")


def check_page(path: Path | None) -> None:
    """Raises `MisuseError` where something is there that is no page."""
    if path is None or not path.is_file():
        return
    try:
        with path.open("rb") as file:
            begins = file.read(len(_PAGE_BEGINS)).lower()
    except OSError as error:
        raise MisuseError(f"{path} cannot be read: {error}") from error
    if begins and begins != _PAGE_BEGINS:
        raise MisuseError(f"{path} is no page: it is not replaced by one")
