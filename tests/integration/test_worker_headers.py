"""A record's headers, as the handler has them."""

import asyncio
import shutil
import subprocess

import pytest
from support import Lab, Produced

from stream_pool.broker import Broker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


async def test_trace_and_baggage_are_on_the_order(lab: Lab) -> None:
    """traceparent and baggage are parsed; a malformed one is none, and no reason to stop."""
    topic = await lab.topics.create()
    headers = (
        ("traceparent", f"00-{TRACE}-{SPAN}-01".encode()),
        ("baggage", b"tenant=acme,request_id=r-1"),
        ("traceparent-of-another", b"\xff\xfe"),
    )
    places = await lab.cluster.produce(
        topic,
        [
            Produced({"n": 1}, b"\xff", headers, timestamp_ms=1_700_000_000_000),
            Produced({"n": 2}, None, (("traceparent", b"\xff\xfe"), ("baggage", b"\xff"))),
        ],
    )
    worker = lab.worker("headers", topic)
    await lab.handled(places)
    first, second = lab.told()
    assert (first["trace_id"], first["span_id"]) == (TRACE, SPAN)
    assert first["baggage"] == {"tenant": "acme", "request_id": "r-1"}
    assert (first["key"], first["timestamp"]) == ("ff", 1_700_000_000_000)
    assert first["text"]["traceparent-of-another"] is None
    assert first["values"]["traceparent-of-another"] == "fffe"
    assert (second["trace_id"], second["baggage"]) == (None, {})
    assert await worker.stop() == 0


async def test_a_header_without_a_value(kafka: Broker, lab: Lab) -> None:
    """Kafka allows null as a header's value: it reads as an empty one, and is kept in a dead letter."""
    topic = await lab.topics.create()
    await produce_with_kcat(lab, topic, b'{"n": 1}', "traceparent", "baggage", "note")
    await produce_with_kcat(lab, topic, b"poison", "note")
    worker = lab.worker("headers", topic)
    await lab.committed(topic, {0: 2})
    (told,) = lab.told()
    assert (told["trace_id"], told["baggage"], told["text"]["note"]) == (None, {}, "")
    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    assert letter.headers[0] == ("note", None)
    assert await worker.stop() == 0


async def produce_with_kcat(lab: Lab, topic: str, value: bytes, *headers: str | bytes) -> None:
    """Write what no Python client would: a header without `=` has no value."""
    if (kcat := shutil.which("kcat")) is None:
        pytest.skip("needs kcat, which writes headers that no Python client can")
    command = [kcat, "-P", "-b", lab.cluster.servers, "-t", topic, "-p", "0"]
    for header in headers:
        command += ["-H", header]
    await asyncio.to_thread(subprocess.run, command, input=value, check=True, timeout=20)
