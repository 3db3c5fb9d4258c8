"""The side topic: the group's log, as others read it."""

import asyncio
import json
import shutil
import subprocess
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from jsonschema import Draft202012Validator, FormatChecker
from support import Lab, until

from stream_pool.broker import Broker
from stream_pool.events import EVENT_TYPES, ObservationsLost


async def test_kcat_reads_valid_cloudevents(kafka: Broker, lab: Lab) -> None:
    """Binary mode of CloudEvents 1.0: attributes in headers, JSON by its type's schema in the value."""
    if (kcat := shutil.which("kcat")) is None:
        pytest.skip("needs kcat")
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(50)], partitions=2)
    worker = lab.worker("each_async", topic, detector_enabled=True, detector_window_s=0.3)
    await lab.handled(places)

    async def kinds() -> int:
        return len({type(logged.event) for logged in await lab.events()})

    async def has_all() -> bool:
        return await kinds() >= 8

    await until(has_all, lab.report)
    assert await worker.stop() == 0
    command = [kcat, "-C", "-b", lab.cluster.servers, "-t", lab.events_topic, "-J", "-e", "-q"]
    ran = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=30, check=True
    )
    messages = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(messages) == len(await lab.events())
    ids: Counter[str] = Counter()
    for message in messages:
        attributes = dict(zip(message["headers"][::2], message["headers"][1::2], strict=True))
        assert attributes["ce_specversion"] == "1.0"
        assert attributes["ce_type"] in EVENT_TYPES
        assert attributes["ce_source"].startswith("/stream-pool/")
        assert attributes["content-type"] == "application/json"
        FormatChecker().check(attributes["ce_time"], "date-time")
        validator(attributes["ce_type"]).validate(json.loads(message["payload"]))
        assert message["partition"] == 0
        assert message["tstype"] == "logappend"
        ids[attributes["ce_id"]] += 1
    assert set(ids.values()) == {1}


def validator(event_type: str) -> Draft202012Validator:
    """The published JSON Schema of a type."""
    text = files("stream_pool.events").joinpath(f"schemas/{event_type}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return Draft202012Validator(schema)


async def test_a_log_that_cannot_be_written_does_not_stop_the_orders(kafka: Broker, lab: Lab) -> None:
    """Orders go on and are committed; the oldest observations are dropped, and the log says how many."""
    topic = await lab.topics.create()
    async with lab.cluster.admin() as admin:
        await admin.create_topics(
            [NewTopic(lab.events_topic, 1, 1, topic_configs={"max.message.bytes": "100"})]
        )
    worker = await lab.worker("each_async", topic, interval_s=0.1, event_buffer=10).ready()
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(100)])
    await lab.handled(places)
    await lab.committed(topic, {0: 100})

    async def lost() -> float:
        return (await worker.metric("stream_pool_events_lost_total")) or 0

    await until(lost, lab.report)
    assert await worker.metric("stream_pool_events_buffered") <= 10
    assert await worker.get("/health/ready", 200) is not None
    assert await lab.events() == []
    async with lab.cluster.admin() as admin:
        config = {"max.message.bytes": "1048576"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, lab.events_topic, config)])

    async def reported() -> list[ObservationsLost]:
        return [logged.event for logged in await lab.events("observations.lost")]

    first, *_ = await until(reported, lab.report)
    assert first.lost == sum(first.by_type.values()) > 0
    assert await worker.stop() == 0
    events = [logged.event for logged in await lab.events()]
    told = sum(event.lost for event in events if isinstance(event, ObservationsLost))
    numbers = [event.sequence for event in events]
    assert len(numbers) == len(set(numbers))
    assert told == max(numbers) - len(numbers), "what is missing in the sequence is what was said to be lost"
