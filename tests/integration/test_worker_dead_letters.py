"""Poison records, and the topic that they go to."""

import hashlib

import orjson
import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from support import Lab, Produced, until

from stream_pool.broker import Broker
from stream_pool.incident import POISONS, REASONS

ORDER = orjson.dumps(
    {
        "orderId": "ord-1",
        "customer": {"name": "A. Person", "tier": "gold"},
        "items": [{"sku": "S-1", "quantity": 2}],
    }
)
BEYOND = {
    "10,000 levels": (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "depth_limit"),
    "too many keys": (orjson.dumps({f"k{n}": n for n in range(1_001)}), "keys_limit"),
    "too many items": (orjson.dumps({"a": [0] * 2_001}), "items_limit"),
    "a long key": (orjson.dumps({"k" * 1_025: 0}), "key_bytes_limit"),
    "a long string": (orjson.dumps({"a": "s" * 5_001}), "string_bytes_limit"),
    "a long number": (b'{"a": ' + b"1" * 1_001 + b"}", "number_digits_limit"),
    "a large document": (orjson.dumps({"a": ["s" * 4_000] * 20}), "document_bytes_limit"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "invalid_utf8"),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', "byte_order_mark"),
    "empty": (b"", "unexpected_end"),
}
LIMITS = {
    "limit_keys": 1_000,
    "limit_items": 2_000,
    "limit_string_bytes": 5_000,
    "limit_document_bytes": 60_000,
}


async def test_every_kind_of_poison_is_kept_and_the_rest_goes_on(lab: Lab) -> None:
    """Each with its reason, its raw bytes and its place; the good records between them are handled."""
    topic = await lab.topics.create()
    poison = {kind: (make(ORDER), REASONS[kind]) for kind, make in POISONS.items()} | BEYOND
    records = []
    for kind, (value, _) in poison.items():
        records += [Produced(value, kind.encode(), (("kind", kind.encode()),)), Produced(ORDER)]
    places = await lab.cluster.produce(topic, records)
    worker = lab.worker("each_sync", topic, dead_letter_budget_ratio=1, **LIMITS)
    await lab.handled(places[1::2])
    await lab.committed(topic, {0: len(records)})
    letters = {letter.key.decode(): letter for letter in await lab.cluster.read(lab.dead_letters_topic)}
    told = {kind: dict(letter.headers)["stream-pool.reason"].decode() for kind, letter in letters.items()}
    assert told == {kind: reason for kind, (_, reason) in poison.items()}
    for number, (kind, (value, _)) in enumerate(poison.items()):
        headers = dict(letters[kind].headers)
        assert (letters[kind].value, headers["kind"]) == (value, kind.encode())
        assert headers["stream-pool.offset"] == str(2 * number).encode()
    assert lab.ledger.account(places[1::2]).strangers == ()
    log = worker.text()
    assert "A. Person" not in log, "a payload's values stand in the log"


async def test_a_letter_too_large_for_its_topic_loses_the_stack_then_becomes_a_pointer(
    kafka: Broker, lab: Lab
) -> None:
    """The topic's max.message.bytes decides; a pointer has topic, partition, offset and SHA-256."""
    topic = await lab.topics.create()
    await make_dead_letters(lab, {"max.message.bytes": "20000"})
    small, large = (b'{"a": "' + b"s" * size + b'", "a": 1}' for size in (19_450, 30_000))
    await lab.cluster.produce(topic, [Produced(small, b"small"), Produced(large, b"large")])
    lab.worker("each_async", topic, dead_letter_budget_ratio=1)
    await lab.committed(topic, {0: 2})
    whole, pointer = await lab.cluster.read(lab.dead_letters_topic)
    assert (whole.key, whole.value) == (b"small", small)
    told = dict(whole.headers)
    assert told["stream-pool.reason"] == b"duplicate_key"
    assert "stream-pool.stack" not in told
    assert pointer.key == b"large"
    assert dict(pointer.headers)["stream-pool.pointer"] == b"true"
    assert dict(pointer.headers)["stream-pool.reason"] == b"duplicate_key"
    assert orjson.loads(pointer.value) == {
        "topic": topic,
        "partition": 0,
        "offset": 1,
        "sha256": hashlib.sha256(large).hexdigest(),
        "value_bytes": len(large),
    }


async def test_a_topic_that_takes_not_even_a_pointer_stops_the_worker(kafka: Broker, lab: Lab) -> None:
    """Exit 8; the poison stays uncommitted, what was before it is done."""
    topic = await lab.topics.create()
    await make_dead_letters(lab, {"max.message.bytes": "100"})
    places = await lab.cluster.produce(topic, [{"n": 1}, Produced(b"poison"), {"n": 2}])
    worker = lab.worker("each_async", topic, max_poll_records=1)
    assert await worker.exited() == 8
    assert f"the dead letter of {topic}-0@1 was refused by topic '{lab.dead_letters_topic}'" in worker.text()
    assert await lab.cluster.committed(lab.group, topic) == {0: 1}
    assert lab.ledger.places() == {places[0]: 1}


@pytest.mark.parametrize("app", ["each_async", "whole_batches"])
async def test_no_commit_before_the_letter_is_acknowledged(kafka: Broker, lab: Lab, app: str) -> None:
    """While the topic refuses, the commit stays and SIGTERM ends in time; it moves with the letter."""
    topic = await lab.topics.create()
    await make_dead_letters(lab, {"cleanup.policy": "compact"})  # takes no message without a key
    places = await lab.cluster.produce(topic, [{"n": 1}, Produced(b"poison"), {"n": 2}])
    worker = lab.worker(app, topic, max_poll_records=1)
    await worker.says("dead letter not written, trying again")
    await lab.committed(topic, {0: 1})
    assert await worker.stop() in (0, 9)
    assert worker.stopped_in_s < 6
    assert await lab.cluster.committed(lab.group, topic) == {0: 1}
    assert await lab.cluster.read(lab.dead_letters_topic) == []
    worker = lab.worker(app, topic, max_poll_records=1)
    await until(lambda: worker.said("dead letter not written, trying again"), lab.report)
    await configure(lab, lab.dead_letters_topic, {"cleanup.policy": "delete"})
    await lab.handled([places[0], places[2]])
    await lab.committed(topic, {0: 3})
    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    assert letter.value == b"poison"
    lab.nothing_twice()


async def make_dead_letters(lab: Lab, config: dict[str, str]) -> None:
    """The dead-letter topic, as somebody else made it."""
    async with lab.cluster.admin() as admin:
        await admin.create_topics([NewTopic(lab.dead_letters_topic, 1, 1, topic_configs=config)])


async def configure(lab: Lab, topic: str, config: dict[str, str]) -> None:
    """Change a topic's configuration."""
    async with lab.cluster.admin() as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
