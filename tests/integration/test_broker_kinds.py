"""Every kind of broker that this machine can start, started for real."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka_topics import Topics

from stream_pool.broker import Broker, JavaBroker, choose_broker, start_broker


async def test_a_record_comes_back_as_it_went(broker: Broker, topics: Topics) -> None:
    """What is produced to the shared broker is consumed with key, value, headers and timestamp."""
    topic = await topics.create("echo")
    await _send(broker, topic, b"value", acks="all")
    (record,) = await _read(broker, topic)
    assert (record.key, record.value, record.headers) == (b"key", b"value", (("name", b"text"),))
    assert record.timestamp == 1_700_000_000_000


async def test_a_real_kafka_has_an_idempotent_producer(kafka: Broker, topics: Topics) -> None:
    """`kafka` is a broker on which the idempotent producer starts and writes."""
    topic = await topics.create("idempotent")
    await _send(kafka, topic, b"once", enable_idempotence=True)
    assert [record.value for record in await _read(kafka, topic)] == [b"once"]


async def test_the_embedded_broker_serves_and_says_that_it_is_no_kafka() -> None:
    """The last resort comes up on any machine, and its records come back."""
    async with start_broker("embedded") as broker:
        assert not broker.is_kafka
        topic = await Topics(broker.bootstrap_servers).create("echo")
        await _send(broker, topic, b"value", acks="all")
        assert [record.value for record in await _read(broker, topic)] == [b"value"]
    assert choose_broker(broker.bootstrap_servers).missing() is None


async def test_an_address_of_the_embedded_broker_is_known_as_no_kafka() -> None:
    """An external address with Tansu behind it is not taken for Kafka."""
    async with (
        start_broker("embedded") as embedded,
        start_broker(f"kafka://{embedded.bootstrap_servers}") as external,
    ):
        assert external.bootstrap_servers == embedded.bootstrap_servers
        assert not external.is_kafka


async def test_a_killed_kafka_comes_back_with_its_data(own_kafka: JavaBroker, own_topics: Topics) -> None:
    """After SIGKILL and restart the address is the same and acknowledged records are there."""
    topic = await own_topics.create("kept")
    await _send(own_kafka, topic, b"kept", acks="all")
    address = own_kafka.bootstrap_servers
    await asyncio.to_thread(own_kafka.kill)
    await asyncio.to_thread(own_kafka.restart)
    assert own_kafka.bootstrap_servers == address
    assert [record.value for record in await _read(own_kafka, topic)] == [b"kept"]


async def test_a_frozen_kafka_answers_again_once_thawed(own_kafka: JavaBroker, own_topics: Topics) -> None:
    """While frozen it accepts no record; after the thaw the same producer's record is acknowledged."""
    topic = await own_topics.create("cold")
    async with AIOKafkaProducer(bootstrap_servers=own_kafka.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait(topic, b"before")
        own_kafka.freeze()
        sending = await producer.send(topic, b"during")
        done, _ = await asyncio.wait([sending], timeout=1.0)
        assert not done
        own_kafka.thaw()
        await sending
    assert [record.value for record in await _read(own_kafka, topic, 2)] == [b"before", b"during"]


async def test_a_frozen_kafka_can_be_restarted(own_kafka: JavaBroker) -> None:
    """A restart thaws it first, so that it ends in good order rather than by SIGKILL, and answers again."""
    before = own_kafka._running
    own_kafka.freeze()
    await asyncio.to_thread(own_kafka.restart)
    assert before.exit_code == 128 + signal.SIGTERM
    await Topics(own_kafka.bootstrap_servers).create("after")


@pytest.mark.parametrize("kind", ["embedded", "java"])
def test_a_broker_dies_with_its_killed_owner(kind: str) -> None:
    """SIGKILL for the process that started it leaves neither a process nor a directory behind."""
    _skip_unless_available(kind)
    code = f"""
from stream_pool.broker import choose_broker
broker = choose_broker({kind!r})
broker.start()
print(broker._kennel._processes[-1].pid, broker._kennel._directory, flush=True)
import signal; signal.pause()
"""
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        pid, directory = owner.stdout.readline().split()
        assert _runs(int(pid))
        owner.kill()
    _until(lambda: not _runs(int(pid)) and not Path(directory).exists())


@pytest.mark.parametrize("kind", ["embedded", "java"])
async def test_cancelling_a_start_leaves_nothing_running(kind: str) -> None:
    """A start that is cancelled half-way ends what it had begun, and its directory is gone."""
    _skip_unless_available(kind)
    before = _children()
    said = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def hold() -> None:
        async with start_broker(kind, say=lambda _line: loop.call_soon_threadsafe(said.set)):
            pytest.fail("came up although it was cancelled")

    holding = asyncio.create_task(hold())
    await said.wait()
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert _children() == before


def _skip_unless_available(kind: str) -> None:
    broker = choose_broker(kind)
    broker.stop()
    if (missing := broker.missing()) is not None:
        pytest.skip(f"a broker of kind {kind} needs {missing}")


def _children() -> set[str]:
    """Process ids of our children that have not been reaped."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def _send(broker: Broker, topic: str, value: bytes, **options: object) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, **options) as producer:
        await producer.send_and_wait(
            topic, value, key=b"key", headers=[("name", b"text")], timestamp_ms=1_700_000_000_000
        )


async def _read(broker: Broker, topic: str, count: int = 1) -> list:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    async with consumer:
        return [await asyncio.wait_for(consumer.getone(), 10.0) for _ in range(count)]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()


def _until(holds: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.02)


def test_a_kafka_whose_port_was_taken_takes_another() -> None:
    """Between the choice of a port and its use there is a moment."""
    said: list[str] = []
    broker = JavaBroker(said.append)
    if (missing := broker.missing()) is not None:
        pytest.skip(f"needs an Apache Kafka of its own, and so {missing}")
    taken = broker.bootstrap_servers
    with socket.create_server(("127.0.0.1", int(taken.rpartition(":")[2]))):
        try:
            broker.start()
            assert broker.bootstrap_servers != taken
        finally:
            broker.stop()
    assert "somebody took one of its ports meanwhile, taking others" in said
