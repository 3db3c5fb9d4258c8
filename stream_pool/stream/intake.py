"""All consumers of one app.

One source a group, started after the agents that they feed, and stopped before them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from stream_pool.clock import Clock
from stream_pool.errors import MisuseError, StreamPoolError
from stream_pool.stream.channel import BatchChannel
from stream_pool.stream.client import Client
from stream_pool.stream.counters import Counters
from stream_pool.stream.source import Source
from stream_pool.stream.source_options import SourceOptions
from stream_pool.stream.unreadable import Bury

log = structlog.get_logger(__name__)

_PAUSE_AT_MOST_S = 60.0


class Intake(Service):
    """Owns the sources. They stop side by side, so that the deadline is one drain and not their sum.

    What ends the source of `observer_group` stops no orders: it is logged, and a new one begins later.
    `observer_hands_back` is told of the partitions that it loses.
    """

    mundane_level = "debug"

    def __init__(
        self,
        channels: Sequence[BatchChannel],
        *,
        client: Client,
        consumer_options: Mapping[str, Any],
        source_options: SourceOptions,
        counters: Counters,
        observer_group: str,
        clock: Clock,
        fail: Callable[[StreamPoolError], None],
        bury: Bury,
        observer_hands_back: Callable[[list[TopicPartition]], None],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._channels = channels
        self._client = client
        self._consumer_options = consumer_options
        self._source_options = source_options
        self._counters = counters
        self._observer_group = observer_group
        self._clock = clock
        self._fail = fail
        self._bury = bury
        self._observer_hands_back = observer_hands_back
        self._observer_faults = 0
        self._beginning_again = False
        self.sources: dict[str, Source] = {}

    async def on_start(self) -> None:
        by_group: dict[str, list[BatchChannel]] = {}
        for channel in self._channels:
            by_group.setdefault(channel.group, []).append(channel)
        for group, channels in by_group.items():
            if len({channel.from_beginning for channel in channels}) > 1:
                raise MisuseError(
                    f"group {group!r} has agents that begin anew and agents that resume: give them two groups"
                )
            make = self._observer if group == self._observer_group else self._source
            self.sources[group] = source = make(group, channels)
            await source.start()

    async def on_stop(self) -> None:
        await asyncio.gather(*(source.stop() for source in self.sources.values()))

    def _source(self, group: str, channels: Sequence[BatchChannel]) -> Source:
        return Source(
            group,
            self._client.consumer(group, self._consumer_options),
            channels,
            self._source_options,
            self._counters,
            clock=self._clock,
            fail=self._fail,
            bury=self._bury,
        )

    def _observer(self, group: str, channels: Sequence[BatchChannel]) -> Source:
        """The source of the detector: what ends it stops nobody, and is tried again.

        So is a log that retention has overtaken: only a new beginning asks for the snapshots.
        """

        def failed(fault: StreamPoolError) -> None:
            if self.sources[group] is source and not self._beginning_again:
                self._beginning_again = True
                self.add_future(self._begin_again(group, channels, fault))

        source = Source(
            group,
            self._client.consumer(group, self._consumer_options),
            channels,
            replace(self._source_options, on_offset_lost="stop"),
            Counters(),
            clock=self._clock,
            fail=failed,
            bury=self._bury,
        )
        source.on_hand_back = self._observer_hands_back
        return source

    async def _begin_again(
        self, group: str, channels: Sequence[BatchChannel], fault: StreamPoolError
    ) -> None:
        """Put a new source in the place of the detector's, with longer and longer pauses before it."""
        while not self.should_stop:
            self._observer_faults += 1
            pause_s = min(2.0 ** (self._observer_faults - 1), _PAUSE_AT_MOST_S)
            log.error(
                "detection pauses in this process", reason=fault.reason, error=str(fault), pause_s=pause_s
            )
            await self.sources[group].stop()
            await asyncio.sleep(pause_s)
            try:
                await self._replace_observer(group, channels)
            except KafkaError as error:
                fault = StreamPoolError(f"group {group!r} could not be joined again: {error!r}")
            else:
                self._beginning_again = False
                return

    async def _replace_observer(self, group: str, channels: Sequence[BatchChannel]) -> None:
        self.sources[group] = source = self._observer(group, channels)
        await source.start()
        if self.should_stop:  # the stop did not know this one
            await source.stop()
