"""Values that a schema registry's serializer wrote, met by a decoder of JSON: no poison, a misread topic.

Confluent's wire format begins with a zero byte and the schema's id in four bytes; what follows is Avro,
Protobuf or JSON. No JSON text begins so.
"""

from collections.abc import Sequence

from stream_pool.errors import ExitCode, StreamPoolError
from stream_pool.stream.offsets import Record

HEADER_BYTES = 5
RECORDS_MIN = 10
"""On fewer a topic is not judged: a stray that a worker happens to begin at is a dead letter."""


class WireFormat(StreamPoolError):
    """The first records of a topic are in a schema registry's wire format, and the app decodes JSON."""

    reason = "confluent_wire_format"
    exit_code = ExitCode.MISUSE


def is_wire_format(value: bytes | None) -> bool:
    """Whether a value begins as a registry's serializer begins it."""
    return value is not None and len(value) > HEADER_BYTES and value[0] == 0


def refuse_wire_format(records: Sequence[Record]) -> None:
    """Raise `WireFormat` where all of the first records of a partition are in it, tombstones aside, and where
    they are enough to tell."""
    values = [record.value for record in records if record.value is not None]
    if len(values) < RECORDS_MIN or not all(map(is_wire_format, values)):
        return
    first = records[0]
    raise WireFormat(
        f"{first.topic}-{first.partition}@{first.offset} and all {len(values)} records that came with it are "
        f"in a schema registry's format (zero byte, schema id {int.from_bytes(values[0][1:5])}), and this "
        "app decodes JSON. Give it a decoder, stream_pool.App(…, decode=…): docs/decoding.md has examples. "
        "Where they are strays among JSON, set STREAM_POOL_ON_WIRE_FORMAT=dead_letter"
    )
