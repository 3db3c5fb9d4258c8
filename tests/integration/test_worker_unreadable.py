"""A record that no Python client can read."""

import shutil
import subprocess

import pytest
from support import Lab

from stream_pool.broker import Broker


async def test_a_header_name_that_is_no_utf8_is_no_dead_end(kafka: Broker, lab: Lab) -> None:
    """Kafka takes any bytes as a name: it is buried where it stands, those behind it are handled."""
    if (kcat := shutil.which("kcat")) is None:
        pytest.skip("needs kcat, which writes the header that no Python client can")
    topic = await lab.topics.create()
    before = await lab.cluster.produce(topic, [{"n": 1}])
    subprocess.run(  # noqa: ASYNC221  # nothing else runs on this loop meanwhile
        [kcat, "-P", "-b", lab.cluster.servers, "-t", topic, "-p", "0", "-H", b"\xff\xfename=value"],
        input=b'{"n": 2}',
        check=True,
        timeout=20,
    )
    behind = await lab.cluster.produce(topic, [{"n": 3}])
    worker = lab.worker("headers", topic)
    await lab.handled([*before, *behind], timeout_s=15)
    await lab.committed(topic, {0: 3})
    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    ours = dict(letter.headers)
    assert ours["stream-pool.reason"] == b"unreadable_header"
    assert (ours["stream-pool.topic"], ours["stream-pool.offset"]) == (topic.encode(), b"1")
    assert await worker.stop() == 0
