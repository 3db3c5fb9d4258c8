"""Keeps aiokafka's clients from creating topics.

Whoever asks a broker for a topic by name creates it where the broker allows that, as Kafka does by default:
a topic that was deleted under a worker would be back, empty and with the broker's own configuration, before
anybody was told. aiokafka has no setting for it. (Read and measured with aiokafka 0.14.)
"""

from collections.abc import Collection
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.metadata import MetadataRequest

_OnlyLook = partial(MetadataRequest, allow_auto_topic_creation=False)


def create_no_topics(client: Any) -> None:
    """Let this `AIOKafkaClient` look for its topics, and no more.

    It has the function of its class with another request in it. Other clients of the process, those that
    handlers make, stay as they are.
    """
    update = AIOKafkaClient._metadata_update
    look = FunctionType(update.__code__, {**update.__globals__, "MetadataRequest": _OnlyLook})
    client._metadata_update = MethodType(look, client)


def send_to_what_is_there(producer: Any) -> None:
    """The same for the clients of Faust's producer (`topic.send`), which it makes when it starts."""
    make = producer._new_producer

    def made(*arguments: Any, **options: Any) -> Any:
        client = make(*arguments, **options)
        create_no_topics(client.client)
        return client

    producer._new_producer = made


async def describe_topics(admin: AIOKafkaAdminClient, topics: Collection[str]) -> list[dict[str, Any]]:
    """What the broker tells of these topics, each with its `error_code`.

    Raises `aiokafka.errors.KafkaError`.
    """
    response = await admin._send_request(_OnlyLook(sorted(topics)))
    described: list[dict[str, Any]] = response.to_object()["topics"]
    return described
