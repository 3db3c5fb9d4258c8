"""`stream-pool estimate` on a topic: a sample of it, and nothing left behind."""

import asyncio
import json
import sys
from typing import Any

from support import Lab

from stream_pool.broker import Broker
from stream_pool.errors import ExitCode


async def estimate(lab: Lab, topic: str, *options: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    command = [sys.executable, "-m", "stream_pool.cli.main", "estimate", topic, "--rounds", "2", *options]
    ran = await asyncio.create_subprocess_exec(
        *command,
        "--broker",
        f"kafka://{lab.cluster.servers}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(ran.communicate(), timeout=60)
    assert ran.returncode is not None
    return ran.returncode, out.decode(), err.decode()


async def told(lab: Lab, topic: str, *options: str) -> Any:
    code, out, err = await estimate(lab, topic, "--json", *options)
    assert code == ExitCode.OK, err
    return json.loads(out)


async def test_the_newest_of_a_topic_are_estimated(kafka: Broker, lab: Lab) -> None:
    """From all partitions, as many as asked for."""
    topic = await lab.topics.create(partitions=3)
    await lab.cluster.produce(topic, ({"id": n} for n in range(600)), partitions=3)
    made = await told(lab, topic, "--sample", "150")
    assert made["documents"]["accepted"] == made["pool"]["lookups"] == 150
    assert made["source"].startswith(f"topic {topic}: the newest of 600 records, of 20")
    assert made["largest"]["document_bytes"] == len('{"id":599}')
    assert (await told(lab, topic, "--sample", "150", "--spread"))["documents"]["accepted"] == 150


async def test_no_group_is_left_behind(kafka: Broker, lab: Lab) -> None:
    """It reads from outside every group, and commits nothing."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [{"id": 1}])
    async with lab.cluster.admin() as admin:
        before = set(await admin.list_consumer_groups())
        assert (await told(lab, topic))["documents"]["accepted"] == 1
        assert set(await admin.list_consumer_groups()) <= before


async def test_a_topic_that_is_not_there_is_missing(kafka: Broker, lab: Lab) -> None:
    """Exit code 4, and it is not made."""
    topic = lab.topics.unique("missing")
    code, out, err = await estimate(lab, topic)
    assert (code, out) == (ExitCode.TOPIC_MISSING, "")
    assert "does not exist" in err
    async with lab.cluster.admin() as admin:
        assert topic not in await admin.list_topics()
