"""Writes the schema files and the AsyncAPI document from the dataclasses: run it after adding a member, and
commit what it wrote."""

from pathlib import Path

import orjson

import stream_pool.events
from stream_pool.events import EVENT_TYPES, json_schema
from stream_pool.events.asyncapi import asyncapi_document

if __name__ == "__main__":
    directory = Path(stream_pool.events.__file__).parent / "schemas"
    written = {directory / f"{type_}.json": json_schema(cls) for type_, cls in EVENT_TYPES.items()}
    written[Path(__file__).parents[3] / "docs" / "asyncapi.json"] = asyncapi_document()
    for path, content in written.items():
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
