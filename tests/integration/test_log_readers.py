"""The log is for others too: tools that know nothing of this project read it, from topic and file."""

import asyncio
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from support import Lab, until

from stream_pool.broker import Broker
from stream_pool.clock import SystemClock
from stream_pool.events import EVENT_TYPES, AnomalyOpened, ClockTicked
from stream_pool.incident.log_file import LogFileWriter
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.log_reader import raw_record

WITH_DETECTION = {
    "detector_enabled": True,
    "detector_window_s": 0.3,
    "detector_lag_threshold_records": 50,
    "detector_open_after": 2,
}
JQ_EVENTS = """
    (.headers | split(",") | map(split("=") | {key: .[0], value: (.[1:] | join("="))}) | from_entries) as $ce
    | .value as $value
    | {offset, type: $ce.ce_type, id: $ce.ce_id, worker: $value.worker, sequence: $value.sequence,
       rule: $value.rule, lag: $value.partitions[0].lag_records?}
"""


async def run(command: str) -> str:
    """What a shell command prints; it must succeed."""
    ran = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
async def events_topic(kafka: Broker, lab: Lab) -> str:
    """The log of a worker that came to lag, and has stopped."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"do": "hold"}, *({"n": n} for n in range(200))])
    worker = await lab.worker("each_async", topic, **WITH_DETECTION).ready()

    async def found() -> bool:
        return bool(await lab.events("anomaly.opened"))

    await until(found, lab.report)
    lab.open_gate()
    await lab.handled(places)
    assert await worker.stop() == 0
    return lab.events_topic


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, with the reason."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}")
    return found


async def test_kcat_and_jq_read_the_log(lab: Lab, events_topic: str) -> None:
    """In another process, types from headers and fields from values, of every event in its order."""
    kcat, jq = tool("kcat"), tool("jq")
    form = '{"offset":%o,"headers":"%h","value":%s}\\n'
    read = shlex.join([kcat, "-C", "-b", lab.cluster.servers, "-t", events_topic, "-e", "-q", "-f", form])
    lines = await run(f"{read} | {shlex.join([jq, '-c', JQ_EVENTS])}")
    told = [json.loads(line) for line in lines.splitlines()]
    events = await lab.events()
    assert [each["offset"] for each in told] == [logged.offset for logged in events]
    assert [each["id"] for each in told] == [logged.id for logged in events]
    types = {each["type"] for each in told}
    assert {AnomalyOpened.TYPE, ClockTicked.TYPE, "stream-pool.lag.sampled.v1"} <= types <= set(EVENT_TYPES)
    assert "lag" in {each["rule"] for each in told if each["type"] == AnomalyOpened.TYPE}
    observed = [each for each in told if "anomaly" not in each["type"]]
    assert all(each["worker"] and each["sequence"] > 0 for each in observed)
    assert max(each["lag"] or 0 for each in told) > 50


async def test_verify_and_report_read_the_log_from_its_topic(lab: Lab, events_topic: str) -> None:
    """Every event of a real run: all of it identical, and told as a story."""
    broker = ("--broker", f"kafka://{lab.cluster.servers}")
    verdict = await tell("verify", events_topic, *broker)
    events = await lab.events()
    assert verdict["verdict"] == "identical"
    assert verdict["events"] == len(events)
    assert verdict["anomalies"] == sum("anomaly" in logged.event.TYPE for logged in events)  # type: ignore[union-attr]  # all are known
    assert verdict["ticks"] > 0
    assert verdict["proven_to"] > 0
    story = await tell("report", events_topic, *broker)
    assert story["extent"]["events"] == len(events)
    assert "lag" in {episode["rule"] for episode in story["episodes"]}


async def test_verify_and_jq_read_the_log_as_a_file(lab: Lab, events_topic: str, tmp_path: Path) -> None:
    """Copied from the topic record by record."""
    jq = tool("jq")
    path = tmp_path / "log.ndjson"
    with LogFileWriter(path, topic=events_topic, group=lab.group) as writer:
        for record in await lab.cluster.read(events_topic):
            writer.write(raw_record(record))
    assert (await tell("verify", str(path)))["verdict"] == "identical"
    program = 'select(.value) | .value | fromjson | select(.rule == "lag") | .severity'
    severities = (await run(f"{shlex.join([jq, '-r', program])} {shlex.quote(str(path))}")).split()
    assert severities
    assert set(severities) == {"P2"}


async def tell(*arguments: str) -> dict[str, Any]:
    """What a command of `stream-pool` says."""
    command = shlex.join([sys.executable, "-m", "stream_pool.cli.main", *arguments, "--json"])
    told: dict[str, Any] = json.loads(await run(command))
    return told


async def test_a_record_that_no_client_can_read_is_left_out(kafka: Broker, lab: Lab) -> None:
    """By who reads a log from outside every group as by the detector: what stands around it is read once."""
    topic = await lab.topics.create()
    kcat = tool("kcat")
    await lab.cluster.produce(topic, [{"n": n} for n in range(4)])
    for _ in range(2):
        await asyncio.to_thread(
            subprocess.run,
            [kcat, "-P", "-b", lab.cluster.servers, "-t", topic, "-p", "0", "-H", b"\xff\xfename=value"],
            input=b"{}",
            check=True,
            timeout=20,
        )
        await lab.cluster.produce(topic, [{"n": n} for n in range(3)])
    client = KafkaClient({"bootstrap_servers": lab.cluster.servers}, "reader", SystemClock())
    read = [
        record.offset
        async for records in client.records(TopicPartition(topic, 0), 1, 11)
        for record in records
    ]
    assert read == [1, 2, 3, 5, 6, 7, 9, 10]
