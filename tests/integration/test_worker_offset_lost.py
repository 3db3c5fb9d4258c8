"""A committed offset that retention has overtaken."""

import pytest
from support import Lab

from stream_pool.broker import Broker


async def committed_then_overtaken(lab: Lab, topic: str) -> list[tuple[str, int, int]]:
    """Ten records done, ten more written, and the first fifteen deleted; the places of what is left."""
    await lab.cluster.produce(topic, [{"n": n} for n in range(10)])
    worker = lab.worker("each_async", topic)
    await lab.committed(topic, {0: 10})
    assert await worker.stop() == 0
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(10)])
    await lab.cluster.delete_before(topic, 15)
    return places[5:]


async def test_it_stops_the_worker(kafka: Broker, lab: Lab) -> None:
    """Exit 7 with both offsets; nothing is handled and nothing committed, so that somebody decides."""
    topic = await lab.topics.create()
    left = await committed_then_overtaken(lab, topic)
    worker = lab.worker("each_async", topic)
    assert await worker.exited() == 7
    (line,) = worker.said("worker stops", reason="offset_lost")
    assert "at offset 10, but the broker keeps records from 15 on: 5 were deleted unread" in line["error"]
    assert lab.ledger.account(left).missing == tuple(left)
    assert await lab.cluster.committed(lab.group, topic) == {0: 10}


@pytest.mark.parametrize(("told", "handled"), [("earliest", 5), ("latest", 0)])
async def test_it_goes_on_where_it_is_told_to(kafka: Broker, lab: Lab, told: str, handled: int) -> None:
    """on_offset_lost names where to go on; what was lost is in the log."""
    topic = await lab.topics.create()
    left = await committed_then_overtaken(lab, topic)
    worker = await lab.worker("each_async", topic, on_offset_lost=told).ready()
    later = await lab.cluster.produce(topic, [{"n": "later"}])
    await lab.handled(later)
    await lab.committed(topic, {0: 21})
    assert len(left) - len(lab.ledger.account(left).missing) == handled
    assert worker.said("offset lost", now=15 if handled else 20)
    assert await worker.stop() == 0
