"""Makes a topic of ours anew where it was deleted meanwhile: what waits for it would wait for ever."""

import asyncio
from collections.abc import Mapping

import structlog
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock
from stream_pool.errors import StreamPoolError
from stream_pool.stream.client import Client
from stream_pool.stream.errors import AccessDenied
from stream_pool.stream.topics import ensure_side_topic
from stream_pool.stream.trouble import Trouble

log = structlog.get_logger(__name__)

_ADMIN_TIMEOUT_S = 2.0
_MAKE_EVERY_S = 5.0


class TopicMaker:
    """Makes one topic where it is missing, at most every few seconds, however many ask for it."""

    def __init__(self, topic: str, config: Mapping[str, str], *, client: Client, clock: Clock) -> None:
        self._topic = topic
        self._config = config
        self._client = client
        self._clock = clock
        self._making = asyncio.Lock()
        self._again_at_s = clock.monotonic()
        self._denied = Trouble("topic not made", clock, topic=topic)

    async def make(self) -> None:
        """See that the topic is there. What goes wrong is left to the next attempt, and told where only
        somebody else can mend it."""
        async with self._making:
            if self._clock.monotonic() < self._again_at_s:
                return
            self._again_at_s = self._clock.monotonic() + _MAKE_EVERY_S
            try:
                async with self._client.admin(timeout_s=_ADMIN_TIMEOUT_S) as admin:
                    await ensure_side_topic(admin, self._topic, self._config)
            except AccessDenied as error:
                self._denied.met(error)
            except (StreamPoolError, KafkaError) as error:
                log.debug("topic not made", topic=self._topic, error=repr(error))
            else:
                self._denied.over()
