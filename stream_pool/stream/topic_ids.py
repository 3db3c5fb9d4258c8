"""Which topic it is that has a name: its id, which a topic that is deleted and made anew does not keep.

aiokafka speaks Metadata up to version 5, which knows no ids; this is version 10, asked by name, in the same
frame. It creates no topic, whatever the broker would do. A broker before Kafka 2.8 tells no ids.
"""

import base64
import random
from collections.abc import Collection
from io import BytesIO
from typing import Any

from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from stream_pool.stream.topic_id import TopicId

_KEY = 3
_VERSION = 10
_BYTES = 16
_NO_ID = bytes(_BYTES)


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka is not typed
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(_BYTES)


_name = CompactString("utf-8")


class _TopicIdsResponse(Response):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = _KEY
    API_VERSION = _VERSION
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32), ("host", _name), ("port", Int32), ("rack", _name), ("tags", TaggedFields)
            ),
        ),
        ("cluster_id", _name),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _name),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _TopicIdsRequestV10(RequestStruct):  # type: ignore[misc]  # aiokafka is not typed
    FLEXIBLE_VERSION = True
    API_KEY = _KEY
    API_VERSION = _VERSION
    RESPONSE_TYPE = _TopicIdsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", _name), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(Request[_TopicIdsRequestV10]):  # type: ignore[misc]  # aiokafka is not typed
    API_KEY = _KEY

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_TopicIdsRequestV10]) -> _TopicIdsRequestV10:
        topics: list[tuple[bytes, str, dict[int, bytes]]] = [(_NO_ID, topic, {}) for topic in self._topics]
        return request_struct_class(topics, False, False, False, {})


async def topic_ids(client: Any, topics: Collection[str]) -> dict[str, TopicId | None]:
    """The id of each of these topics that there is now, or None where the broker tells none.

    `client` is an `AIOKafkaClient`. Its nodes are asked in turn until one answers. Raises
    `aiokafka.errors.KafkaError`, also where it is not known whether a topic is there.
    """
    try:
        answer = await _ask(client, _TopicIdsRequest(topics))
    except (IncompatibleBrokerVersion, NotImplementedError):  # before Kafka 2.8
        there = (await client.fetch_all_metadata()).topics()
        return {topic: None for topic in topics if topic in there}
    ids = {}
    for code, topic, id_, *_ in answer.topics:
        if code == NoError.errno:
            ids[topic] = _topic_id(id_, answer.cluster_id or "")
        elif code != UnknownTopicOrPartitionError.errno:
            raise for_code(code)(topic)
    return ids


async def _ask(client: Any, request: _TopicIdsRequest) -> Any:
    nodes = [broker.nodeId for broker in client.cluster.brokers()]
    failure: KafkaError = LeaderNotAvailableError("no broker is known")
    for node in random.sample(nodes, len(nodes)):
        try:
            return await client.send(node, request)
        except IncompatibleBrokerVersion:
            raise
        except KafkaError as error:
            failure = error
    raise failure


def _topic_id(id_: bytes, cluster: str) -> TopicId | None:
    return TopicId(base64.urlsafe_b64encode(id_).decode().rstrip("="), cluster) if id_ != _NO_ID else None
