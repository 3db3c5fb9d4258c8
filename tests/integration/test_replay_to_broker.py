"""`stream-pool replay --to`: a capture put back on a real topic, as a user does it."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka_topics import Topics
from support import Cluster, until
from support.traffic import START_MS, captured, write_capture

from stream_pool.broker import Broker
from stream_pool.errors import ExitCode

HEADER = "stream-pool.replay"
HOSTILE = [None, b"", b"\x00", b"\xff\xfe", b"{}", "ключ".encode(), b"x" * 40_000]


@pytest.fixture
def cluster(kafka: Broker) -> Cluster:
    return Cluster(kafka.bootstrap_servers)


def files(folder: Path) -> list[Path]:
    """What is in a folder."""
    return list(folder.iterdir())


def offsets_of(records: list[Any]) -> list[int]:
    """Where replayed records stood in the capture."""
    return [int(dict(each.headers)[HEADER].rpartition(b"@")[2]) for each in records]


async def start(cluster: Cluster, *arguments: str, allow: str | None = None) -> asyncio.subprocess.Process:
    """The command, on this cluster, which is allowed unless told."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("STREAM_POOL_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stream_pool.cli.main", "replay", *arguments),
        *("--to", f"kafka://{cluster.servers}", "--json"),
        env=bare | {"STREAM_POOL_REPLAY_ALLOW": cluster.servers if allow is None else allow},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int, dict[str, Any], str]:
    """Its exit code, what it printed, and what it said."""
    out, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, json.loads(out) if out else {}, said.decode()


async def replay(cluster: Cluster, *arguments: str, **options: Any) -> tuple[int, dict[str, Any], str]:
    return await ended(await start(cluster, *arguments, **options))


async def by_partition(cluster: Cluster, topic: str) -> dict[int, list[Any]]:
    """What is on a topic now."""
    found = defaultdict(list)
    for record in await cluster.read(topic):
        found[record.partition].append(record)
    return found


async def test_every_field_is_what_it_was(cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """Bytes, nulls, header order and duplicates, times; in the order of each partition; one header more."""
    records = []
    for number in range(300):
        key, value = HOSTILE[number % 7], HOSTILE[number // 7 % 7]
        headers = [("h", value), ("", b""), ("h", None)] if number % 3 else []
        records.append(
            captured(number % 3, 50 + number // 3, START_MS + number // 10, value, key=key, headers=headers)
        )
    path = write_capture(tmp_path / "c.ndjson.zst", records)
    topic = await topics.create(partitions=3, config={"retention.ms": "-1"})
    code, told, _ = await replay(cluster, str(path), "--topic", topic, "--speed", "max")
    assert (code, told["acknowledged"], told["partitions_kept"]) == (ExitCode.OK, 300, True)
    assert (told["missing"], told["whole"]) == ({"lost": 0, "empty": 0}, True)
    found = await by_partition(cluster, topic)
    for partition in range(3):
        wanted = [each for each in records if each.partition == partition]
        assert [(each.timestamp, each.key, each.value, tuple(each.headers)) for each in found[partition]] == [
            (
                each.record.timestamp_ms,
                each.record.key,
                each.record.value,
                (*each.record.headers, (HEADER, f"orders-{partition}@{each.record.offset}".encode())),
            )
            for each in wanted
        ]
    assert files(tmp_path) == [path], "the state goes when all is sent"


async def test_where_partitions_differ_keys_choose_as_kafka_s_clients_do(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """The same partition as aiokafka's producer gives the key; records without one stay in order."""
    keys = [b"", b"a", b"customer-17", b"\xff\x00", "ключ".encode()]
    records = [captured(number % 2, number, key=keys[number % 5]) for number in range(40)]
    records += [captured(1, number) for number in range(40, 60)]
    path = write_capture(tmp_path / "c.ndjson", records, partitions={0: (0, 60), 1: (0, 60)})
    topic = await topics.create(partitions=5)
    code, told, said = await replay(cluster, str(path), "--topic", topic, "--speed", "max", "--times", "now")
    assert (code, told["partitions_kept"]) == (ExitCode.OK, False)
    assert "by key" in said
    found = await by_partition(cluster, topic)
    placed = {each.key: partition for partition, records in found.items() for each in records if each.key}
    async with AIOKafkaProducer(bootstrap_servers=cluster.servers) as producer:
        chosen = {key: (await producer.send_and_wait(topic, b"{}", key)).partition for key in placed}
    assert placed == chosen
    without = [offsets_of([each for each in records if each.key is None]) for records in found.values()]
    assert [offsets for offsets in without if offsets] == [list(range(40, 60))]


async def test_a_part_of_a_topic_keeps_its_partitions(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Where the topic has as many as the captured one had, of which not all were captured."""
    records = [captured(number % 2, number // 2, key=b"k%d" % number) for number in range(20)]
    path = write_capture(tmp_path / "c.ndjson", records, partition_count=4)
    topic = await topics.create(partitions=4)
    code, told, _ = await replay(cluster, str(path), "--topic", topic, "--speed", "max", "--times", "now")
    assert (code, told["partitions_kept"], told["warnings"]) == (ExitCode.OK, True, [])
    assert await cluster.ends(topic) == {0: 10, 1: 10, 2: 0, 3: 0}


@pytest.mark.parametrize("allow", ["", "staging:9092"])
async def test_a_cluster_that_nobody_allowed_is_refused(
    cluster: Cluster, topics: Topics, tmp_path: Path, allow: str
) -> None:
    """Nothing is written; who means it, says so."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0)])
    topic = await topics.create()
    arguments = [str(path), "--topic", topic, "--times", "now"]
    code, _, said = await replay(cluster, *arguments, allow=allow)
    assert code == ExitCode.MISUSE
    assert "STREAM_POOL_REPLAY_ALLOW" in said
    assert await cluster.ends(topic) == {0: 0}
    code, told, _ = await replay(cluster, *arguments, "--i-mean-production", allow=allow)
    assert (code, len(told["warnings"]), await cluster.ends(topic)) == (ExitCode.OK, 1, {0: 1})


async def test_the_cluster_that_was_captured_is_refused(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Though it is on the list."""
    async with cluster.admin() as admin:
        cluster_id = (await admin.describe_cluster())["cluster_id"]
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0)], cluster=cluster_id)
    topic = await topics.create()
    code, _, said = await replay(cluster, str(path), "--topic", topic)
    assert (code, await cluster.ends(topic)) == (ExitCode.MISUSE, {0: 0})
    assert "captured from" in said


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_replay_goes_on(
    cluster: Cluster, topics: Topics, tmp_path: Path, stop: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM give a summary; with --resume each record is there once at least, in order."""
    records = [captured(number % 2, number // 2, START_MS + number * 20) for number in range(400)]
    path = write_capture(tmp_path / "c.ndjson.gz", records)
    topic = await topics.create(partitions=2)
    process = await start(cluster, str(path), "--topic", topic, "--times", "shift")

    async def some() -> bool:
        return sum((await cluster.ends(topic)).values()) > 50

    await until(some, "nothing came")
    process.send_signal(stop)
    code, told, _ = await ended(process)
    assert (code, told["interrupted"]) == (128 + stop, True)
    assert 50 < told["acknowledged"] < 400
    code, again, _ = await replay(
        cluster, str(path), "--topic", topic, "--times", "shift", "--speed", "max", "--resume"
    )
    assert (code, again["before"], again["acknowledged"]) == (ExitCode.OK, told["acknowledged"], 400)
    found = await by_partition(cluster, topic)
    for partition in range(2):
        assert list(dict.fromkeys(offsets_of(found[partition]))) == list(range(200))
    times = [0] * 400
    for partition in range(2):
        for offset, each in zip(offsets_of(found[partition]), found[partition], strict=True):
            times[offset * 2 + partition] = each.timestamp
    before = told["acknowledged"]
    assert [at_ms - times[0] for at_ms in times[:before]] == [20 * number for number in range(before)]
    assert times == sorted(times)
    assert times[-1] <= time.time() * 1_000
    assert files(tmp_path) == [path]


async def test_a_damaged_capture_is_replayed_up_to_the_damage(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Which is named with its line; exit code 1."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, number) for number in range(10)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:6], b'{"partition": 0}\n', *lines[7:]]))
    topic = await topics.create()
    code, told, _ = await replay(cluster, str(path), "--topic", topic, "--times", "now")
    assert (code, told["damage"]["line"], told["acknowledged"]) == (ExitCode.FINDING, 7, 5)
    assert await cluster.ends(topic) == {0: 5}


async def test_a_record_that_the_topic_refuses_ends_it(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Named by its place in the capture; what stood before it is there."""
    large = captured(0, 2, value=b"x" * 9_000)
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0), captured(0, 1), large, captured(0, 3)])
    topic = await topics.create(config={"max.message.bytes": "5000"})
    code, told, _ = await replay(cluster, str(path), "--topic", topic, "--times", "now")
    assert (code, told["acknowledged"]) == (ExitCode.FINDING, 2)
    assert "orders-0@2" in told["failure"]
    assert await cluster.ends(topic) == {0: 2}


async def test_a_topic_that_is_not_there_is_not_made(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Exit code 4."""
    path = write_capture(tmp_path / "c.ndjson", [captured(0, 0)])
    code, _, said = await replay(cluster, str(path), "--topic", topics.unique("nowhere"))
    assert code == ExitCode.TOPIC_MISSING
    assert "creates none" in said
