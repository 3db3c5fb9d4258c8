"""The topics that a worker must find, and those that it makes for itself: one clear sentence where they are
not as they must be.

A topic that is read is never created. Our own have one partition: each is one log.
"""

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from stream_pool.stream.client import Admin
from stream_pool.stream.errors import FORBIDDEN, AccessDenied, TopicMissing

log = structlog.get_logger(__name__)

_DAY_MS = 86_400_000

EVENTS_CONFIG = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(7 * _DAY_MS)}
SNAPSHOTS_CONFIG = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(8 * _DAY_MS)}
REPLICAS_AT_MOST = 3
"""Of a topic that is created; fewer where there are fewer brokers."""
DEAD_LETTERS_CONFIG = {"retention.ms": str(30 * _DAY_MS)}


def safe_config(replicas: int) -> dict[str, str]:
    """What lets nothing be lost that was acknowledged, and nothing stand still, where one broker of three
    dies; nothing where there are fewer."""
    return {"min.insync.replicas": str(replicas - 1)} if replicas > 2 else {}


async def require_topics(admin: Admin, topics: Iterable[str]) -> None:
    """Raise `TopicMissing` unless every topic exists."""
    wanted = list(topics)
    there = await admin.partition_counts(wanted)
    missing = [topic for topic in wanted if topic not in there]
    if missing:
        raise TopicMissing(
            f"not found on the broker: {', '.join(map(repr, missing))}. "
            "stream-pool never creates a topic that it reads: create it, or correct its name, or, where the "
            "cluster has access lists, let this user read it (stream-pool topics --print)."
        )


async def ensure_side_topic(admin: Admin, topic: str, config: Mapping[str, str]) -> None:
    """Create one of our own topics, with one partition, unless it exists.

    Raises `TopicMissing` where that fails.
    """
    if topic not in await admin.partition_counts([topic]):
        await make_topic(admin, topic, partitions=1, config=config)


async def make_topic(admin: Admin, topic: str, *, partitions: int, config: Mapping[str, str]) -> None:
    """Create a topic; one that somebody made in the meantime will do.

    Raises `AccessDenied` where this user may neither see nor create it, `TopicMissing` where that fails.
    """
    try:
        await admin.create_topic(topic, partitions=partitions, config=config)
    except TopicAlreadyExistsError:
        return
    except FORBIDDEN as error:
        raise AccessDenied(
            f"topic {topic!r} does not exist, or may not be seen by this user, who may not create it either. "
            "`stream-pool topics --create`, run by a user who may, makes it; --print has the access to give"
        ) from error
    except KafkaError as error:
        raise TopicMissing(f"topic {topic!r} does not exist and could not be created: {error!r}") from error
    log.info("topic created", topic=topic)


async def wait_for_topic(admin: Admin, topic: str, *, partitions: int) -> None:
    """Wait until a new topic is known to the broker; refuse one of another shape (0: any).

    Raises `TopicMissing`.
    """
    for _ in range(50):
        count = (await admin.partition_counts([topic])).get(topic)
        if count is not None:
            if partitions and count != partitions:
                raise TopicMissing(
                    f"topic {topic!r} has {count} partitions and must have {partitions}: it is one log. "
                    "Delete it and let it be created, or name another group."
                )
            return
        await asyncio.sleep(0.1)
    raise TopicMissing(f"topic {topic!r} was created, but the broker does not show it")
