"""Where a new owner of the log begins, on a real broker (2.7): the snapshot that it finds decides."""

import pytest
from support import Lab, Produced, until
from support.detection import detector, ticks, verified

from stream_pool.broker import Broker
from stream_pool.detection import FOLD_VERSION
from stream_pool.detection.snapshot_records import snapshot_records
from stream_pool.detection.verdict import Verified


async def a_first_life(lab: Lab) -> int:
    """A detector lived and stopped in order; the offset at which its last snapshot stands."""
    first = await detector(lab).ready()
    await until(lambda: lab.events("clock.ticked"), lab.report)
    await ticks(lab, 4)
    assert await first.stop() == 0
    offset: int = first.said("snapshot written")[-1]["offset"]
    return offset


async def test_01_an_orderly_stop_leaves_one_and_the_next_goes_on_from_it(kafka: Broker, lab: Lab) -> None:
    """Found, told in the metrics, and the log goes on as if nothing had happened."""
    offset = await a_first_life(lab)
    second = await detector(lab).ready()
    resumed = await second.says("detector resumes")
    assert (resumed["from_snapshot"], resumed["offset"]) == (True, offset)
    await ticks(lab, 3)
    await second.shows(offset, "stream_pool_detector_snapshot_offset")
    assert await second.metric("stream_pool_detector_snapshot_age_seconds") is not None
    assert await second.metric("stream_pool_log_owner") == 1
    assert await second.stop() == 0
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict
    assert verdict.snapshots == 2


async def test_02_one_is_written_every_interval(kafka: Broker, lab: Lab) -> None:
    """While the detector lives: kill -9 leaves the last of them, and it is found."""
    first = await detector(lab, detector_snapshot_interval_s=0.5).ready()
    await until(lambda: len(first.said("snapshot written")) >= 3, lab.report)
    first.kill()
    second = detector(lab)
    resumed = await second.says("detector resumes")
    assert resumed["from_snapshot"]
    assert resumed["offset"] >= first.said("snapshot written")[-1]["offset"]
    await ticks(lab, 3)
    assert await second.stop() == 0
    assert isinstance(await verified(lab), Verified)


async def test_03_unusable_ones_are_told_and_passed_over(kafka: Broker, lab: Lab) -> None:
    """Written by hand behind the good one: it is taken all the same."""
    offset = await a_first_life(lab)
    (good,) = await lab.cluster.read(lab.snapshots_topic)
    headers = dict(good.headers)

    def with_header(name: str, value: bytes) -> Produced:
        changed = {**headers, f"stream-pool.{name}": value}
        return Produced(good.value, good.key, tuple(changed.items()))

    ahead = snapshot_records(1_000_000, b"{}")[0]
    nothing = snapshot_records(offset, b"{}")[0]
    await lab.cluster.produce(
        lab.snapshots_topic,
        [
            Produced(b"garbage"),
            Produced(good.value[:-9], good.key, tuple(good.headers)),
            with_header("parts", b"2"),
            with_header("snapshot", b"99"),
            with_header("fold-version", b"%d" % (FOLD_VERSION + 1)),
            Produced(ahead.value, ahead.key, ahead.headers),
            Produced(nothing.value, nothing.key, nothing.headers),
        ],
    )
    second = detector(lab)
    resumed = await second.says("detector resumes")
    assert (resumed["from_snapshot"], resumed["offset"]) == (True, offset)
    assert [line["reason"] for line in second.said("snapshot skipped")] == [
        "snapshot_malformed",
        "ahead_of_log",
        "other_fold_version",
        "foreign",
        "unfinished",
        "damaged",
        "foreign",
    ]
    await ticks(lab, 3)
    assert await second.stop() == 0
    verdict = await verified(lab, snapshots=False)
    assert isinstance(verdict, Verified), verdict


async def test_04_without_a_usable_one_the_whole_log_is_folded(kafka: Broker, lab: Lab) -> None:
    """The only snapshot is garbage."""
    first = await detector(lab).ready()
    await until(lambda: lab.events("clock.ticked"), lab.report)
    first.kill()
    await lab.cluster.produce(lab.snapshots_topic, [Produced(b"garbage", b"17")])
    second = detector(lab)
    resumed = await second.says("detector resumes")
    assert (resumed["from_snapshot"], resumed["offset"]) == (False, 0)
    await ticks(lab, 3)
    assert await second.stop() == 0
    assert isinstance(await verified(lab), Verified)


@pytest.mark.parametrize("below", [True, False], ids=["05 below the snapshot", "06 above it"])
async def test_a_log_that_retention_has_cut(kafka: Broker, lab: Lab, below: bool) -> None:
    """Below: the snapshot is taken, though what it rests on is gone. Above: it is of no use any more."""
    offset = await a_first_life(lab)
    (end,) = (await lab.cluster.ends(lab.events_topic)).values()
    assert 2 < offset <= end
    if not below:  # somebody else writes to the log, and retention takes all that the snapshot was of
        (event,) = (await lab.cluster.read(lab.events_topic))[-1:]
        await lab.cluster.produce(
            lab.events_topic, [Produced(event.value, event.key, tuple(event.headers))] * 5
        )
        (end,) = (await lab.cluster.ends(lab.events_topic)).values()
    cut = offset - 2 if below else end - 1
    await lab.cluster.delete_before(lab.events_topic, cut)
    second = detector(lab)
    resumed = await second.says("detector resumes")
    assert (resumed["from_snapshot"], resumed["offset"]) == ((True, offset) if below else (False, cut))
    assert [line["reason"] for line in second.said("snapshot skipped")] == ([] if below else ["behind_log"])
    await ticks(lab, 4)
    assert await second.stop() == 0
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict


async def test_07_a_log_made_anew(kafka: Broker, lab: Lab) -> None:
    """The events topic was deleted: the old snapshot is ahead of the new log, and a fresh one is written."""
    await a_first_life(lab)
    async with lab.cluster.admin() as admin:
        await admin.delete_topics([lab.events_topic])

        async def gone() -> bool:
            return lab.events_topic not in await admin.list_topics()

        await until(gone, "the topic was not deleted")
    second = detector(lab)
    resumed = await second.says("detector resumes")
    assert (resumed["from_snapshot"], resumed["offset"]) == (False, 0)
    assert second.said("snapshot skipped", reason="ahead_of_log")
    await until(lambda: lab.events("clock.ticked"), lab.report)
    await ticks(lab, 3)
    assert await second.stop() == 0
    verdict = await verified(lab)
    assert isinstance(verdict, Verified), verdict
