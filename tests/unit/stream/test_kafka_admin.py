"""What a cluster is asked for where partitions are counted: no more than what is wanted to be known.

A cluster may have ten thousand partitions, of others; each spare worker and each detector asks all the time.
"""

from typing import Any

from stream_pool.stream.kafka_admin import partition_counts


class Client:
    """An admin client of a cluster of three topics, one of which is being deleted. `asked`: None is all."""

    def __init__(self) -> None:
        self.asked: list[list[str] | None] = []

    async def describe_topics(self, topics: list[str] | None = None) -> list[dict[str, Any]]:
        self.asked.append(topics)
        there = {"orders": (0, 3), "other": (0, 64), "dying": (3, 0)}
        return [
            {"topic": name, "error_code": code, "partitions": [{}] * count}
            for name, (code, count) in there.items()
            if topics is None or name in topics
        ]


async def test_1_no_topics_are_asked_of_no_topics() -> None:
    """It is how a broker is asked for nothing but an answer."""
    client = Client()
    assert await partition_counts(client, []) == {}
    assert client.asked == [[]]


async def test_2_those_that_are_there_are_counted() -> None:
    """Of those that were named."""
    assert await partition_counts(Client(), ["orders", "dying", "missing"]) == {"orders": 3}
