"""What a worker will not start on: one clear sentence and its own exit code."""

import re
import socket
from typing import Any

import pytest
from aiokafka.admin import NewTopic
from support import Lab, until

from stream_pool.broker import Broker
from stream_pool.free_port import free_port


async def test_no_broker(lab: Lab) -> None:
    """Exit 3 within the time to connect; the message has the address, the attempts and the seconds."""
    port = free_port()
    worker = lab.worker("each_async", "orders", broker=f"127.0.0.1:{port}", connect_timeout_s=1.5)
    assert await worker.exited() == 3
    (line,) = worker.said("worker stops", reason="broker_unavailable")
    assert f"no Kafka broker answered at 127.0.0.1:{port}: tried " in line["error"]
    tried = re.search(r": tried (\d+) times in ([\d.]+) s, the last time: ", line["error"])
    assert tried is not None
    assert int(tried[1]) >= 2
    assert float(tried[2]) <= 1.5 + 0.1
    assert "Traceback" not in worker.text()


async def test_a_missing_topic_is_named_and_not_created(lab: Lab) -> None:
    """Exit 4, also on a broker that creates topics by itself where one asks for them by name."""
    there = await lab.topics.create()
    gone = lab.topics.unique("gone")
    worker = lab.worker("each_async", there, gone)
    assert await worker.exited() == 4
    (line,) = worker.said("worker stops", reason="topic_missing")
    assert line["error"].startswith(f"not found on the broker: '{gone}'.")
    async with lab.cluster.admin() as admin:
        assert gone not in await admin.list_topics()


async def test_a_port_that_is_taken(lab: Lab) -> None:
    """Exit 2 with the address and the setting, as beside a second worker on one host."""
    topic = await lab.topics.create()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        worker = lab.worker("each_async", topic, web_port=port)
        assert await worker.exited() == 2
    (line,) = worker.said("worker stops", reason="misuse")
    assert f"127.0.0.1:{port}" in line["error"]
    assert "STREAM_POOL_WEB_PORT" in line["error"]
    assert "Traceback" not in worker.text()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"web_host": "192.0.2.1"}, "STREAM_POOL_WEB_HOST", id="1 no address of this machine"),
        pytest.param(
            {"session_timeout_ms": 1_000}, "STREAM_POOL_SESSION_TIMEOUT_MS", id="2 too short a session"
        ),
    ],
)
async def test_a_setting_that_only_the_machine_or_the_broker_can_judge(
    kafka: Broker, lab: Lab, settings: dict[str, Any], words: str
) -> None:
    """Exit 2 with its name, and not a fault of ours."""
    topic = await lab.topics.create()
    worker = lab.worker("each_async", topic, **settings)
    assert await worker.exited() == 2
    (line,) = worker.said("worker stops", reason="misuse")
    assert words in line["error"]
    assert "Traceback" not in worker.text()


async def test_port_0_takes_a_free_one(lab: Lab) -> None:
    """Two workers on one host, each at a port of its own, which its log names; and two names in the log."""
    topic = await lab.topics.create(partitions=2)
    workers = [lab.worker("each_async", topic, web_port=0) for _ in range(2)]
    urls = [(await worker.says("worker started"))["web"] for worker in workers]
    for worker, url in zip(workers, urls, strict=True):
        worker.port = int(url.removeprefix("http://127.0.0.1:"))
        assert await worker.get("/health/live", 200) is not None
    assert len(set(urls)) == 2

    async def names() -> bool:
        return len({event.event.worker for event in await lab.events("signals.sampled")}) == 2

    await until(names, lab.report)


async def test_an_own_topic_of_the_wrong_shape(lab: Lab) -> None:
    """An event log of two partitions is no log: exit 4 with what to do."""
    topic = await lab.topics.create()
    async with lab.cluster.admin() as admin:
        await admin.create_topics([NewTopic(lab.events_topic, 2, 1)])
    worker = lab.worker("each_async", topic)
    assert await worker.exited() == 4
    assert "has 2 partitions and must have 1: it is one log" in worker.text()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("buffer_records", "0", ("STREAM_POOL_BUFFER_RECORDS", "0", "10000000")),
        ("decoder", "simdjson", ("STREAM_POOL_DECODER", "simdjson", "stream_pool", "orjson")),
        ("drain_timeout_s", "60", ("STREAM_POOL_DRAIN_TIMEOUT_S=60 must be less than",)),
        ("broker", "http://kafka", ("STREAM_POOL_BROKER", "http://kafka", "kafka://host:port")),
    ],
)
async def test_a_wrong_setting(lab: Lab, setting: str, value: str, words: tuple[str, ...]) -> None:
    """Exit 2: which one, which value, what is allowed."""
    worker = lab.worker("each_async", "orders", **{setting: value})
    assert await worker.exited() == 2
    assert all(word in worker.text() for word in words), worker.text()
    assert "Traceback" not in worker.text()


@pytest.mark.parametrize(("app", "noun"), [("kafka_agent", "agent"), ("kafka_table", "table")])
async def test_what_needs_the_consumer_of_faust(lab: Lab, app: str, noun: str) -> None:
    """Exit 2 at the start, naming what to use instead."""
    topic = await lab.topics.create()
    worker = lab.worker(app, topic)
    assert await worker.exited() == 2
    (line,) = worker.said("worker stops", reason="misuse")
    assert line["error"].startswith(noun)
    assert "app.each" in line["error"]
    assert "app.batches" in line["error"]


async def test_an_app_that_is_not_there(lab: Lab) -> None:
    """Exit 2, and the module's name."""
    worker = lab.worker("no_such_module", "orders")
    assert await worker.exited() == 2
    assert "no module 'no_such_module'" in worker.text()
