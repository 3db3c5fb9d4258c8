"""The demo's topics: made before, asked for commits, and taken away where the broker outlives the demo."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code
from aiokafka.structs import TopicPartition

from stream_pool.cli.demo.plan import PARTITIONS, DemoPlan
from stream_pool.errors import StreamPoolError


class TopicRefusedError(StreamPoolError):
    """The broker would not make a topic."""

    reason = "topic_refused"


async def make_topics(plan: DemoPlan, bootstrap_servers: str, *, append_time: bool) -> None:
    """Make them; `append_time` has the broker stamp the events. Raises `TopicRefusedError`."""
    configs = {"message.timestamp.type": "LogAppendTime"} if append_time else {}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        answer = await admin.create_topics(
            [
                NewTopic(plan.topic, PARTITIONS, 1),
                NewTopic(plan.events_topic, 1, 1, topic_configs=configs),
                NewTopic(plan.snapshots_topic, 1, 1),
                NewTopic(plan.dead_letters_topic, 1, 1),
            ]
        )
    finally:
        await admin.close()
    for topic, code, *message in answer.topic_errors:
        if code:
            raise TopicRefusedError(f"{topic}: {for_code(code).__name__} {' '.join(filter(None, message))}")


async def committed_offsets(plan: DemoPlan, bootstrap_servers: str) -> dict[int, int]:
    """Where the group will go on, by partition; a partition without a commit is left out."""
    partitions = [TopicPartition(plan.topic, partition) for partition in range(PARTITIONS)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        commits = await admin.list_consumer_group_offsets(plan.group, partitions=partitions)
    finally:
        await admin.close()
    return {place.partition: commit.offset for place, commit in commits.items() if commit.offset >= 0}


async def remove_topics(plan: DemoPlan, bootstrap_servers: str) -> None:
    """Take them away."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics(
            [plan.topic, plan.events_topic, plan.snapshots_topic, plan.dead_letters_topic]
        )
    finally:
        await admin.close()
