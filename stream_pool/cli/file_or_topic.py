"""Whether a command that takes a file or a topic was given one or the other.

| # | given | is taken for |
|---|---|---|
| 1 | `topic:NAME` | the topic NAME |
| 2 | with a character that no topic's name has, such as `/` | a file |
| 3 | the name of something that is there | that file, or folder |
| 4 | a name with an ending of files: `.ndjson`, `.zst`, `.log` | a file that is not there: misuse |
| 5 | any other | a topic |

So `./orders` is a file, and `topic:orders.log` a topic, whatever lies in the folder. Where a topic was only
guessed by 5 and cannot be read, the message says so: it may have been a file whose name is misspelt.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stream_pool.errors import MisuseError, StreamPoolError

OF_A_TOPIC: Final = "for a topic, and what was named is a file (topic:NAME is a topic)"
"""Why an option has no effect."""

_TOPIC: Final = "topic:"
_TOPIC_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SUFFIXES: Final = (".gz", ".zst", ".json", ".ndjson", ".jsonl", ".log")


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or a topic; `is_guess` where nothing but its name says that it is a topic."""

    name: str
    is_file: bool
    is_guess: bool = False

    @property
    def path(self) -> Path:
        assert self.is_file, "a topic has no path"
        return Path(self.name)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Within it, what goes wrong with a topic says that it was taken for one."""
        try:
            yield
        except StreamPoolError as error:
            if self.is_guess:
                error.args = (
                    f"{error}. There is no file of the name {self.name!r}: it was taken for a topic",
                )
            raise


def source_of(given: str) -> Source:
    """What was given, by the table above. Raises `MisuseError`."""
    if given.startswith(_TOPIC):
        name = given.removeprefix(_TOPIC)
        if _TOPIC_NAME.fullmatch(name) is None:
            raise MisuseError(f"{name!r} is no name of a topic: letters, digits, '.', '_' and '-' are")
        return Source(name, is_file=False)
    if _TOPIC_NAME.fullmatch(given) is None or Path(given).exists():
        return Source(given, is_file=True)
    if given.endswith(_SUFFIXES):
        raise MisuseError(f"there is no file {given}. A topic of this name is written {_TOPIC}{given}")
    return Source(given, is_file=False, is_guess=True)
