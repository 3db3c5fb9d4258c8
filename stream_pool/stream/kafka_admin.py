"""The admin of `stream/client.py` over aiokafka's, and how the first word with a broker is had."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from stream_pool.clock import Clock
from stream_pool.stream.authentication import first_word, remedy
from stream_pool.stream.client import Admin, FoundTopic
from stream_pool.stream.errors import FORBIDDEN, AccessDenied, BrokerUnavailable, forbidden
from stream_pool.stream.no_creation import describe_topics
from stream_pool.stream.oauth import TokenUnavailable
from stream_pool.stream.topics import REPLICAS_AT_MOST, safe_config

log = structlog.get_logger(__name__)

_RETRY_S = 0.5


class _KafkaAdmin:
    """Topics, through aiokafka's admin client."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self._admin = admin

    async def cluster_id(self) -> str | None:
        told: str | None = (await self._admin.describe_cluster()).get("cluster_id")
        return told

    async def broker_count(self) -> int:
        return len((await self._admin.describe_cluster())["brokers"])

    async def describe(self, topics: Iterable[str]) -> dict[str, FoundTopic]:
        found = {
            topic["topic"]: topic["partitions"]
            for topic in await describe_topics(self._admin, set(topics))
            if topic["error_code"] == 0
        }
        if not found:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in found]
        configs = {}
        for response in await self._admin.describe_configs(asked):
            for code, _, _, name, entries in response.resources:
                if code and issubclass(for_code(code), FORBIDDEN):
                    raise AccessDenied(
                        f"the configuration of topic {name!r} may not be read by this user: to check "
                        "takes DESCRIBE_CONFIGS on the topics, which workers do not need. Check as another"
                    )
                if code:
                    raise for_code(code)
                configs[name] = {entry[0]: entry[1] for entry in entries}
        return {
            name: FoundTopic(len(partitions), len(partitions[0]["replicas"]), configs[name])
            for name, partitions in found.items()
        }

    async def partition_counts(self, topics: Iterable[str]) -> dict[str, int]:
        return await partition_counts(self._admin, topics)

    async def create_topic(self, topic: str, *, partitions: int, config: Mapping[str, str]) -> None:
        replicas = min(await self.broker_count(), REPLICAS_AT_MOST)
        new = NewTopic(topic, partitions, replicas, topic_configs=safe_config(replicas) | dict(config))
        response = await self._admin.create_topics([new])
        if code := response.topic_errors[0][1]:
            raise for_code(code)


async def partition_counts(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> dict[str, int]:
    """Of those that there are."""
    described = await describe_topics(admin, set(topics))
    return {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}


@asynccontextmanager
async def connected_admin(
    connection: Mapping[str, Any], *, timeout_s: float, clock: Clock
) -> AsyncIterator[Admin]:
    """An admin on the first broker that answers within `timeout_s`.

    Raises `BrokerUnavailable`, and at once `AccessDenied` where a broker does answer, but will not have us.
    """
    servers = connection["bootstrap_servers"]
    began_s = clock.monotonic()
    attempts = 0
    heard: BaseException | None = None
    while True:
        attempts += 1
        left_s = timeout_s - (clock.monotonic() - began_s)
        admin = AIOKafkaAdminClient(**connection, client_id="stream-pool-preflight", request_timeout_ms=5_000)
        try:
            await asyncio.wait_for(admin.start(), max(left_s, 0.1))
        except (TimeoutError, OSError, KafkaError) as error:
            await _close(admin)
            left_s = timeout_s - (clock.monotonic() - began_s)
            heard = await first_word(connection, left_s) or heard
            cause = heard or error
            if (look_at := remedy(cause)) is not None:
                raise AccessDenied(
                    f"the broker at {', '.join(servers)} and this worker do not take each other for who "
                    f"they say: {cause}. {look_at}"
                ) from None
            tried_s = clock.monotonic() - began_s
            if tried_s >= timeout_s:
                raise _unavailable(cause, servers, f"{attempts} times in {tried_s:.1f} s") from None
            log.warning("no broker yet", servers=servers, attempt=attempts, error=repr(cause))
            await asyncio.sleep(min(_RETRY_S, timeout_s - tried_s))
        else:
            break
    try:
        yield _KafkaAdmin(admin)
    except FORBIDDEN as error:
        raise forbidden(error) from error
    except (TimeoutError, OSError, KafkaError) as error:
        raise BrokerUnavailable(
            f"the broker at {', '.join(servers)} answered, and then failed: {error!r}"
        ) from error
    finally:
        await _close(admin)


def _unavailable(error: BaseException, servers: Sequence[str], tried: str) -> BrokerUnavailable:
    if isinstance(error, TokenUnavailable):
        return BrokerUnavailable(f"no token for the broker was had: tried {tried}, the last time: {error}")
    return BrokerUnavailable(
        f"no Kafka broker answered at {', '.join(servers)}: tried {tried}, the last time: {error!r}. Is it "
        "running, does the address fit its advertised listener, and is STREAM_POOL_SECURITY_PROTOCOL that of "
        "the listener?"
    )


async def _close(admin: AIOKafkaAdminClient) -> None:
    try:
        await asyncio.wait_for(admin.close(), 1.0)
    except (TimeoutError, KafkaError, OSError) as error:
        log.debug("admin client not closed", error=repr(error))
