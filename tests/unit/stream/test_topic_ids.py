"""Asking for the ids of topics: whom, and what is made of the answer. The wire is tested against brokers."""

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
    UnknownError,
)

from stream_pool.stream.topic_id import TopicId
from stream_pool.stream.topic_ids import topic_ids

ID = bytes(range(16))
TOLD = "AAECAwQFBgcICQoLDA0ODw"
Answer = Callable[[], Any]


def answered(*topics: tuple[int, str, bytes], cluster: str | None = "east") -> Answer:
    """What a node says: of each topic its error, its name and its id."""
    return lambda: SimpleNamespace(cluster_id=cluster, topics=topics)


def failing(error: Exception) -> Answer:
    def fail() -> Any:
        raise error

    return fail


class Client:
    """A client of a cluster with these nodes, which notes whom it asked."""

    def __init__(self, nodes: dict[int, Answer], there: Iterable[str] = ()) -> None:
        self.asked: list[int] = []
        self._nodes = nodes
        self._there = set(there)
        brokers = [SimpleNamespace(nodeId=node) for node in nodes]
        self.cluster = SimpleNamespace(brokers=lambda: brokers)

    async def send(self, node: int, _request: Any) -> Any:
        self.asked.append(node)
        return self._nodes[node]()

    async def fetch_all_metadata(self) -> Any:
        return SimpleNamespace(topics=lambda: self._there)


async def test_01_the_topics_that_there_are() -> None:
    """Each with its id as Kafka's tools write it; an id of zeroes is none."""
    client = Client({1: answered((0, "a", ID), (0, "b", bytes(16)), (3, "c", bytes(16)))})
    assert await topic_ids(client, ["a", "b", "c"]) == {
        "a": TopicId(TOLD, "east"),
        "b": None,
    }


async def test_02_a_cluster_without_a_name() -> None:
    """The protocol lets it be null."""
    client = Client({1: answered((0, "a", ID), cluster=None)})
    assert await topic_ids(client, ["a"]) == {"a": TopicId(TOLD, "")}


@pytest.mark.parametrize(
    ("code", "error"),
    [(29, TopicAuthorizationFailedError), (5, LeaderNotAvailableError), (-1, UnknownError)],
)
async def test_03_only_what_is_not_there_is_missing(code: int, error: type[KafkaError]) -> None:
    """A topic that may not be seen, and one that a broker cannot tell of now, are not gone."""
    client = Client({1: answered((0, "a", ID), (code, "b", bytes(16)))})
    with pytest.raises(error):
        await topic_ids(client, ["a", "b"])


async def test_04_each_node_is_asked_until_one_answers() -> None:
    """One that is down refuses at once; its neighbours know as much."""
    away = failing(NodeNotReadyError())
    client = Client({1: away, 2: away, 3: answered((0, "a", bytes(16))), 4: away})
    assert await topic_ids(client, ["a"]) == {"a": None}
    assert client.asked[-1] == 3
    assert len(set(client.asked)) == len(client.asked)


async def test_05_where_none_answers_it_fails_as_the_last() -> None:
    """Each was asked once."""
    client = Client(dict.fromkeys((1, 2, 3), failing(KafkaConnectionError("refused"))))
    with pytest.raises(KafkaConnectionError, match="refused"):
        await topic_ids(client, ["a"])
    assert sorted(client.asked) == [1, 2, 3]


async def test_06_no_node_is_known() -> None:
    """There is nobody to ask."""
    with pytest.raises(LeaderNotAvailableError, match="no broker is known"):
        await topic_ids(Client({}), ["a"])


async def test_07_a_broker_that_tells_no_ids() -> None:
    """Its topics are known by name; no other node is asked."""
    old = failing(IncompatibleBrokerVersion())
    client = Client({1: old, 2: old}, there=["a", "other"])
    assert await topic_ids(client, ["a", "gone"]) == {"a": None}
    assert len(client.asked) == 1
