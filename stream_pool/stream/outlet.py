"""What the worker writes itself, and the two producers behind it: first to start, last to stop.

A topic of ours that is deleted while the worker runs is made anew, as at the start: what waits for it would
wait for ever.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from mode import Service

from stream_pool.clock import Clock
from stream_pool.stream.client import Client, Producer
from stream_pool.stream.dead_letters import DeadLetters
from stream_pool.stream.event_writer import EventWriter, Identity
from stream_pool.stream.topic_maker import TopicMaker
from stream_pool.stream.topics import DEAD_LETTERS_CONFIG, EVENTS_CONFIG

log = structlog.get_logger(__name__)

_FLUSH_TIMEOUT_S = 1.0
_STOP_TIMEOUT_S = 1.0
_EVENT_LINGER_MS = 20
_LETTER_LINGER_MS = 0


class Outlet(Service):
    """Owns the event writer and the dead letters of one worker. Both exist while it `is_open`, which is later
    than mode calls a service started."""

    mundane_level = "debug"

    writer: EventWriter
    letters: DeadLetters

    def __init__(
        self,
        *,
        client: Client,
        group: str,
        identity: Identity,
        events_topic: str,
        dead_letters_topic: str,
        event_buffer: int,
        clock: Clock,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._client = client
        self._group = group
        self._identity = identity
        self._events_topic = events_topic
        self._dead_letters_topic = dead_letters_topic
        self._event_buffer = event_buffer
        self._clock = clock
        self._producers: list[Producer] = []
        self.is_open = False

    async def on_start(self) -> None:
        events = await self._producer("events", _EVENT_LINGER_MS)
        letters = await self._producer("dead-letters", _LETTER_LINGER_MS)
        self.writer = EventWriter(
            self._events_topic,
            self._identity,
            events,
            clock=self._clock,
            on_missing=self._maker(self._events_topic, EVENTS_CONFIG).make,
            buffer=self._event_buffer,
        )
        self.letters = DeadLetters(
            self._dead_letters_topic,
            self._group,
            letters,
            clock=self._clock,
            on_missing=self._maker(self._dead_letters_topic, DEAD_LETTERS_CONFIG).make,
        )
        self.is_open = True
        self.add_future(self.writer.run())

    async def on_stop(self) -> None:
        if self.is_open:
            await self.writer.flush(_FLUSH_TIMEOUT_S)
        await asyncio.gather(*(self._stop_producer(producer) for producer in self._producers))

    async def _producer(self, name: str, linger_ms: int) -> Producer:
        producer = await self._client.producer(name, linger_ms=linger_ms)
        self._producers.append(producer)
        return producer

    async def _stop_producer(self, producer: Producer) -> None:
        try:
            await asyncio.wait_for(producer.stop(), _STOP_TIMEOUT_S)
        except (TimeoutError, KafkaError) as error:
            log.warning("producer not closed in time", error=repr(error))

    def _maker(self, topic: str, config: Mapping[str, str]) -> TopicMaker:
        return TopicMaker(topic, config, client=self._client, clock=self._clock)
