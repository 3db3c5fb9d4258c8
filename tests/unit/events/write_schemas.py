"""Writes the schema files from the dataclasses: run it after adding a member, and commit what it wrote."""

from pathlib import Path

import orjson

import stream_pool.events
from stream_pool.events import EVENT_TYPES, json_schema

if __name__ == "__main__":
    directory = Path(stream_pool.events.__file__).parent / "schemas"
    for type_, cls in EVENT_TYPES.items():
        written = orjson.dumps(json_schema(cls), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (directory / f"{type_}.json").write_bytes(written)
