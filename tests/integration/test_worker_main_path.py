"""The main path on any broker: topic, handler, commit, side topic, dead letters."""

from support import Lab, Produced, until

from stream_pool.events import EVENT_TYPES

HEADERS = (("traceparent", b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"), ("raw", b"\xff\x00"))


async def test_orders_go_from_topic_to_handler_commit_and_side_topic(lab: Lab) -> None:
    """Each record is handled once, commits reach the end, the log has every kind, poison is kept whole."""
    topic = await lab.topics.create(partitions=4)
    good = await lab.cluster.produce(topic, [{"n": n, "deep": {"er": [n]}} for n in range(200)], partitions=4)
    poison = Produced(b'{"n": 1, "n": 2}', b"key", HEADERS, 2, 1_700_000_000_000)
    (place,) = await lab.cluster.produce(topic, [poison])
    worker = await lab.worker("each_async", topic, detector_enabled=True, detector_window_s=0.3).ready()
    await lab.handled(good)
    await lab.committed(topic, {0: 50, 1: 50, 2: 51, 3: 50})
    await until(lambda: worker.metric("stream_pool_records_consumed_total", topic=topic), "nothing counted")
    expected = {"lag.sampled", "signals.sampled", "offsets.committed", "pool.sampled", "memory.sampled"}
    expected |= {"gc.paused", "clock.ticked", "detector.configured", "worker.started"}

    async def all_kinds() -> bool:
        events = [logged.event for logged in await lab.events()]
        assert all(type(event) in EVENT_TYPES.values() for event in events)
        return expected <= {event.TYPE.removeprefix("stream-pool.").removesuffix(".v1") for event in events}

    await until(all_kinds, "not every kind of observation is in the log")
    assert await worker.stop() == 0
    lab.nothing_lost(good)
    lab.nothing_twice()

    (letter,) = await lab.cluster.read(lab.dead_letters_topic)
    assert (letter.key, letter.value, letter.headers[:2]) == (b"key", poison.value, HEADERS)
    added = dict(letter.headers[2:])
    assert added["stream-pool.reason"] == b"duplicate_key"
    assert added["stream-pool.error-offset"] == b"9"
    assert added["stream-pool.group"] == lab.group.encode()
    where = [added[f"stream-pool.{name}"].decode() for name in ("topic", "partition", "offset", "timestamp")]
    assert where == [topic, "2", str(place[2]), "1700000000000"]
    assert added["stream-pool.exception"].endswith(b"DecodeError")
    assert b"Traceback" in added["stream-pool.stack"]
