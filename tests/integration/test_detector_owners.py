"""Whose the log is: a frozen owner, a dead one, one that was overtaken, and one that is alone (2.5, 2.7)."""

from collections import defaultdict

from support import Lab, until
from support.detection import detector, ticks, verified

from stream_pool.broker import Broker, JavaBroker
from stream_pool.detection.verdict import Verified
from stream_pool.events import AnomalyOpened, LagSampled


async def incarnations(lab: Lab) -> set[str]:
    """Every detector that has ticked so far."""
    return {logged.event.incarnation for logged in await lab.events("clock.ticked")}


async def check_repeats(lab: Lab) -> None:
    """What stands in the log twice under one id is the same to the byte."""
    messages = defaultdict(set)
    for record in await lab.cluster.read(lab.events_topic):
        headers = tuple(record.headers)
        messages[dict(headers)["ce_id"]].add((record.key, record.value, headers))
    assert not [id_ for id_, versions in messages.items() if len(versions) > 1]


async def test_1_a_frozen_owner_that_wakes_changes_nothing(kafka: Broker, lab: Lab) -> None:
    """SIGSTOP while lag is over its limit, another takes over, SIGCONT: repeats are byte-identical."""
    topic = await lab.topics.create()
    await lab.cluster.produce(topic, [{"do": "hold"}, *({"n": n} for n in range(200))])
    await lab.worker("each_async", topic).ready()
    owner = await detector(lab).ready()
    await until(lambda: lab.events("clock.ticked"), lab.report)
    owner.freeze()
    other = detector(lab)
    await until(lambda: _has(lab, 2), lab.report)
    await until(lambda: lab.events("anomaly.opened"), lab.report)
    lab.open_gate()
    await until(lambda: lab.events("anomaly.resolved"), lab.report)
    owner.thaw()
    await ticks(lab, 6)
    assert await owner.stop() == 0
    await ticks(lab, 3)
    assert await other.stop() == 0
    await check_repeats(lab)
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict


async def _has(lab: Lab, detectors: int) -> bool:
    return len(await incarnations(lab)) >= detectors


async def test_2_the_log_changes_hands_in_order(kafka: Broker, lab: Lab) -> None:
    """A second detector joins and the first leaves: whoever is next finds what was folded before."""
    first = await detector(lab).ready()
    await until(lambda: lab.events("clock.ticked"), lab.report)
    second = await detector(lab).ready()
    await ticks(lab, 5)
    assert await first.stop() == 0
    await ticks(lab, 3)
    assert await second.stop() == 0
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict
    assert verdict.snapshots >= 1


async def test_3_a_live_owner_that_retention_overtakes_folds_anew(kafka: Broker, lab: Lab) -> None:
    """What it had folded rests on events that nobody can read any more: it resumes, as a new owner does."""
    topic = await lab.topics.create()
    await lab.worker("each_async", topic).ready()
    owner = await detector(lab).ready()
    await until(lambda: lab.events("clock.ticked"), lab.report)
    owner.freeze()
    (end,) = (await lab.cluster.ends(lab.events_topic)).values()

    async def grown() -> int | None:
        (now,) = (await lab.cluster.ends(lab.events_topic)).values()
        return now if now > end + 5 else None

    await lab.cluster.delete_before(lab.events_topic, await until(grown, lab.report))
    owner.thaw()
    await until(lambda: len(owner.said("detector resumes")) > 1, lab.report)
    await ticks(lab, 4)
    assert await owner.stop() == 0
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict


async def test_4_alone_it_sees_a_group_whose_workers_are_all_dead(kafka: Broker, lab: Lab) -> None:
    """Nothing but the group's commits says which topics it reads: they are enough to see its lag."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"n": 1}])
    worker = await lab.worker("each_async", topic).ready()
    await lab.handled(places)
    await lab.committed(topic, {0: 1})
    worker.kill()
    async with lab.cluster.admin() as admin:
        await admin.delete_topics([lab.events_topic])  # no event names the topic, either
    await lab.cluster.produce(topic, [{"n": n} for n in range(200)])
    alone = await detector(lab).ready()

    async def found() -> list[AnomalyOpened]:
        opened = [logged.event for logged in await lab.events("anomaly.opened")]
        return [event for event in opened if event.rule == "lag"]

    (anomaly,) = await until(found, lab.report)
    assert (anomaly.subject, anomaly.value) == (topic, 200)
    sampled = [logged.event for logged in await lab.events("lag.sampled")]
    assert all(isinstance(each, LagSampled) and each.observer == "detector" for each in sampled)
    assert await alone.stop() == 0
    assert isinstance(await verified(lab), Verified)


async def test_5_a_frozen_broker_does_not_hold_its_stop(own_kafka: JavaBroker, own_lab: Lab) -> None:
    """The last snapshot is given up: the process ends in order, well within its deadline."""
    owner = await detector(own_lab, stop_timeout_s=15).ready()
    await until(lambda: own_lab.events("clock.ticked"), own_lab.report)
    await ticks(own_lab, 2)
    own_kafka.freeze()
    assert await owner.stop() == 0
    assert owner.said("snapshot not written")
