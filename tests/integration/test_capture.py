"""`stream-pool capture` from a real broker."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka_topics import Topics
from support import Lab, until
from support.cluster import Cluster, Produced

from stream_pool.broker import Broker, JavaBroker
from stream_pool.clock import SystemClock
from stream_pool.errors import MisuseError
from stream_pool.incident.capture import CaptureJob, CaptureRun, Wanted
from stream_pool.incident.capture_file import Capture, CapturedRecord, Lost
from stream_pool.incident.moments import AtOffset, AtTime
from stream_pool.incident.redaction import Redactor, parse_rules
from stream_pool.stream.errors import BrokerUnavailable, TopicMissing
from stream_pool.stream.kafka import KafkaClient
from stream_pool.stream.log_reader import raw_record

NOW_MS = int(time.time() * 1_000) - 600_000
HOSTILE = [
    Produced(b'{"n":1}', b"k", (("h", b"1"), ("h", b"2"))),
    Produced(None, b"tombstone"),
    Produced(b"", b""),
    Produced(b"\xff\x00\xfe", b"\xed\xa0\x80", (("bin", b"\xff"), ("", b""))),
    Produced('{"n":"\u2028\u0000"}'.encode(), "k\u00fc".encode()),
    Produced(b'{"records":3}\n'),
]


async def command(servers: str, *arguments: object, code: int = 0) -> tuple[dict[str, Any], str]:
    """What `stream-pool capture --json` says on both outputs; it must end with `code`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stream_pool.cli.main", "capture", "--json"),
        *("--broker", f"kafka://{servers}", *map(str, arguments)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, out.decode() + err.decode()
    return (json.loads(out) if out else {}), err.decode()


def job(servers: str, wanted: Wanted, **options: Any) -> CaptureJob:
    """A capture in this process."""
    client = KafkaClient({"bootstrap_servers": servers}, "capture-test", SystemClock())
    return CaptureJob(client, wanted, SystemClock(), **options)


def places(path: Path) -> list[tuple[int, int]]:
    """Partition and offset of each record of a capture."""
    return [(each.partition, each.record.offset) for each in Capture(path)]


async def there(cluster: Cluster, topic: str) -> set[CapturedRecord]:
    """What lies on a topic."""
    return {CapturedRecord(topic, each.partition, raw_record(each)) for each in await cluster.read(topic)}


@pytest.fixture
def cluster(broker: Broker) -> Cluster:
    return Cluster(broker.bootstrap_servers)


@pytest.mark.parametrize("name", ["c.ndjson", "c.ndjson.gz", "c.ndjson.zst"])
async def test_every_record_is_captured_as_it_lies_there(
    cluster: Cluster, topics: Topics, tmp_path: Path, name: str
) -> None:
    """Whatever its bytes, from every partition, one of which is empty."""
    topic = await topics.create(partitions=4)
    await cluster.produce(topic, HOSTILE * 5, partitions=3)
    told, err = await command(cluster.servers, "--topic", topic, "--out", tmp_path / name)
    capture = Capture(tmp_path / name)
    records = list(capture)
    assert len(records) == told["records"] == 30
    assert set(records) == await there(cluster, topic)
    assert capture.is_whole
    assert capture.lost == told["lost"] == []
    assert capture.header.topic == topic
    assert capture.header.partitions == {0: (0, 10), 1: (0, 10), 2: (0, 10), 3: (0, 0)}
    assert err == ""
    for partition in range(3):
        offsets = [offset for each, offset in places(tmp_path / name) if each == partition]
        assert offsets == list(range(10))


async def test_partitions_are_merged_by_time(cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """Where the times in each rise, so do those in the file."""
    topic = await topics.create(partitions=3)
    sent = [Produced(b"{}", partition=n % 3, timestamp_ms=NOW_MS + n * n % 1_000 + n) for n in range(300)]
    sent.sort(key=lambda each: each.timestamp_ms or 0)
    await cluster.produce(topic, sent)
    await job(cluster.servers, Wanted(topic)).to_file(tmp_path / "c")
    times = [each.record.timestamp_ms for each in Capture(tmp_path / "c")]
    assert len(times) == 300
    assert times == sorted(times)


async def test_a_range_by_offset_and_by_partition(cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """The end is no longer part of it; what lies outside of the topic is not asked for."""
    topic = await topics.create(partitions=3)
    await cluster.produce(topic, [{"n": n} for n in range(30)], partitions=3)
    told, _ = await command(
        cluster.servers,
        "--topic",
        topic,
        "--out",
        tmp_path / "c",
        "--from",
        3,
        "--to",
        6,
        "--partitions",
        "2,0",
    )
    assert (told["partitions"], told["partition_count"]) == ({"0": [3, 6], "2": [3, 6]}, 3)
    assert sorted(places(tmp_path / "c")) == [(0, 3), (0, 4), (0, 5), (2, 3), (2, 4), (2, 5)]
    captured = await job(cluster.servers, Wanted(topic, AtOffset(8), AtOffset(99))).to_file(tmp_path / "d")
    assert captured.header.partitions == {0: (8, 10), 1: (8, 10), 2: (8, 10)}


async def test_a_range_by_time(kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """From the first record of that time or later; a time behind the end is the end."""
    topic = await topics.create(partitions=2)
    sent = [Produced(b"{}", partition=n % 2, timestamp_ms=NOW_MS + n * 1_000) for n in range(20)]
    await cluster.produce(topic, sent)
    wanted = Wanted(topic, AtTime(NOW_MS + 5_500), AtTime(NOW_MS + 9_000))
    captured = await job(cluster.servers, wanted).to_file(tmp_path / "c")
    times = [each.record.timestamp_ms - NOW_MS for each in Capture(tmp_path / "c")]
    assert times == [6_000, 7_000, 8_000]
    assert (captured.header.from_ms, captured.header.to_ms) == (NOW_MS + 5_500, NOW_MS + 9_000)
    future = Wanted(topic, AtTime(NOW_MS + 18_000), AtTime(NOW_MS + 10**9))
    assert (await job(cluster.servers, future).to_file(tmp_path / "d")).records == 2


async def test_nothing_is_committed_and_no_group_appears(
    kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """It reads from outside."""
    topic = await topics.create()
    await cluster.produce(topic, [{"n": 1}])
    async with cluster.admin() as admin:
        before = {name for name, _ in await admin.list_consumer_groups()}
        await job(cluster.servers, Wanted(topic)).to_file(tmp_path / "c")
        assert {name for name, _ in await admin.list_consumer_groups()} == before


async def test_holes_are_passed_over(kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """Markers of transactions, in the middle and at the end; nothing of it is lost."""
    topic = await topics.create()
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.servers, transactional_id=topics.unique("transaction")
    )
    async with producer:
        for _ in range(3):
            async with producer.transaction():
                await producer.send_and_wait(topic, b"{}", partition=0)
    captured = await job(cluster.servers, Wanted(topic)).to_file(tmp_path / "c")
    assert captured.header.partitions == {0: (0, 6)}
    assert [offset for _, offset in places(tmp_path / "c")] == [0, 2, 4]
    assert captured.is_whole
    assert captured.lost == ()


async def test_what_retention_took_meanwhile_is_told(
    kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """With its offsets, in the file and at the end, which is a finding; the rest is captured."""
    topic = await topics.create(partitions=2)
    await cluster.produce(topic, [{"n": n} for n in range(40)], partitions=2)
    await job(cluster.servers, Wanted(topic, stop=AtOffset(5))).to_file(tmp_path / "five")
    # The file of a capture that was to go to offset 20, and was killed at 5.
    killed = tmp_path / "c"
    lines = (tmp_path / "five").read_bytes().replace(b"[0,5]", b"[0,20]").splitlines(keepends=True)
    killed.write_bytes(b"".join(lines[:-1]))
    await cluster.delete_before(topic, 12, partition=1)
    told, err = await command(cluster.servers, "--topic", topic, "--out", killed, "--resume", code=1)
    assert told["lost"] == [
        {"topic": topic, "partition": 1, "from": 5, "to": 12, "why": "retention deleted them"}
    ]
    capture = Capture(killed)
    read = sorted((each.partition, each.record.offset) for each in capture)
    assert read == [*((0, n) for n in range(20)), *((1, n) for n in range(20) if not 5 <= n < 12)]
    assert capture.lost == [Lost(topic, 1, 5, 12, "retention deleted them")]
    assert capture.is_whole
    assert err == ""


async def test_a_topic_that_is_deleted_meanwhile_is_told(
    kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """As lost, rather than waited for."""
    topic = await topics.create()
    await cluster.produce(topic, [{"n": n} for n in range(10)])

    async def delete() -> None:
        async with cluster.admin() as admin:
            await admin.delete_topics([topic])

            async def gone() -> bool:
                return topic not in await admin.list_topics()

            await until(gone, "the topic is still there")

    def begun(run: CaptureRun) -> None:
        """Once the offsets are known, and before any is read."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, delete()).result()

    captured = await job(cluster.servers, Wanted(topic), begun=begun).to_file(tmp_path / "c")
    topics.created.remove(topic)
    assert captured.lost == (Lost(topic, 0, 0, 10, "the topic was deleted"),)
    assert captured.is_whole


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_a_stopped_capture_goes_on(
    cluster: Cluster, topics: Topics, tmp_path: Path, stop: signal.Signals
) -> None:
    """The file is closed properly, and --resume reads the rest: in the end every record is there once."""
    topic = await topics.create(partitions=2)
    await cluster.produce(topic, [{"n": n, "fill": "x" * 3_000} for n in range(4_000)], partitions=2)
    path = tmp_path / "c.ndjson.zst"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stream_pool.cli.main", "capture", "--topic", topic, "--out", str(path)),
        *("--broker", f"kafka://{cluster.servers}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await until(lambda: path.exists() and path.stat().st_size > 1_000, "the file was not begun")
    process.send_signal(stop)
    out, err = await process.communicate()
    if process.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert process.returncode == 128 + stop, err.decode()
    assert b"--resume goes on" in out
    first = Capture(path)
    before = len(list(first))
    assert first.is_whole is False
    told, _ = await command(cluster.servers, "--topic", topic, "--out", path, "--resume")
    assert told["before"] == before
    assert told["before"] + told["records"] == 4_000
    assert sorted(places(path)) == [(p, n) for p in range(2) for n in range(2_000)]
    again, _ = await command(cluster.servers, "--topic", topic, "--out", path, "--resume")
    assert again["records"] == 0


async def test_a_file_that_is_there_is_not_written_over(
    cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Nor continued by another capture."""
    topic, other = await topics.create(), await topics.create()
    await cluster.produce(topic, [{"n": 1}])
    path = tmp_path / "c"
    await job(cluster.servers, Wanted(topic)).to_file(path)
    before = path.read_bytes()
    redactor = Redactor(parse_rules(["n: mask"]), b"0123456789abcdef")
    with pytest.raises(MisuseError, match="is there already: --resume"):
        await job(cluster.servers, Wanted(topic)).to_file(path)
    with pytest.raises(MisuseError, match="is a capture of"):
        await job(cluster.servers, Wanted(other)).to_file(path, resume=True)
    with pytest.raises(MisuseError, match="without redaction"):
        await job(cluster.servers, Wanted(topic), redactor=redactor).to_file(path, resume=True)
    assert path.read_bytes() == before


async def test_missing_topics_and_partitions(cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """Are said, and no file is begun."""
    topic = await topics.create()
    with pytest.raises(TopicMissing):
        await job(cluster.servers, Wanted(topics.unique("nobody"))).to_file(tmp_path / "c")
    with pytest.raises(TopicMissing, match="events"):
        await job(cluster.servers, Wanted(topic, events_of="nobody")).to_file(tmp_path / "c")
    with pytest.raises(MisuseError, match="there is no 3"):
        await job(cluster.servers, Wanted(topic, partitions=[0, 3])).to_file(tmp_path / "c")
    assert not (tmp_path / "c").exists()


SECRET = "s3cret@example.org"


async def test_redaction(cluster: Cluster, topics: Topics, tmp_path: Path) -> None:
    """What rules name does not reach the file; what matched nothing is said; equal values stay equal."""
    topic = await topics.create()
    customer = {"email": SECRET, "id": 7}
    await cluster.produce(
        topic,
        [
            Produced(
                {"order": {"customer": customer, "total": 1}}, SECRET.encode(), (("x", SECRET.encode()),)
            ),
            Produced({"order": {"customer": customer, "total": 2}}, SECRET.encode()),
            Produced(f"no json: {SECRET}".encode()),
        ],
    )
    (tmp_path / "rules").write_text("# who it is\norder.customer.*: hash\nheader.x: drop\n")
    rules = ["--redact", tmp_path / "rules", "--redact", "key: hash", "--redact", "nobody: mask"]
    shown, _ = await command(cluster.servers, "--topic", topic, "--preview", 2, *rules)
    assert len(shown["records"]) == 2
    assert SECRET in json.dumps(shown["records"][0]["before"])
    assert SECRET not in json.dumps([each["after"] for each in shown["records"]])
    assert os.listdir(tmp_path) == ["rules"], "a preview writes nothing"  # noqa: PTH208 - not awaited
    told, err = await command(cluster.servers, "--topic", topic, "--out", tmp_path / "c", *rules)
    assert SECRET not in (tmp_path / "c").read_text()
    first, second, third = (each.record for each in Capture(tmp_path / "c"))
    values = [json.loads(each.value or b"")["order"] for each in (first, second)]
    assert values[0]["customer"] == values[1]["customer"] != customer
    assert [value["total"] for value in values] == [1, 2]
    assert first.key == second.key == values[0]["customer"]["email"].encode()
    assert first.headers == (("x", None),)
    assert (third.value or b"").startswith(b"redacted, no JSON")
    assert told["redaction"] == {
        "rules": {"order.customer.*: hash": 4, "header.x: drop": 1, "key: hash": 3, "nobody: mask": 0},
        "matched_nothing": ["nobody: mask"],
        "unreadable": 1,
    }
    assert err == "warning: nobody: mask: this rule matched nothing\n"
    assert Capture(tmp_path / "c").header.redaction == tuple(told["redaction"]["rules"])
    _, err = await command(
        cluster.servers, "--topic", topic, "--out", tmp_path / "c", *rules, "--resume", code=2
    )
    assert "another salt" in err


async def test_events_are_taken_too(kafka: Broker, lab: Lab, tmp_path: Path) -> None:
    """The group's event log and snapshots, as they lie there, each with its topic."""
    topic = await lab.topics.create()
    sent = await lab.cluster.produce(topic, [{"n": n} for n in range(50)])
    worker = await lab.worker(
        "each_async", topic, detector_enabled=True, detector_snapshot_interval_s=0.3
    ).ready()
    await lab.handled(sent)
    await until(lambda: lab.events("clock.ticked"), lab.report)
    assert await worker.stop() == 0
    told, _ = await command(
        lab.cluster.servers, "--topic", topic, "--out", tmp_path / "c", "--events", "--group", lab.group
    )
    capture = Capture(tmp_path / "c")
    records = set(capture)
    assert capture.header.group == lab.group
    for each in (topic, lab.events_topic, lab.snapshots_topic):
        assert await there(lab.cluster, each) <= records
    assert {each.topic for each in records} == {topic, lab.events_topic, lab.snapshots_topic}
    assert told["records"] == len(records)


async def test_a_broker_that_comes_back_is_waited_for(
    own_kafka: JavaBroker, own_topics: Topics, tmp_path: Path
) -> None:
    """Killed in the middle, and started again: every record is there."""
    cluster = Cluster(own_kafka.bootstrap_servers)
    topic = await own_topics.create(partitions=2)
    await cluster.produce(topic, [{"n": n, "fill": "x" * 2_000} for n in range(3_000)], partitions=2)
    restarts: list[asyncio.Task[None]] = []

    def watch(done: int, total: int, records: int) -> None:
        if not restarts:
            own_kafka.kill()
            restarts.append(asyncio.create_task(asyncio.to_thread(own_kafka.restart)))

    captured = await job(cluster.servers, Wanted(topic), watch=watch).to_file(tmp_path / "c.zst")
    await restarts[0]
    assert captured.is_whole
    assert captured.lost == ()
    assert sorted(places(tmp_path / "c.zst")) == [(p, n) for p in range(2) for n in range(1_500)]


def test_without_a_broker_nothing_is_begun(tmp_path: Path) -> None:
    """Exit 3."""
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "stream_pool.cli.main",
            "capture",
            "--topic",
            "t",
            "--out",
            str(tmp_path / "c"),
        ],
        env={
            **os.environ,
            "STREAM_POOL_BROKER": "kafka://127.0.0.1:1",
            "STREAM_POOL_CONNECT_TIMEOUT_S": "0.2",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == BrokerUnavailable.exit_code, ran.stderr
    assert not (tmp_path / "c").exists()


async def test_what_kcat_writes_is_the_same_capture(
    kafka: Broker, cluster: Cluster, topics: Topics, tmp_path: Path
) -> None:
    """Record by record, where it is text."""
    kcat = shutil.which("kcat")
    if kcat is None:
        pytest.skip("needs kcat")
    topic = await topics.create(partitions=2)
    await cluster.produce(topic, [each for each in HOSTILE if b"\xff" not in (each.raw or b"")], partitions=2)
    ran = await asyncio.to_thread(
        subprocess.run,
        [kcat, "-C", "-J", "-e", "-q", "-b", cluster.servers, "-t", topic],
        capture_output=True,
        timeout=30,
        check=True,
    )
    (tmp_path / "kcat.json").write_bytes(ran.stdout)
    await job(cluster.servers, Wanted(topic)).to_file(tmp_path / "c")
    assert set(Capture(tmp_path / "kcat.json")) == set(Capture(tmp_path / "c"))
