"""The order processor for a topic in Avro, as a schema registry's serializer writes it: zero byte, schema id,
value. Needs the extra `avro` (fastavro).

Schemas stand beside the code under their ids, as the registry gave them out: a worker that must ask a
registry before it can read is down whenever the registry is.
"""

import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

from fastavro import parse_schema, schemaless_reader

from stream_pool import App, Order, Rejected
from stream_pool.errors import StreamPoolError

HEADER_BYTES = 5
SCHEMAS = {1: parse_schema(json.loads(Path(__file__).with_name("order.avsc").read_text()))}


class AvroError(StreamPoolError):
    """A value that is none of our Avro; the slug is the reason in its dead letter."""

    reason = "invalid_avro"


def decode(value: bytes) -> Any:
    """The record in a value. Raises `AvroError`, also for a tombstone."""
    if value is None or len(value) <= HEADER_BYTES or value[0] != 0:
        raise AvroError("no value in a schema registry's format")
    schema_id = int.from_bytes(value[1:HEADER_BYTES])
    if schema_id not in SCHEMAS:
        raise AvroError(f"schema {schema_id} is not one of {sorted(SCHEMAS)}")
    body = BytesIO(value[HEADER_BYTES:])
    try:
        record = schemaless_reader(body, SCHEMAS[schema_id], None)
    except Exception as error:  # fastavro raises whatever its readers meet: EOFError, IndexError, ...
        raise AvroError(f"{type(error).__name__} at byte {HEADER_BYTES + body.tell()}") from error
    if body.read(1):
        raise AvroError(f"more than one value: it ends at byte {HEADER_BYTES + body.tell() - 1}")
    return record


app = App(os.environ.get("ORDERS_GROUP", "avro-order-processor"), decode=decode)


@app.each(os.environ.get("ORDERS_TOPIC", "avro-orders"))
def handle(order: Order) -> Rejected | None:
    """Check an order."""
    return None if order.document["items"] else Rejected("empty_order")
