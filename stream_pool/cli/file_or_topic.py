"""What a command that takes a file or a topic was given."""

import os
from pathlib import Path

OF_A_TOPIC = "for a topic, and what was named is a file"
"""Why an option has no effect."""

_SUFFIXES = (".gz", ".zst", ".json", ".ndjson", ".jsonl", ".log")


def names_a_file(given: str) -> bool:
    """Whether this is a file's name, rather than a topic's: by what is there, or by how it is spelled."""
    return os.sep in given or given.endswith(_SUFFIXES) or Path(given).exists()
