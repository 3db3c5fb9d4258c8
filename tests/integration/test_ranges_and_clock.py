"""DESIGN 2.3 and 2.5 on a real Kafka: ranges without gaps, every commit, a clock that orders cannot move."""

import time
from collections import defaultdict
from collections.abc import Sequence

import pytest
from support import Lab, Produced, until

from stream_pool.broker import Broker
from stream_pool.events import AnomalyOpened, LagSampled, LoggedEvent, OffsetsCommitted, SignalsSampled

Range = tuple[int, int]


async def test_2_3_ranges_are_contiguous_over_intervals_rebalances_and_restarts(
    kafka: Broker, lab: Lab
) -> None:
    """Two workers come and go in good order: every record is in exactly one range of one worker, and what
    was counted in all ranges together is what there was."""
    topic = await lab.topics.create(partitions=2)
    poison = [Produced(b"poison", partition=1) for _ in range(5)]
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(200)], partitions=2)
    one = await lab.worker("each_async", topic, options={"pause_s": 0.005}, max_poll_records=20).ready()
    two = await lab.worker("each_async", topic, options={"pause_s": 0.005}, max_poll_records=20).ready()
    places += await lab.cluster.produce(topic, [{"n": n} for n in range(200)], partitions=2)
    await lab.cluster.produce(topic, poison)
    await until(lambda: lab.ledger.by(two.name), lab.report)
    assert await one.stop() == 0
    await lab.handled(places)
    await lab.committed(topic, {0: 200, 1: 205})
    assert await two.stop() == 0
    lab.nothing_twice()
    events = await lab.events("signals.sampled")
    for partition, end in ((0, 200), (1, 205)):
        assert joined(ranges(events, partition)) == [(0, end)]
    parts = [part for event in sampled(events) for part in event.partitions]
    assert sum(part.records for part in parts) == 405
    assert [sum(part.errors for part in parts), sum(part.dead_letters for part in parts)] == [5, 5]
    assert sum(count for part in parts for _, count in part.latency.counts) == 405
    assert {part.partition for part in parts if part.errors} == {1}


async def test_2_3_after_a_kill_what_was_done_twice_and_never_reported_shows(kafka: Broker, lab: Lab) -> None:
    """The next worker's range begins at the commit: together they cover all, or the log shows the gap."""
    topic = await lab.topics.create()
    places = await lab.cluster.produce(topic, [{"n": n} for n in range(300)])
    one = lab.worker("each_async", topic, options={"pause_s": 0.005}, max_poll_records=20)
    await until(lambda: len(lab.ledger.by(one.name)) > 100, lab.report)
    one.kill()
    two = lab.worker("each_async", topic, max_poll_records=20)
    await lab.handled(places)
    await lab.committed(topic, {0: 300})
    assert await two.stop() == 0
    events = await lab.events("signals.sampled")
    second = [event for event in events if event.event.worker != events[0].event.worker]
    ((start, end),) = joined(ranges(second, 0))
    assert end == 300
    done_by_one = {entry.offset for entry in lab.ledger.by(one.name)}
    assert set(range(300)) - set(range(start, 300)) <= done_by_one, "who begins at the commit skips nothing"


async def test_2_5_each_interval_has_a_commit_moved_or_not(kafka: Broker, lab: Lab) -> None:
    """An idle worker's log shows the same commit again and again, each with its time."""
    topic = await lab.topics.create(partitions=2)
    await lab.cluster.produce(topic, [{"n": n} for n in range(4)], partitions=2)
    worker = lab.worker("each_async", topic)
    await lab.committed(topic, {0: 2, 1: 2})

    async def idle() -> list[OffsetsCommitted]:
        events = [logged.event for logged in await lab.events("offsets.committed")]
        same = [event for event in events if [part.offset for part in event.partitions] == [2, 2]]
        return same if len(same) >= 4 else []

    same = await until(idle, lab.report)
    times = [part.at_ms for event in same for part in event.partitions if part.partition == 0]
    assert times == sorted(set(times)), "each with a time of its own"
    assert await worker.stop() == 0


@pytest.mark.parametrize("years", [-50, 50])
async def test_2_5_timestamps_of_orders_move_nothing(kafka: Broker, lab: Lab, years: int) -> None:
    """Orders from the distant past or future: lag in seconds, statuses, anomalies and the log's clock are as
    they are without."""
    topic = await lab.topics.create(config={"message.timestamp.after.max.ms": str(2**62)})
    at_ms = int(time.time() * 1_000) + years * 365 * 86_400_000
    worker = await lab.worker(
        "each_async", topic, detector_enabled=True, detector_window_s=0.3, max_poll_records=20
    ).ready()
    for first in range(0, 100, 20):
        await lab.cluster.produce(
            topic, [Produced({"n": n}, timestamp_ms=at_ms + n * 1_000) for n in range(first, first + 20)]
        )
    await lab.committed(topic, {0: 100})

    async def polls() -> list[LagSampled]:
        return [logged.event for logged in await lab.events("lag.sampled")]

    async def enough() -> bool:
        return len([poll for poll in await polls() if poll.partitions[0].committed_offset == 100]) > 4

    await until(enough, lab.report)
    assert await worker.stop() == 0
    parts = [part for poll in await polls() for part in poll.partitions]
    assert {part.status for part in parts} == {"OK"}
    assert max(part.lag_seconds or 0.0 for part in parts) < 60.0
    events = await lab.events()
    assert not [each for each in events if isinstance(each.event, AnomalyOpened)]
    now_ms = time.time() * 1_000
    assert all(
        abs(now_ms - record.timestamp) < 300_000 for record in await lab.cluster.read(lab.events_topic)
    )


def sampled(events: Sequence[LoggedEvent]) -> list[SignalsSampled]:
    return [logged.event for logged in events if isinstance(logged.event, SignalsSampled)]


def ranges(events: Sequence[LoggedEvent], partition: int) -> list[Range]:
    """The ranges of one partition that are not empty, by position. No two may overlap."""
    found: defaultdict[int, list[Range]] = defaultdict(list)
    for event in sampled(events):
        for part in event.partitions:
            if part.from_offset != part.to_offset:
                found[part.partition].append((part.from_offset, part.to_offset))
    return sorted(found[partition])


def joined(found: Sequence[Range]) -> list[Range]:
    """Ranges that follow on each other as one; what is left are gaps and overlaps."""
    whole: list[Range] = []
    for start, stop in found:
        if whole and whole[-1][1] == start:
            whole[-1] = (whole[-1][0], stop)
        else:
            whole.append((start, stop))
    return whole
