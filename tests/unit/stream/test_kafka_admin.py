"""What a cluster is asked for where partitions are counted: no more than what is wanted to be known.

A cluster may have ten thousand partitions, of others; each spare worker and each detector asks all the time.
"""

from dataclasses import dataclass
from typing import Any

from aiokafka.protocol.metadata import MetadataRequest, MetadataRequest_v5

from stream_pool.stream.kafka_admin import partition_counts


@dataclass
class Answer:
    """A response, as far as it is read."""

    topics: list[dict[str, Any]]

    def to_object(self) -> dict[str, Any]:
        return {"topics": self.topics}


class Client:
    """An admin client of a cluster of three topics, one of which is being deleted."""

    def __init__(self) -> None:
        self.asked: list[MetadataRequest_v5] = []

    async def _send_request(self, request: MetadataRequest) -> Answer:
        asked = request.build(MetadataRequest_v5)
        self.asked.append(asked)
        there = {"orders": (0, 3), "other": (0, 64), "dying": (3, 0)}
        return Answer(
            [
                {"topic": name, "error_code": code, "partitions": [{}] * count}
                for name, (code, count) in there.items()
                if name in asked.topics
            ]
        )


async def test_1_no_topics_are_asked_of_no_topics() -> None:
    """It is how a broker is asked for nothing but an answer."""
    client = Client()
    assert await partition_counts(client, []) == {}
    assert [asked.topics for asked in client.asked] == [[]]


async def test_2_those_that_are_there_are_counted() -> None:
    """Of those that were named, which asking does not create."""
    client = Client()
    assert await partition_counts(client, ["orders", "dying", "missing"]) == {"orders": 3}
    assert [asked.allow_auto_topic_creation for asked in client.asked] == [False]
