"""Which partitions a group reads, as the broker knows it: a detector alone has no other way to know (2.5)."""

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from fakes import FakeClock
from structlog.testing import capture_logs

from stream_pool.stream.lag_poller import LagPoller


class Observer:
    """Three topics of two partitions; the group has committed on two of them, one of which is gone."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def committed(
        self, group: str, partitions: Sequence[TopicPartition] | None = None
    ) -> Mapping[TopicPartition, int]:
        if self.fault is not None:
            raise self.fault
        return {TopicPartition("orders", 1): 5, TopicPartition("gone", 0): 7}

    async def partitions_of(self, topics: Sequence[str]) -> list[TopicPartition]:
        there = [topic for topic in topics if topic in ("orders", "refunds", "strangers")]
        return [TopicPartition(topic, number) for topic in there for number in (0, 1)]

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, 3)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(partitions, 9)


def poller(observer: Observer) -> LagPoller:
    return LagPoller("g", observer, interval_s=10, clock=FakeClock())


async def test_1_the_topics_named_and_those_committed_on() -> None:
    """Every partition of either, also those without a commit; a topic that is gone has none."""
    found = await poller(Observer()).partitions_of_group(["refunds"])
    assert found == [TopicPartition(topic, number) for topic in ("orders", "refunds") for number in (0, 1)]
    assert await poller(Observer()).partitions_of_group([]) == found[:2]


async def test_2_without_an_answer_there_are_none() -> None:
    """The detector's tick goes on without lag, with one line in the log."""
    observer = Observer()
    observer.fault = TimeoutError()
    asked = poller(observer)
    with capture_logs() as lines:
        for _ in range(3):
            assert await asked.partitions_of_group(["refunds"]) == []
    assert [line["event"] for line in lines] == ["partitions not known"]
    assert asked.failures == 3


async def test_3_a_broker_that_cannot_tell_all_commits() -> None:
    """The topics that are named are known all the same, with one line in the log."""
    observer = Observer()
    observer.fault = KafkaConnectionError()
    asked = poller(observer)
    with capture_logs() as lines:
        for _ in range(3):
            found = await asked.partitions_of_group(["refunds"])
            assert found == [TopicPartition("refunds", number) for number in (0, 1)]
    assert [line["event"] for line in lines] == ["topics that the group has commits on not known"]
    assert asked.failures == 0


async def test_3_either_end_of_a_partition() -> None:
    """The first offset kept, and the one behind the last."""
    asked, partition = poller(Observer()), TopicPartition("g.events", 0)
    assert (await asked.beginning_of(partition), await asked.end_of(partition)) == (3, 9)
