"""Whether the topics that a consumer reads are still there, and still the same.

A client does not say that a topic is gone: its partitions give nothing any more, and are left out of the next
assignment. What its metadata lacks is asked for anew before it counts, since a broker that has just started
may know of no topic yet. A topic that is deleted and made anew in a moment is never missed; its id tells, and
is asked for now and then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog
from aiokafka.errors import KafkaError

from stream_pool.clock import Clock
from stream_pool.stream.client import Consumer
from stream_pool.stream.errors import FORBIDDEN, TopicMissing, forbidden
from stream_pool.stream.topic_id import TopicId

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_ANSWER_TIMEOUT_S = 5.0


class TopicWatch:
    """Watches the topics of one consumer.

    `away_since_s`: since when each missing one is away, monotonic. `compare` is called with the ids of those
    that are there. `max_age_s`: how often they are asked for; `missing_timeout_s`: how long one may be away.
    """

    def __init__(
        self,
        consumer: Consumer,
        topics: Sequence[str],
        *,
        compare: Callable[[Mapping[str, TopicId | None]], Awaitable[None]],
        max_age_s: float,
        missing_timeout_s: float,
        clock: Clock,
    ) -> None:
        self.away_since_s: dict[str, float] = {}
        self._consumer = consumer
        self._topics = topics
        self._compare = compare
        self._max_age_s = max_age_s
        self._missing_timeout_s = missing_timeout_s
        self._clock = clock
        self._ask_at_s = clock.monotonic() + max_age_s

    async def run(self) -> None:
        """Look until cancelled.

        Raises `TopicMissing` once a topic has been away for `missing_timeout_s`, `AccessDenied`, and what
        `compare` raises.
        """
        while True:
            await asyncio.sleep(min(_LOOK_EVERY_S, self._max_age_s, self._missing_timeout_s))
            ids = await self._look()
            if ids is not None:
                self._miss(ids)
                await self._compare(ids)

    async def _look(self) -> Mapping[str, TopicId | None] | None:
        """The ids of the topics that there are; None where all is as it was, as far as the client knows."""
        is_due = self._clock.monotonic() >= self._ask_at_s
        is_whole = all(self._consumer.partitions_for_topic(topic) for topic in self._topics)
        if is_whole and not is_due and not self.away_since_s:
            return None
        try:
            ids = await asyncio.wait_for(self._consumer.topic_ids(self._topics), _ANSWER_TIMEOUT_S)
        except FORBIDDEN as error:
            raise forbidden(error) from error
        except (TimeoutError, KafkaError) as error:
            log.debug("topics not known", error=repr(error))
            return None
        self._ask_at_s = self._clock.monotonic() + self._max_age_s
        return ids

    def _miss(self, ids: Collection[str]) -> None:
        now_s = self._clock.monotonic()
        for topic in self.away_since_s.keys() & set(ids):
            del self.away_since_s[topic]
            log.info("topic is back", topic=topic)
        for topic in self._topics:
            if topic not in ids and topic not in self.away_since_s:
                self.away_since_s[topic] = now_s
                log.error("topic is gone", topic=topic, stops_in_s=self._missing_timeout_s)
        gone = [
            topic
            for topic, since_s in self.away_since_s.items()
            if now_s - since_s >= self._missing_timeout_s
        ]
        if gone:
            raise TopicMissing(
                f"deleted while it was read: {', '.join(map(repr, gone))}, and not created again within "
                f"{self._missing_timeout_s:g} s. Create it, or take it out of the app, then start again."
            )
