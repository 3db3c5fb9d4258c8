"""Stopped, killed, and started again: what the next worker gets."""

from support import Lab, until


async def test_an_orderly_stop_under_load_repeats_nothing(lab: Lab) -> None:
    """SIGTERM in the midst of work: exit 0, and the next worker goes on behind the last handled record."""
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(400)], partitions=2)
    first = lab.worker("each_async", topic, options={"pause_s": 0.003})
    await until(lambda: len(lab.ledger.entries("handled")) > 60, lab.report)
    assert await first.stop() == 0
    assert len(lab.ledger.entries("handled")) < 400, "there was no load left to stop under"
    second = lab.worker("each_sync", topic)
    await lab.handled(places)
    await lab.committed(topic, {0: 200, 1: 200})
    assert await second.stop() == 0
    lab.nothing_twice()


async def test_a_kill_loses_nothing_and_repeats_only_what_was_not_committed(lab: Lab) -> None:
    """SIGKILL in the midst of work: the next worker begins at the commits."""
    topic = await lab.topics.create(partitions=2)
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(400)], partitions=2)
    first = lab.worker("each_async", topic, options={"pause_s": 0.003}, max_poll_records=50)

    async def well_at_work() -> bool:
        committed = await lab.cluster.committed(lab.group, topic)
        return sum(committed.values()) > 50 and len(lab.ledger.entries("handled")) > sum(committed.values())

    await until(well_at_work, lab.report)
    first.kill()
    committed = await lab.cluster.committed(lab.group, topic)
    lab.worker("each_sync", topic)
    await lab.handled(places)
    await lab.committed(topic, {0: 200, 1: 200})
    repeated = lab.ledger.account(places).repeated
    early = [place for place in repeated if place[2] < committed[place[1]]]
    assert not early, f"committed {committed}, and yet repeated: {early}\n{lab.report()}"
