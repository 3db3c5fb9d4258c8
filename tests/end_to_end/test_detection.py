"""From a stalled handler to an anomaly in the log, and back, with the windows scaled down."""

import time
from collections import Counter
from typing import Any

from aiokafka.admin import NewTopic
from support import Lab, Produced, until

from stream_pool.broker import Broker
from stream_pool.detection import FOLD_VERSION, State, fold
from stream_pool.events import (
    AnomalyOpened,
    AnomalyResolved,
    ClockTicked,
    DetectorConfigured,
    LagSampled,
    LoggedEvent,
    PartitionLag,
    encode,
    event_id,
)
from stream_pool.lag import Status
from stream_pool.settings import Settings

WINDOW_S = 0.3
SCALED = {
    "detector_enabled": True,
    "detector_window_s": WINDOW_S,
    "detector_lag_threshold_records": 50,
    "detector_open_after": 2,
    "detector_resolve_after": 2,
    "detector_error_min_records": 1_000_000,
}
"""Only lag is to be found here, and soon."""


async def test_lag_opens_an_anomaly_that_resolves_when_it_is_gone(kafka: Broker, lab: Lab) -> None:
    """A handler holds on over 200 orders: opened once with its evidence; let go: resolved; metrics agree."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"do": "hold"}, *({"n": n} for n in range(200))])
    worker = await lab.worker("each_async", topic, **SCALED).ready()
    opened = await anomaly(lab, AnomalyOpened, topic)
    assert opened.event.value == 201
    assert opened.event.expected_high == 50
    assert opened.event.severity == "P2"
    assert opened.event.diagnosis == "unknown"
    assert opened.id == event_id(opened.event)
    assert opened.event.cause_event_id in await ids(lab)
    await worker.shows(1, "stream_pool_anomalies_open", rule="lag", severity="P2")
    lab.open_gate()
    await lab.handled(places)
    resolved = await anomaly(lab, AnomalyResolved, topic)
    assert resolved.event.anomaly_id == opened.event.anomaly_id
    assert resolved.event.opened_at_ms == opened.event.opened_at_ms < resolved.event.resolved_at_ms
    assert await worker.stop() == 0
    await check_that_all_follows_from_the_log(lab)


async def test_another_worker_takes_over_from_a_killed_owner(kafka: Broker, lab: Lab) -> None:
    """kill -9 of the owner while an anomaly is open: the next one resolves it, and repeats nothing."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"do": "hold"}, *({"n": n} for n in range(200))])
    owner = await lab.worker("detector_alone", **SCALED).ready()
    await until(lambda: lab.events("detector.configured"), lab.report)
    orders = await lab.worker("each_async", topic, interval_s=0.3).ready()
    opened = await anomaly(lab, AnomalyOpened, topic)
    standby = lab.worker("detector_alone", **SCALED)
    await standby.says("worker started")
    owner.kill()
    lab.open_gate()
    await lab.handled(places)
    resolved = await anomaly(lab, AnomalyResolved, topic)
    assert resolved.event.anomaly_id == opened.event.anomaly_id
    epochs = [logged.event.rules for logged in await lab.events("detector.configured")]
    assert all(rules == epochs[0] for rules in epochs), "the rules are the same in every epoch"
    assert await standby.stop() == 0
    assert await orders.stop() == 0
    await check_that_all_follows_from_the_log(lab)


async def test_what_a_dead_owner_concluded_and_did_not_append_is_appended_once(
    kafka: Broker, lab: Lab
) -> None:
    """A log that ends with the tick that opens an anomaly: its next owner appends it, once, to the byte."""
    rules = Settings(**SCALED).rules
    began_ms = int(time.time() * 1_000) - 60_000
    events: list[Any] = [DetectorConfigured("ghost", "g", 1, FOLD_VERSION, rules.to_mapping())]
    late = PartitionLag("orders", 0, 1_000, 0, 1_000, 1.0, Status.OK)
    for number in range(1, 5):
        events.append(LagSampled("ghost", "g", 2 * number, lab.group, "detector", (late,)))
        events.append(ClockTicked("ghost", "g", 2 * number + 1, WINDOW_S))
    times_ms = [began_ms + int(number * WINDOW_S * 500) for number in range(len(events))]
    async with lab.cluster.admin() as admin:
        await admin.create_topics([NewTopic(lab.events_topic, 1, 1)])
    encoded = [
        encode(event, id=event_id(event), source="/stream-pool/ghost", time_ms=time_ms)
        for event, time_ms in zip(events, times_ms, strict=True)
    ]
    await lab.cluster.produce(
        lab.events_topic,
        [
            Produced(each.value, each.key, each.headers, 0, time_ms)
            for each, time_ms in zip(encoded, times_ms, strict=True)
        ],
    )
    state, due = State(), []
    for logged in await lab.events():
        state, conclusions = fold(state, logged)
        due += conclusions
    (expected,) = due
    owner = lab.worker("detector_alone", **SCALED)
    appended = await anomaly(lab, AnomalyOpened, "orders")
    assert (appended.id, appended.event) == (expected.id, expected.event)
    ticks = len(await lab.events("clock.ticked"))

    async def some_windows_later() -> bool:
        return len(await lab.events("clock.ticked")) > ticks + 5

    await until(some_windows_later, lab.report)
    assert await owner.stop() == 0
    assert Counter(await ids(lab))[expected.id] == 1


async def anomaly(lab: Lab, kind: type, subject: str) -> LoggedEvent:
    """The one event of this kind by the lag rule, once it is in the log."""

    async def found() -> list[LoggedEvent]:
        events = [each for each in await lab.events("anomaly") if isinstance(each.event, kind)]
        return [each for each in events if each.event.rule == "lag" and subject in each.event.subject]

    (only,) = await until(found, lab.report)
    return only


async def ids(lab: Lab) -> list[str]:
    """The id of every event of the log, in order."""
    return [logged.id for logged in await lab.events()]


async def check_that_all_follows_from_the_log(lab: Lab) -> None:
    """A fold from zero concludes the anomalies that the log has, each once, and of the lag rule no other."""
    state, due = State(), []
    logged = await lab.events()
    for each in logged:
        state, conclusions = fold(state, each)
        due += [(conclusion.id, conclusion.event) for conclusion in conclusions]
    there = [
        (each.id, each.event) for each in logged if isinstance(each.event, AnomalyOpened | AnomalyResolved)
    ]
    assert len(dict(there)) == len(there), f"twice: {there}"
    assert set(dict(there)) <= set(dict(due))
    assert all(dict(due)[id_] == event for id_, event in there)
    missing = [event for id_, event in due if id_ not in dict(there)]
    assert not [event for event in missing if event.rule == "lag"], missing
