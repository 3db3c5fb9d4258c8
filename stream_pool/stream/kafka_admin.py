"""The admin of `stream/client.py` over aiokafka's, and how the first word with a broker is had."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, for_code

from stream_pool.clock import Clock
from stream_pool.stream.client import Admin, FoundTopic
from stream_pool.stream.errors import FORBIDDEN, UNRECOGNIZED, AccessDenied, BrokerUnavailable, forbidden
from stream_pool.stream.topics import REPLICAS_AT_MOST

log = structlog.get_logger(__name__)

_RETRY_S = 0.5


class _KafkaAdmin:
    """Topics, through aiokafka's admin client."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self._admin = admin

    async def broker_count(self) -> int:
        return len((await self._admin.describe_cluster())["brokers"])

    async def describe(self, topics: Iterable[str]) -> dict[str, FoundTopic]:
        wanted = set(topics)
        found = {
            topic["topic"]: topic["partitions"]
            for topic in await self._admin.describe_topics()
            if topic["topic"] in wanted and topic["error_code"] == 0
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
        safe = {"min.insync.replicas": str(replicas - 1)} if replicas > 2 else {}
        new = NewTopic(topic, partitions, replicas, topic_configs=safe | dict(config))
        response = await self._admin.create_topics([new])
        if code := response.topic_errors[0][1]:
            raise for_code(code)


async def partition_counts(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> dict[str, int]:
    """Asks for all: a broker that creates topics by itself, as Kafka does by default, creates those asked for
    by name."""
    wanted = set(topics)
    found = [topic for topic in await admin.describe_topics() if topic["topic"] in wanted]
    return {topic["topic"]: len(topic["partitions"]) for topic in found if topic["error_code"] == 0}


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
    while True:
        attempts += 1
        left_s = timeout_s - (clock.monotonic() - began_s)
        admin = AIOKafkaAdminClient(**connection, client_id="stream-pool-preflight", request_timeout_ms=5_000)
        try:
            await asyncio.wait_for(admin.start(), max(left_s, 0.1))
        except (TimeoutError, OSError, KafkaError) as error:
            await _close(admin)
            left_s = timeout_s - (clock.monotonic() - began_s)
            error = await _cause(connection, left_s) or error
            if isinstance(error, UNRECOGNIZED):
                raise AccessDenied(
                    f"the broker at {', '.join(servers)} and this worker do not take each other for who "
                    f"they say: {error}. STREAM_POOL_SASL_* and STREAM_POOL_SSL_* say who the worker is."
                ) from None
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
        yield _KafkaAdmin(admin)
    except FORBIDDEN as error:
        raise forbidden(error) from error
    except (TimeoutError, OSError, KafkaError) as error:
        raise BrokerUnavailable(
            f"the broker at {', '.join(servers)} answered, and then failed: {error!r}"
        ) from error
    finally:
        await _close(admin)


async def _cause(connection: Mapping[str, Any], timeout_s: float) -> Exception | None:
    """What the first of the servers itself says: a client's own error is only that it could not begin.

    None where there is no time left, or nobody to recognize.
    """
    if timeout_s <= 0 or connection.get("security_protocol", "PLAINTEXT") == "PLAINTEXT":
        return None
    host, _, port = connection["bootstrap_servers"][0].rpartition(":")
    options = {name: value for name, value in connection.items() if name != "bootstrap_servers"}
    try:
        client = await asyncio.wait_for(create_conn(host.strip("[]"), int(port), **options), timeout_s)
    except (TimeoutError, OSError, KafkaError) as error:
        return error
    client.close()
    return None


async def _close(admin: AIOKafkaAdminClient) -> None:
    try:
        await asyncio.wait_for(admin.close(), 1.0)
    except (TimeoutError, KafkaError, OSError) as error:
        log.debug("admin client not closed", error=repr(error))
