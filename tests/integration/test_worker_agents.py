"""Several agents, several topics, several groups in one app."""

from support import Lab


async def test_a_record_is_done_when_every_agent_of_its_topic_is(lab: Lab) -> None:
    """Two agents of one group: commits wait for the slower; a third, in its own group, goes ahead."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{}, {}, {"do": "hold"}, {}])
    worker = await lab.worker("three_agents", topic, max_poll_records=1).ready()
    await lab.handled(places, "first")
    await lab.handled(places, "audit")
    await lab.handled(places[:2])
    await lab.committed(topic, {0: 2})
    assert await lab.cluster.committed(f"{lab.group}.audit", topic) == {0: 4}
    assert await worker.stop() == 0
    assert await lab.cluster.committed(lab.group, topic) == {0: 2}
    lab.open_gate()
    worker = lab.worker("three_agents", topic)
    await lab.committed(topic, {0: 4})
    lab.nothing_lost(places)
    lab.nothing_twice()
    assert set(lab.ledger.places("audit").values()) == {1}
    assert lab.ledger.places("first") == {place: 1 + (place[2] >= 2) for place in places}


async def test_one_agent_reads_several_topics(lab: Lab) -> None:
    """Each topic has its own partitions, commits and counters."""
    orders, returns = await lab.topics.create("orders", partitions=2), await lab.topics.create("returns")
    places = await lab.cluster.produce(orders, [{"n": n} for n in range(20)], partitions=2)
    places += await lab.cluster.produce(returns, [{"n": n} for n in range(5)])
    worker = lab.worker("each_sync", orders, returns)
    await lab.handled(places)
    await lab.committed(orders, {0: 10, 1: 10})
    await lab.committed(returns, {0: 5})
    for topic, count in ((orders, 20), (returns, 5)):
        await worker.shows(count, "stream_pool_records_consumed_total", topic=topic)
    lab.nothing_twice()


async def test_one_handler_may_be_declared_for_several_topics(lab: Lab) -> None:
    """Two declarations of the same function are two agents, and both work."""
    orders, returns = await lab.topics.create("orders"), await lab.topics.create("returns")
    places = await lab.cluster.produce(orders, [{}]) + await lab.cluster.produce(returns, [{}])
    lab.worker("agent_a_topic", orders, returns)
    await lab.handled(places, timeout_s=15)
    await lab.committed(orders, {0: 1})
    await lab.committed(returns, {0: 1})


async def test_a_full_buffer_pauses_its_topic_and_no_other(lab: Lab) -> None:
    """In flight never above the buffer and one fetch; the other topic goes on; room again, and it resumes."""
    slow, quick = await lab.topics.create("slow"), await lab.topics.create("quick")
    waiting = await lab.cluster.produce(slow, [{"do": "hold"}, *({"n": n} for n in range(999))])
    worker = await lab.worker("agent_a_topic", slow, quick, buffer_records=50, max_poll_records=20).ready()
    await lab.handled(waiting[:1], "began")
    passing = await lab.cluster.produce(quick, [{"n": n} for n in range(300)])
    await lab.handled(passing)
    await lab.committed(quick, {0: 300})
    label = {"topic": slow, "partition": "0"}
    await worker.shows(1, "stream_pool_partition_paused", **label)
    assert 50 <= await worker.metric("stream_pool_in_flight_records", **label) < 50 + 20
    assert await worker.metric("stream_pool_partition_paused", topic=quick, partition="0") == 0
    lab.open_gate()
    await lab.handled(waiting)
    await lab.committed(slow, {0: 1000})
    await worker.shows(0, "stream_pool_partition_paused", **label)
    await worker.shows(0, "stream_pool_in_flight_records", **label)
    lab.nothing_twice()
