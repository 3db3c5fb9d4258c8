"""The first word with the broker: is one there, and are the topics as they must be?

Asked before anything else starts, so that a wrong address or a missing topic is one clear sentence and an
exit code, not a client's retries in a log.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from stream_pool.clock import Clock
from stream_pool.stream.errors import BrokerUnavailable, TopicMissing

log = structlog.get_logger(__name__)

_RETRY_S = 0.5
_DAY_MS = 86_400_000
_REPLICAS_AT_MOST = 3

EVENTS_CONFIG = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(7 * _DAY_MS)}
DEAD_LETTERS_CONFIG = {"retention.ms": str(30 * _DAY_MS)}


@asynccontextmanager
async def connected_admin(
    connection: Mapping[str, Any], *, timeout_s: float, clock: Clock
) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client on the first broker that answers within `timeout_s`. Raises `BrokerUnavailable`."""
    servers = connection["bootstrap_servers"]
    began_s = clock.monotonic()
    attempts = 0
    while True:
        attempts += 1
        left_s = timeout_s - (clock.monotonic() - began_s)
        admin = AIOKafkaAdminClient(**connection, client_id="stream-pool-preflight", request_timeout_ms=5_000)
        try:
            await asyncio.wait_for(admin.start(), max(left_s, 0.1))
        except (TimeoutError, OSError, KafkaError) as error:
            await _close(admin)
            tried_s = clock.monotonic() - began_s
            if tried_s >= timeout_s:
                raise BrokerUnavailable(
                    f"no Kafka broker answered at {', '.join(servers)}: tried {attempts} times in "
                    f"{tried_s:.1f} s, the last time: {error!r}. "
                    "Is it running, and does the address fit its advertised listener?"
                ) from None
            log.warning("no broker yet", servers=servers, attempt=attempts, error=repr(error))
            await asyncio.sleep(min(_RETRY_S, timeout_s - tried_s))
        else:
            break
    try:
        yield admin
    except (TimeoutError, OSError, KafkaError) as error:
        raise BrokerUnavailable(
            f"the broker at {', '.join(servers)} answered, and then failed: {error!r}"
        ) from error
    finally:
        await _close(admin)


async def _close(admin: AIOKafkaAdminClient) -> None:
    try:
        await asyncio.wait_for(admin.close(), 1.0)
    except (TimeoutError, KafkaError, OSError) as error:
        log.debug("admin client not closed", error=repr(error))


async def partition_counts(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> dict[str, int]:
    """The number of partitions of each topic that exists.

    Asks for all: a broker that creates topics by itself, as Kafka does by default, creates those asked for
    by name.
    """
    wanted = set(topics)
    found = [topic for topic in await admin.describe_topics() if topic["topic"] in wanted]
    return {topic["topic"]: len(topic["partitions"]) for topic in found if topic["error_code"] == 0}


async def require_topics(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> None:
    """Raise `TopicMissing` unless every topic exists."""
    wanted = list(topics)
    there = await partition_counts(admin, wanted)
    missing = [topic for topic in wanted if topic not in there]
    if missing:
        raise TopicMissing(
            f"not found on the broker: {', '.join(map(repr, missing))}. "
            "stream-pool never creates a topic that it reads: create it, or correct its name."
        )


async def ensure_side_topic(admin: AIOKafkaAdminClient, topic: str, config: Mapping[str, str]) -> None:
    """Create one of our own topics, with one partition, unless it exists.

    Raises `TopicMissing` where that fails.
    """
    if topic in await partition_counts(admin, [topic]):
        return
    brokers = len((await admin.describe_cluster())["brokers"])
    new = NewTopic(topic, 1, min(brokers, _REPLICAS_AT_MOST), topic_configs=dict(config))
    try:
        response = await admin.create_topics([new])
        code = response.topic_errors[0][1]
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)
    except TopicAlreadyExistsError:
        return
    except KafkaError as error:
        raise TopicMissing(f"topic {topic!r} does not exist and could not be created: {error!r}") from error
    log.info("topic created", topic=topic)


async def wait_for_topic(admin: AIOKafkaAdminClient, topic: str, *, partitions: int) -> None:
    """Wait until a new topic is known to the broker; refuse one of another shape.

    Raises `TopicMissing`.
    """
    for _ in range(50):
        count = (await partition_counts(admin, [topic])).get(topic)
        if count is not None:
            if partitions and count != partitions:
                raise TopicMissing(
                    f"topic {topic!r} has {count} partitions and must have {partitions}: it is one log. "
                    "Delete it and let it be created, or name another group."
                )
            return
        await asyncio.sleep(0.1)
    raise TopicMissing(f"topic {topic!r} was created, but the broker does not show it")
