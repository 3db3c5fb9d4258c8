"""The order processor for Avro, offline."""

from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_writer

from stream_pool.testing.world import World
from topologies.avro_orders import SCHEMAS, AvroError, decode

APP = "topologies.avro_orders"
ORDER = {"id": "o-1", "currency": "EUR", "items": [{"sku": "a", "quantity": 2, "price_cents": 995}]}


def written(order: dict[str, Any], schema_id: int = 1) -> bytes:
    """As a registry's serializer writes it."""
    body = BytesIO()
    schemaless_writer(body, SCHEMAS[1], order)
    return b"\x00" + schema_id.to_bytes(4) + body.getvalue()


def test_an_order_is_read() -> None:
    """As the dict that was written."""
    assert decode(written(ORDER)) == ORDER


BAD = [
    pytest.param(b'{"id": "o-1"}', "no value in a schema registry's format", id="1 JSON"),
    pytest.param(
        b"\x00\x00\x00\x00\x01", "no value in a schema registry's format", id="2 nothing but the head"
    ),
    pytest.param(written(ORDER, 2), r"schema 2 is not one of \[1\]", id="3 a schema that we do not have"),
    pytest.param(written(ORDER)[:-1], "Error at byte ", id="4 cut short"),
    pytest.param(written(ORDER) + b"\x00", "more than one value", id="5 too long"),
    pytest.param(b"\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff", "Error at byte ", id="6 noise"),
]


@pytest.mark.parametrize(("value", "words"), BAD)
def test_what_is_no_avro_is_said(value: bytes, words: str) -> None:
    """With the place, where there is one."""
    with pytest.raises(AvroError, match=words):
        decode(value)


def test_the_topic_is_worked_off(simulation: World) -> None:
    """Orders are done, what cannot be read and what is refused are dead letters with their reasons."""
    simulation.start_worker(APP)
    simulation.produce(
        "avro-orders",
        [written(ORDER), b"{}", written(ORDER | {"items": []}), written(ORDER, 9), written(ORDER)],
    )
    simulation.advance(5)
    assert simulation.committed("avro-orders") == [5]
    assert [(letter.offset, letter.reason) for letter in simulation.dead_letters()] == [
        (1, "invalid_avro"),
        (2, "empty_order"),
        (3, "invalid_avro"),
    ]
